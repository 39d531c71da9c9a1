#include <heliograph/testing/conformance.hpp>

namespace heliograph::sdk::conformance {

const std::vector<Case>& all_cases() {
  static const std::vector<Case> all = [] {
    std::vector<Case> cases;
    for (const auto group : {binary_cases, entry_cases, lifecycle_cases, config_cases,
                             side_effect_cases, provider_cases, distributor_cases, limiter_cases}) {
      const std::vector<Case> more = group();
      cases.insert(cases.end(), more.begin(), more.end());
    }
    return cases;
  }();
  return all;
}

}  // namespace heliograph::sdk::conformance
