// Entry: the one exported function and the descriptors it hands out.
#include <dlfcn.h>

#include <heliograph/testing/conformance.hpp>

#include "sample_config.hpp"

namespace heliograph::sdk::conformance {
namespace {

// The cases of components are run for what this one finds.
void describe(Check& check) {
  const hg_module& module = check.plugin().module();
  check.note("ABI built with minor " + std::to_string(module.abi_minor_built) + ", needs minor " +
             std::to_string(module.abi_minor_required));
  check.step("asking the gateway's loader");
  const std::string refusal = check.judge().admit(check.file());
  check.require(refusal.empty(), "the gateway refuses it: " + refusal);
  for (std::size_t i = 0; i < module.n_components; ++i) {
    check.announce(component_name(*module.components[i]));
  }
}

}  // namespace

std::vector<Case> entry_cases() {
  return {
      {"entry", "describe", "The file loads, and the gateway accepts its descriptors.", kOnce,
       Needs::kFile, describe},
  };
}

}  // namespace heliograph::sdk::conformance
