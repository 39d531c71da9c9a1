#include "core/api/cors.h"

#include <algorithm>

namespace heliograph::api {
namespace {

constexpr const char* kAllowHeaders =
    "Authorization, Content-Type, Idempotency-Key, Prefer, Traceparent, X-API-Key, X-Request-Id";
constexpr const char* kExposeHeaders =
    "Idempotent-Replayed, Location, Preference-Applied, RateLimit, RateLimit-Policy, Retry-After, "
    "X-RateLimit-Limit, "
    "X-RateLimit-Remaining, X-RateLimit-Reset, X-Request-Id";
constexpr const char* kMaxAgeSeconds = "600";

}  // namespace

bool Cors::allows(std::string_view origin) const {
  return std::ranges::any_of(
      origins_, [&](const std::string& allowed) { return allowed == "*" || allowed == origin; });
}

void Cors::decorate(const http::Request& request, http::Response& response) const {
  // A document that is everybody's says so itself.
  const auto decided = [](const http::Header& header) {
    return header.first == "Access-Control-Allow-Origin";
  };
  if (!enabled() || std::ranges::any_of(response.headers, decided)) return;
  response.headers.emplace_back("Vary", "Origin");
  const auto origin = request.header("origin");
  if (!origin || !allows(*origin)) return;
  response.headers.emplace_back("Access-Control-Allow-Origin", *origin);
  response.headers.emplace_back("Access-Control-Expose-Headers", kExposeHeaders);
}

http::Response Cors::preflight(const std::string& allow) const {
  http::Response response;
  response.status = 204;
  response.headers.emplace_back("Allow", allow);
  response.headers.emplace_back("Access-Control-Allow-Methods", allow);
  response.headers.emplace_back("Access-Control-Allow-Headers", kAllowHeaders);
  response.headers.emplace_back("Access-Control-Max-Age", kMaxAgeSeconds);
  return response;
}

}  // namespace heliograph::api
