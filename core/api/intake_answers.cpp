#include "core/api/intake_answers.h"

#include <algorithm>

#include "core/api/rate_limit_headers.h"
#include "core/http/problem.h"

namespace heliograph::api {

http::Response too_many_messages(std::chrono::milliseconds retry_after) {
  http::Response response =
      http::problem_response(429, "Too many messages; try again after Retry-After.");
  add_retry_after(retry_after, response);
  return response;
}

http::Response key_in_flight() {
  http::Response response =
      http::problem_response(409, "A request with this Idempotency-Key is still being answered.");
  response.headers.emplace_back("Retry-After", "1");
  return response;
}

void tell_limit(pipeline::LimitState state, const pipeline::RateLimited* limited,
                http::Response& response) {
  if (limited != nullptr) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(limited->retry_after).count();
    state.reset_seconds = static_cast<std::uint64_t>(std::max<std::int64_t>(seconds, 1));
  }
  add_rate_limit_headers(state, response);
}

}  // namespace heliograph::api
