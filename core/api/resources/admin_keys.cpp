// API keys of clients: a second one to rotate to, and the revoking of one.
#include <algorithm>
#include <utility>

#include "core/api/client_admin.h"
#include "core/api/endpoint.h"
#include "core/api/json_body.h"
#include "core/api/json_fields.h"
#include "core/api/keys.h"
#include "core/api/message_json.h"
#include "core/base/text.h"
#include "core/http/await.h"
#include "core/http/problem.h"

namespace heliograph::api {
namespace {

std::expected<std::uint8_t, http::Problem> read_new_key(const http::Request& request) {
  const auto body = read_optional_object(request);
  if (!body) return std::unexpected(body.error());
  JsonFields fields(*body);
  const std::uint8_t scopes = read_scopes(fields);
  if (auto problem = fields.finish()) return std::unexpected(std::move(*problem));
  return scopes;
}

boost::asio::awaitable<http::Response> add_key(Call& call) {
  const auto scopes = read_new_key(call.request);
  if (!scopes) co_return http::problem_response(scopes.error());
  const std::string name(call.request.param("name"));
  const std::string key = generate_api_key();
  auto start = [&](ports::Done<bool> done) {
    call.ports().clients.add_key(name, hash_api_key(key), *scopes, call.executor(),
                                 std::move(done));
  };
  const bool added = co_await http::await_done<bool>(start);
  if (!added) {
    const auto client = co_await find_client(call, name);
    if (!client) co_return no_such_client();
    co_return http::problem_response(
        409, "The client has two active keys already; revoke one before adding another.");
  }
  log_admin_action(call, "add key", name);
  JsonWriter json;
  json.begin_object();
  json.text("name", name);
  write_scopes(json, *scopes);
  json.text("api_key", key);  // shown this once: the store has its hash alone
  json.end_object();
  co_return json_response(201, json);
}

// By the key itself, or by its SHA-256 for an operator who no longer has it.
std::expected<ports::KeyHash, http::Problem> read_revocation(const http::Request& request) {
  const auto body = read_object(request);
  if (!body) return std::unexpected(body.error());
  JsonFields fields(*body);
  const auto key = fields.text("api_key");
  const auto hex = fields.text("key_sha256");
  ports::KeyHash hash{};
  if (key && hex) fields.fail("key_sha256", "Must not be given beside api_key.");
  if (!key && !hex) fields.fail("api_key", "Is required, or key_sha256.");
  if (key) hash = hash_api_key(*key);
  if (hex) {
    const auto bytes = base::from_hex(*hex);
    if (bytes && bytes->size() == hash.size()) {
      std::ranges::transform(*bytes, hash.begin(),
                             [](char c) { return static_cast<std::uint8_t>(c); });
    } else {
      fields.fail("key_sha256", "Must be 64 hex digits.");
    }
  }
  if (auto problem = fields.finish()) return std::unexpected(std::move(*problem));
  return hash;
}

boost::asio::awaitable<http::Response> revoke_key(Call& call) {
  const auto hash = read_revocation(call.request);
  if (!hash) co_return http::problem_response(hash.error());
  auto start = [&](ports::Done<bool> done) {
    call.ports().clients.revoke_key(*hash, call.executor(), std::move(done));
  };
  const bool revoked = co_await http::await_done<bool>(start);
  if (!revoked) co_return http::problem_response(404, "There is no active key like this.");
  log_admin_action(call, "revoke key", "");
  http::Response response;
  response.status = 204;
  co_return response;
}

}  // namespace

void add_admin_keys(Routes& routes) {
  using enum http::Method;
  routes.admin(kPost, "/v1/admin/clients/{name}/keys", add_key);
  routes.admin(kPost, "/v1/admin/keys/revoke", revoke_key);
}

}  // namespace heliograph::api
