// Cases for limiters.
#include <heliograph/testing/conformance.hpp>

namespace heliograph::sdk::conformance {

std::vector<Case> limiter_cases() { return {}; }

}  // namespace heliograph::sdk::conformance
