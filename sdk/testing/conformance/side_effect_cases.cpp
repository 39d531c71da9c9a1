#include <heliograph/testing/conformance.hpp>

namespace heliograph::sdk::conformance {

std::vector<Case> side_effect_cases() { return {}; }

}  // namespace heliograph::sdk::conformance
