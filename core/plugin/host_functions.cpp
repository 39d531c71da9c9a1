#include "core/plugin/host_functions.h"

#include <heliograph/abi/ext/fd.h>
#include <heliograph/abi/ext/http_client.h>
#include <heliograph/abi/ext/ingress.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "core/plugin/abi_text.h"
#include "core/plugin/config_view.h"
#include "core/plugin/instance.h"

namespace heliograph::plugin {
namespace {

constexpr std::size_t kLogTextMax = 2000;
constexpr std::size_t kLogFieldMax = 500;
constexpr std::size_t kLogFields = 16;
constexpr std::size_t kLabelMax = 120;

Instance& of(const hg_host* host) { return *static_cast<Instance*>(host->priv); }

// Time spent here is not counted against the plugin's budget (rule R5).
class HostTime {
 public:
  explicit HostTime(const Instance& instance)
      : clock_(instance.services().clock), begun_(clock_.mono()) {}
  ~HostTime() { current_call.host_time += clock_.mono() - begun_; }
  HostTime(const HostTime&) = delete;
  HostTime& operator=(const HostTime&) = delete;

 private:
  const ports::Clock& clock_;
  ports::MonoTime begun_;
};

const void* get_extension(const hg_host* host, const char* id) {
  auto& instance = of(host);
  if (id == nullptr || instance.abandoned()) return nullptr;
  const std::string_view wanted{id};
  if (wanted == HG_EXT_HTTP_CLIENT) return instance.http().table();
  if (wanted == HG_EXT_FD) return instance.descriptors().table();
  if (wanted != HG_EXT_INGRESS) return nullptr;
  static constexpr hg_ingress_host kIngress{
      .size = sizeof(hg_ingress_host),
      .reserved = 0,
      .answer = [](const hg_host* asked, hg_op op, const hg_ingress_answer* answer) -> hg_status {
        auto& answering = of(asked);
        if (answering.abandoned()) return HG_E_STATE;
        if (answer == nullptr) return HG_E_CONFIG;
        const HostTime time(answering);
        return answering.side().answer(op, answer);
      }};
  return &kIngress;
}

ports::LogLevel level_of(std::uint32_t level) {
  return static_cast<ports::LogLevel>(std::min(level, HG_LOG_ERROR));
}

std::uint32_t log_enabled(const hg_host* host, std::uint32_t level) {
  const auto& instance = of(host);
  const auto* log = instance.services().log;
  return !instance.abandoned() && log != nullptr && log->enabled(level_of(level)) ? 1 : 0;
}

void log(const hg_host* host, std::uint32_t level, hg_str msg, const hg_kv* kv, std::size_t n_kv) {
  if (log_enabled(host, level) == 0) return;
  const auto& instance = of(host);
  const HostTime time(instance);
  std::array<std::pair<std::string, std::string>, kLogFields> texts;
  std::array<ports::LogField, kLogFields + 1> fields;
  fields[0] = {"instance", instance.name()};
  const auto count = kv == nullptr ? 0 : std::min(n_kv, kLogFields);
  for (std::size_t i = 0; i < count; ++i) {
    texts.at(i) = {clean_text(kv[i].key, kLabelMax), clean_text(kv[i].value, kLogFieldMax)};
    fields.at(i + 1) = {texts.at(i).first, texts.at(i).second};
  }
  instance.services().log->write(level_of(level), clean_text(msg, kLogTextMax), fields.data(),
                                 count + 1);
}

std::uint32_t metric_register(const hg_host* host, std::uint32_t kind, hg_str name, hg_str help,
                              hg_str unit, const hg_kv* labels, std::size_t n_labels) {
  auto& instance = of(host);
  if (instance.state() != InstanceState::kNew || kind > HG_METRIC_HISTOGRAM) {
    instance.misbehaviour().report(Fault::kBadArgument, "metric_register() is for create()");
    return 0;
  }
  MetricDescription description{.kind = static_cast<MetricKind>(kind),
                                .name = clean_text(name, kLabelMax),
                                .help = clean_text(help, kLogFieldMax),
                                .unit = clean_text(unit, kLabelMax),
                                .labels = {}};
  for (std::size_t i = 0; labels != nullptr && i < std::min(n_labels, kLogFields); ++i) {
    description.labels.emplace_back(clean_text(labels[i].key, kLabelMax),
                                    clean_text(labels[i].value, kLabelMax));
  }
  return instance.metrics().add(std::move(description));
}

void metric_add(const hg_host* host, std::uint32_t id, double value) {
  auto& instance = of(host);
  if (!instance.abandoned()) instance.metrics().record(id, value);
}

std::uint64_t now_mono_ns(const hg_host* host) {
  const auto& instance = of(host);
  return instance.abandoned() ? 0 : to_ns(instance.services().clock.mono());
}

std::int64_t now_unix_ns(const hg_host* host) {
  const auto& instance = of(host);
  if (instance.abandoned()) return 0;
  const auto wall = instance.services().clock.real_wall().time_since_epoch();
  return std::chrono::nanoseconds{wall}.count();
}

hg_status post(const hg_host* host, hg_fn fn, void* arg, std::uint64_t tag) {
  auto& instance = of(host);
  const auto status = instance.posts().push(fn, arg, tag);
  if (status == HG_E_STATE && !instance.abandoned()) {
    instance.misbehaviour().report(Fault::kAfterEnd, "post() after stop()");
  }
  return status;
}

hg_status timer_start(const hg_host* host, std::uint64_t at_mono_ns, hg_fn fn, void* arg,
                      std::uint64_t tag, hg_id* id) {
  auto& instance = of(host);
  if (!instance.allows_loop_function("timer_start")) return HG_E_STATE;
  return instance.timers().start(at_mono_ns, fn, arg, tag, id, current_call.on_loop);
}

hg_status timer_cancel(const hg_host* host, hg_id id) {
  auto& instance = of(host);
  if (!instance.allows_loop_function("timer_cancel")) return HG_E_STATE;
  return instance.timers().cancel(id, current_call.on_loop);
}

hg_status complete(const hg_host* host, hg_op op, hg_status status, const hg_error* error) {
  auto& instance = of(host);
  if (instance.abandoned()) return HG_E_STATE;
  if (const auto taken = instance.side().complete(op, status)) return *taken;
  return instance.complete_lifecycle(op, status, error);
}

hg_status complete_send(const hg_host* host, const hg_send_result* results, std::size_t n) {
  auto& instance = of(host);
  if (instance.abandoned()) return HG_E_STATE;
  if (results == nullptr && n > 0) return HG_E_CONFIG;
  return instance.side().complete_send(results, n);
}

hg_status complete_limit(const hg_host* host, hg_op op, const hg_limit_result* result) {
  auto& instance = of(host);
  if (instance.abandoned()) return HG_E_STATE;
  if (result == nullptr) return HG_E_CONFIG;
  return instance.side().complete_limit(op, copy_sized(result));
}

hg_status emit(const hg_host* host, const hg_event* const* events, std::size_t n, hg_emit_fn done,
               void* arg, std::uint64_t tag) {
  auto& instance = of(host);
  if (instance.abandoned()) return HG_E_STATE;
  if (!instance.takes_callbacks()) {
    instance.misbehaviour().report(Fault::kAfterEnd, "emit() after stop()");
    return HG_E_STATE;
  }
  if (events == nullptr && n > 0) return HG_E_CONFIG;
  const HostTime time(instance);
  return instance.side().emit(events, n, done, arg, tag);
}

void set_window(const hg_host* host, std::uint32_t max_in_flight) {
  auto& instance = of(host);
  if (instance.takes_callbacks()) instance.side().set_window(max_in_flight);
}

}  // namespace

void fill_host(hg_host& host, Instance& instance) {
  host =
      hg_host{.size = sizeof(hg_host),
              .abi_minor = HG_ABI_MINOR,
              .priv = &instance,
              .instance = to_abi(instance.name()),
              .shard = 0,
              .n_shards = 1,
              .get_extension = get_extension,
              .log_enabled = log_enabled,
              .log = log,
              .metric_register = metric_register,
              .metric_add = metric_add,
              .now_mono_ns = now_mono_ns,
              .now_unix_ns = now_unix_ns,
              .post = post,
              .timer_start = timer_start,
              .timer_cancel = timer_cancel,
              .complete = complete,
              .complete_send = complete_send,
              .complete_limit = complete_limit,
              .emit = emit,
              .set_window = set_window,
              .cfg_str = [](const hg_config* cfg, const char* path,
                            hg_str* out) { return ConfigView::from(cfg).str(path, out); },
              .cfg_i64 = [](const hg_config* cfg, const char* path,
                            std::int64_t* out) { return ConfigView::from(cfg).i64(path, out); },
              .cfg_f64 = [](const hg_config* cfg, const char* path,
                            double* out) { return ConfigView::from(cfg).f64(path, out); },
              .cfg_type = [](const hg_config* cfg, const char* path, std::uint32_t* type,
                             std::size_t* n) { return ConfigView::from(cfg).type(path, type, n); },
              .cfg_key = [](const hg_config* cfg, const char* path, std::size_t i,
                            hg_str* key) { return ConfigView::from(cfg).key(path, i, key); },
              .cfg_json = [](const hg_config* cfg) { return ConfigView::from(cfg).text(); }};
}

}  // namespace heliograph::plugin
