#include "core/api/rate_limit_headers.h"

#include <fmt/format.h>

#include <algorithm>

namespace heliograph::api {

void add_rate_limit_headers(const pipeline::LimitState& state, http::Response& response) {
  if (state.policy.empty()) return;
  auto& headers = response.headers;
  headers.emplace_back("RateLimit-Policy", fmt::format(R"("{}";q={};w={})", state.policy,
                                                       state.limit, state.window_seconds));
  headers.emplace_back("RateLimit", fmt::format(R"("{}";r={};t={})", state.policy, state.remaining,
                                                state.reset_seconds));
  headers.emplace_back("X-RateLimit-Limit", fmt::format("{}", state.limit));
  headers.emplace_back("X-RateLimit-Remaining", fmt::format("{}", state.remaining));
  headers.emplace_back("X-RateLimit-Reset", fmt::format("{}", state.reset_seconds));
}

void add_retry_after(std::chrono::milliseconds wait, http::Response& response) {
  const auto seconds =
      std::max(std::chrono::ceil<std::chrono::seconds>(wait).count(), std::chrono::seconds::rep{1});
  response.headers.emplace_back("Retry-After", fmt::format("{}", seconds));
}

}  // namespace heliograph::api
