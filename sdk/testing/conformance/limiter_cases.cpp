// Cases of limiters: whether the limit holds (limiter_limits.cpp), and single answers
// (limiter_answers.cpp).
#include "limiter_bench.hpp"

namespace heliograph::sdk::conformance {

std::vector<Case> limiter_cases() {
  std::vector<Case> cases = limiter_limit_cases();
  for (Case& one : limiter_answer_cases()) cases.push_back(one);
  return cases;
}

}  // namespace heliograph::sdk::conformance
