// The probe's module: one provider, one distributor, one limiter, all named "probe".
#include "probe_common.h"

namespace {

const hg_component* const kComponents[] = {&kProbeProvider, &kProbeDistributor, &kProbeLimiter};

constexpr hg_module kModule{.size = sizeof(hg_module),
                            .abi_major = HG_ABI_MAJOR,
                            .abi_minor_built = HG_ABI_MINOR,
                            .abi_minor_required = 0,
                            .name = HG_STR_INIT("probe"),
                            .version = HG_STR_INIT("1.2.3"),
                            .vendor = HG_STR_INIT("tests"),
                            .license = HG_STR_INIT("MIT"),
                            .sdk = HG_STR_INIT("bare ABI"),
                            .components = kComponents,
                            .n_components = 3,
                            .init = nullptr,
                            .fini = nullptr};

}  // namespace

extern "C" HG_EXPORT const hg_module* hg_plugin_entry_v1(const hg_host_info*, hg_error*) {
  return &kModule;
}
