// Cases for providers.
#include <heliograph/testing/conformance.hpp>

namespace heliograph::sdk::conformance {

std::vector<Case> provider_cases() { return {}; }

}  // namespace heliograph::sdk::conformance
