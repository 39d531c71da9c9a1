// The probe's limiter: answers as `mode` says.
#include <utility>
#include <vector>

#include "probe_common.h"

namespace {

// Not hg_instance itself: the probe has three kinds, and C++ knows one type of a name.
struct Self {
  const hg_host* host = nullptr;
  std::string mode;
  std::vector<hg_op> waiting;
  bool back = false;
  bool has_rules = false;
};

Self* of(hg_instance* instance) { return reinterpret_cast<Self*>(instance); }

hg_status create(const hg_host* host, const hg_component*, const hg_config* cfg, hg_instance** out,
                 hg_error*) {
  *out = reinterpret_cast<hg_instance*>(
      new Self{host, config_text(host, cfg, "mode"), {}, false, false});
  return HG_OK;
}

void destroy(hg_instance* instance) { delete of(instance); }

hg_limit_result granted(std::uint32_t items) {
  hg_limit_result result{};
  result.size = sizeof result;
  result.granted = items;
  result.grant = 4711;
  result.retry_after_ns = items == 0 ? 250'000'000 : 0;
  result.denied_key = items == 0 ? 1 : UINT32_MAX;
  return result;
}

hg_status on_rules(hg_instance* instance, const hg_limit_rule* rules, std::size_t n,
                   hg_error* error) {
  auto* self = of(instance);
  if (self->mode == "refuses_new_rules" && std::exchange(self->has_rules, true))
    return fail(error, HG_E_UNSUPPORTED, "no other rules here");
  if (self->mode == "refuses_rules") return fail(error, HG_E_UNSUPPORTED, "no token buckets here");
  for (std::size_t i = 0; i < n; ++i) {
    const auto* rule = HG_AT(rules, i);
    say(self->host, "rule " + std::string{view(rule->id)} + " " + std::to_string(rule->limit));
  }
  return HG_OK;
}

hg_status acquire(hg_instance* instance, hg_op op, const hg_limit_req* request,
                  hg_limit_result* out) {
  auto* self = of(instance);
  const auto& mode = self->mode;
  if (mode == "fails") return HG_E_IO;
  if (mode == "fails_then_grants") {
    // Back once somebody asked for 7.
    if (request->max_n == 7) self->back = true;
    if (!self->back) return HG_E_IO;
    *out = granted(request->max_n);
  }
  if (mode == "panics") return HG_E_PANIC;
  if (mode == "never" || mode == "late") {
    self->waiting.push_back(op);
    return HG_PENDING;
  }
  if (mode == "later" || mode == "fails_later") {
    self->waiting.push_back(op);
    self->host->post(
        self->host,
        [](void* arg, std::uint64_t tag) {
          auto* me = static_cast<Self*>(arg);
          auto result = granted(1);
          result.status = me->mode == "fails_later" ? HG_E_IO : HG_OK;
          me->host->complete_limit(me->host, tag, &result);
          if (me->host->complete_limit(me->host, tag, &result) != HG_E_STALE) {
            say(me->host, "a double completion was taken");
          }
        },
        self, op);
    return HG_PENDING;
  }
  if (mode == "denies") *out = granted(0);
  if (mode == "too_much") *out = granted(request->max_n + 5);
  if (mode == "plain") *out = granted(request->max_n);
  return HG_OK;
}

void refund(hg_instance* instance, std::uint64_t grant, const hg_limit_key* keys,
            std::size_t n_keys, std::uint32_t n) {
  auto* self = of(instance);
  say(self->host, "refund " + std::to_string(grant) + " " + std::string{view(keys[0].key)} + " " +
                      std::to_string(n_keys) + " " + std::to_string(n));
}

void cancel(hg_instance* instance, hg_op op) {
  auto* self = of(instance);
  say(self->host, "cancelled");
  if (self->mode != "late") return;
  const auto result = granted(1);
  const auto status = self->host->complete_limit(self->host, op, &result);
  say(self->host, status == HG_E_STALE ? "late completion is stale" : "late completion was taken");
}

// hg.shared-window/1: twice what is added, at once or later; the key says what else.
hg_status exchange(hg_instance* instance, hg_op op, std::uint64_t window_ns,
                   std::uint64_t bucket_ns, std::uint64_t, const hg_window_item* items,
                   std::size_t n, hg_window_totals* out) {
  auto* self = of(instance);
  say(self->host, "exchange " + std::to_string(window_ns / bucket_ns));
  for (std::size_t i = 0; i < n; ++i) {
    const auto* item = HG_AT(items, i);
    if (view(item->key) == "io") return HG_E_IO;
    if (view(item->key) == "never") return HG_PENDING;
    out[i] = {2 * item->add_ok, 2 * item->add_failed};
    if (view(item->key) != "later") continue;
    self->host->post(
        self->host,
        [](void* arg, std::uint64_t tag) {
          auto* me = static_cast<Self*>(arg);
          me->host->complete(me->host, tag, HG_OK, nullptr);
          if (me->host->complete(me->host, tag, HG_OK, nullptr) == HG_OK)
            say(me->host, "a double completion was taken");
        },
        self, op);
    return HG_PENDING;
  }
  return HG_OK;
}

hg_status reset(hg_instance* instance, hg_str key) {
  say(of(instance)->host, "forget " + std::string{view(key)});
  return HG_OK;
}

constexpr hg_shared_window kShared{
    .size = sizeof(hg_shared_window), .reserved = 0, .exchange = exchange, .reset = reset};

const void* get_extension(hg_instance*, const char* id) {
  return std::string_view{id} == HG_EXT_SHARED_WINDOW ? &kShared : nullptr;
}

constexpr hg_lifecycle kLife{.size = sizeof(hg_lifecycle),
                             .reserved = 0,
                             .create = create,
                             .start = nullptr,
                             .reconfigure = nullptr,
                             .drain = nullptr,
                             .stop = nullptr,
                             .destroy = destroy,
                             .get_extension = get_extension};
constexpr hg_limiter kTable{.size = sizeof(hg_limiter),
                            .reserved = 0,
                            .on_rules = on_rules,
                            .acquire = acquire,
                            .refund = refund,
                            .cancel = cancel};

}  // namespace

const hg_component kProbeLimiter{
    .size = sizeof(hg_component),
    .kind = HG_KIND_LIMITER,
    .flags = 0,
    .reserved = 0,
    .id = HG_STR_INIT("probe"),
    .version = HG_STR_INIT("1.2.3"),
    .summary = HG_STR_INIT("Grants as it is told."),
    .config_schema = HG_STR_INIT(
        R"({"type": "object", "properties": {"mode": {"type": "string", "default": "plain"}}})"),
    .life = &kLife,
    .vtbl = &kTable};
