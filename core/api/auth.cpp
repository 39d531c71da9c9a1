#include "core/api/auth.h"

#include <fmt/format.h>

#include <utility>

#include "core/base/text.h"
#include "core/http/await.h"
#include "core/http/digest.h"
#include "core/http/problem.h"

namespace heliograph::api {
namespace {

// RFC 6750, 3: the challenge says what is expected, and after a wrong key that it was the key.
http::Response unauthorized(bool key_given) {
  http::Response response = http::problem_response(
      401, key_given ? "The API key is not valid."
                     : "An API key is required: X-API-Key or Authorization: Bearer.");
  response.headers.emplace_back("WWW-Authenticate",
                                key_given ? R"(Bearer realm="heliograph", error="invalid_token")"
                                          : R"(Bearer realm="heliograph")");
  return response;
}

std::string_view scope_name(model::Scope scope) {
  switch (scope) {
    case model::kScopeSend:
      return "send";
    case model::kScopeRead:
      return "read";
    case model::kScopeAdmin:
      return "admin";
  }
  return "";
}

}  // namespace

std::optional<std::string_view> presented_key(const http::Request& request) {
  if (const auto key = request.header("x-api-key")) return base::trim(*key);
  const auto authorization = request.header("authorization");
  constexpr std::string_view kBearer = "Bearer ";
  if (!authorization || authorization->size() < kBearer.size()) return std::nullopt;
  const std::string_view scheme = authorization->substr(0, kBearer.size());
  if (!base::equals_ignore_case(scheme, kBearer)) return std::nullopt;
  return base::trim(authorization->substr(kBearer.size()));
}

boost::asio::awaitable<Authenticator::Result> Authenticator::authenticate(
    const http::Request& request) {
  const std::optional<std::string_view> key = presented_key(request);
  if (!key || key->empty()) co_return std::unexpected(unauthorized(false));
  if (key->size() > kApiKeyMax) co_return std::unexpected(unauthorized(true));

  const ports::KeyHash hash = http::sha256(*key);
  const std::uint64_t version = clients_.keys_version();
  const KeyCache::Answer cached = cache_.find(hash, version, clock_.mono());
  std::shared_ptr<const model::Principal> principal = cached.principal;
  if (!cached.known) {
    auto start = [&](ports::Done<std::optional<model::Principal>> done) {
      clients_.find_key(hash, *request.executor, std::move(done));
    };
    auto found = co_await http::await_done<std::optional<model::Principal>>(start);
    if (found) principal = std::make_shared<const model::Principal>(std::move(*found));
    cache_.put(hash, version, clock_.mono(), principal);
  }
  if (!principal) co_return std::unexpected(unauthorized(true));
  co_return principal;
}

http::Response missing_scope(model::Scope scope) {
  http::Response response = http::problem_response(
      403, fmt::format("The API key lacks the scope {}.", scope_name(scope)));
  response.headers.emplace_back(
      "WWW-Authenticate",
      fmt::format(R"(Bearer realm="heliograph", error="insufficient_scope", scope="{}")",
                  scope_name(scope)));
  return response;
}

}  // namespace heliograph::api
