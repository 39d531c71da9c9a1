// Cases for distributors.
#include <heliograph/testing/conformance.hpp>

namespace heliograph::sdk::conformance {

std::vector<Case> distributor_cases() { return {}; }

}  // namespace heliograph::sdk::conformance
