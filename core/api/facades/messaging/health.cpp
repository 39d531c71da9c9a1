// GET /health and GET /ready in the words of the Messaging service: /healthz and /readyz are the
// gateway's own.
#include <algorithm>

#include "core/api/endpoint.h"
#include "core/api/facades/messaging/messaging.h"
#include "core/api/facades/messaging/shapes.h"
#include "core/api/message_json.h"
#include "core/http/await.h"

namespace heliograph::api::messaging {
namespace {

using Providers = std::vector<pipeline::ProviderStatus>;

boost::asio::awaitable<bool> has_healthy_provider(Call& call) {
  auto start = [&](ports::Done<Providers> done) {
    call.ports().providers.providers(call.executor(), std::move(done));
  };
  const Providers providers = co_await http::await_done<Providers>(start);
  co_return std::ranges::any_of(providers, &pipeline::ProviderStatus::healthy);
}

std::string_view word(bool healthy) { return healthy ? "healthy" : "unhealthy"; }

// The service looked at its database and at Redis, which are one store here. Unhealthy providers
// are no reason to restart the gateway: messages wait for them.
boost::asio::awaitable<http::Response> get_health(Call& call) {
  const bool store = call.ports().queries.accepting();
  const bool providers = co_await has_healthy_provider(call);
  JsonWriter json;
  json.begin_object();
  json.text("status", word(store));
  json.time("timestamp", call.ports().clock.real_wall());
  json.begin_object("checks");
  json.text("database", word(store));
  json.text("queue", word(store));
  json.text("providers", word(providers));
  json.end_object();
  json.end_object();
  co_return json_response(store ? 200 : 503, json);
}

boost::asio::awaitable<http::Response> get_readiness(Call& call) {
  const std::vector<std::string> reasons = call.ports().readiness.unready_reasons();
  JsonWriter json;
  json.begin_object();
  json.boolean("ready", reasons.empty());
  json.text("status", reasons.empty() ? "ready" : "not ready");
  json.time("timestamp", call.ports().clock.real_wall());
  if (!reasons.empty()) {
    json.begin_array("reasons");
    for (const std::string& reason : reasons) json.text_element(reason);
    json.end_array();
  }
  json.end_object();
  co_return json_response(reasons.empty() ? 200 : 503, json);
}

}  // namespace

void add_health(Routes& routes) {
  using enum http::Method;
  routes.facade(kGet, "/health", kManners, get_health);
  routes.facade(kGet, "/ready", kManners, get_readiness);
}

}  // namespace heliograph::api::messaging
