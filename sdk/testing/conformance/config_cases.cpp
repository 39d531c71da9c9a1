#include <heliograph/testing/conformance.hpp>

namespace heliograph::sdk::conformance {

std::vector<Case> config_cases() { return {}; }

}  // namespace heliograph::sdk::conformance
