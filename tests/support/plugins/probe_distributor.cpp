// The probe's distributor: takes the first that is not excluded, or errs as `mode` says.
#include "probe_common.h"

namespace {

// Not hg_instance itself: the probe has three kinds, and C++ knows one type of a name.
struct Self {
  const hg_host* host = nullptr;
  std::string mode;
  const hg_candidate_set* set = nullptr;
};

Self* of(hg_instance* instance) { return reinterpret_cast<Self*>(instance); }

hg_status create(const hg_host* host, const hg_component*, const hg_config* cfg, hg_instance** out,
                 hg_error*) {
  *out = reinterpret_cast<hg_instance*>(new Self{host, config_text(host, cfg, "mode"), nullptr});
  return HG_OK;
}

void destroy(hg_instance* instance) { delete of(instance); }

hg_status on_candidates(hg_instance* instance, const hg_candidate_set* set) {
  auto* self = of(instance);
  if (self->mode == "refuses") return HG_E_LIMIT;
  self->set = set;
  return HG_OK;
}

hg_status pick(hg_instance* instance, const hg_pick* request, std::uint32_t* index,
               std::uint64_t* token) {
  auto* self = of(instance);
  if (self->mode == "out_of_range") *index = self->set->n;
  if (self->mode == "excluded") *index = 0;
  if (self->mode == "error") return HG_E_INTERNAL;
  if (self->mode == "panics") return HG_E_PANIC;
  if (self->mode != "plain") return HG_OK;
  for (std::uint32_t i = 0; i < self->set->n; ++i) {
    if ((request->excluded[i / 64] >> (i % 64) & 1U) != 0) continue;
    *index = i;
    *token = 100 + i;
    return HG_OK;
  }
  return HG_OK;
}

void on_result(hg_instance* instance, std::uint64_t token, std::uint64_t candidate,
               std::uint32_t outcome, std::uint64_t) {
  auto* self = of(instance);
  say(self->host, "result " + std::to_string(token) + " " + std::to_string(candidate) + " " +
                      std::to_string(outcome));
}

constexpr hg_lifecycle kLife{.size = sizeof(hg_lifecycle),
                             .reserved = 0,
                             .create = create,
                             .start = nullptr,
                             .reconfigure = nullptr,
                             .drain = nullptr,
                             .stop = nullptr,
                             .destroy = destroy,
                             .get_extension = nullptr};
constexpr hg_distributor kTable{.size = sizeof(hg_distributor),
                                .reserved = 0,
                                .on_candidates = on_candidates,
                                .pick = pick,
                                .on_result = on_result};

}  // namespace

const hg_component kProbeDistributor{
    .size = sizeof(hg_component),
    .kind = HG_KIND_DISTRIBUTOR,
    .flags = 0,
    .reserved = 0,
    .id = HG_STR_INIT("probe"),
    .version = HG_STR_INIT("1.2.3"),
    .summary = HG_STR_INIT("Takes the first."),
    .config_schema = HG_STR_INIT(
        R"({"type": "object", "properties": {"mode": {"type": "string", "default": "plain"}}})"),
    .life = &kLife,
    .vtbl = &kTable};
