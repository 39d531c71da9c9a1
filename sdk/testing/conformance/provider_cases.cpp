// Cases of providers: answers of an HTTP peer (provider_answers.cpp), what becomes of each send
// (provider_ops.cpp), and peers of providers with sockets of their own (provider_sockets.cpp).
#include "provider_bench.hpp"

namespace heliograph::sdk::conformance {

std::vector<Case> provider_cases() {
  std::vector<Case> cases = provider_answer_cases();
  for (const auto more : {provider_op_cases, provider_socket_cases}) {
    for (const Case& one : more()) cases.push_back(one);
  }
  return cases;
}

}  // namespace heliograph::sdk::conformance
