// GET /v1/me: the client itself, what it may spend and how fast it may send.
#include "core/api/endpoint.h"
#include "core/api/message_json.h"
#include "core/http/await.h"

namespace heliograph::api {
namespace {

void write_limits(JsonWriter& json, const model::Client& client, const config::Limits& limits) {
  const auto rate = client.rate     ? client.rate
                    : limits.client ? std::optional(limits.client->rate)
                                    : std::nullopt;
  const auto burst = client.burst    ? client.burst
                     : limits.client ? std::optional(limits.client->burst)
                                     : std::nullopt;
  if (!rate) return json.null("limits");
  json.begin_object("limits");
  json.number("rate", *rate);
  if (burst) json.number("burst", *burst);
  json.end_object();
}

boost::asio::awaitable<http::Response> get_me(Call& call) {
  auto start = [&](ports::Done<model::Balance> done) {
    call.ports().clients.balance(call.client().id, call.executor(), std::move(done));
  };
  const auto balance = co_await http::await_done<model::Balance>(start);
  JsonWriter json;
  json.begin_object();
  json.text("id", call.client().public_id);
  json.text("name", call.client().name);
  json.integer("credit_cents", balance.available_cents);
  write_limits(json, call.client(), call.context.settings.limits);
  json.end_object();
  co_return json_response(200, json);
}

}  // namespace

void add_me(Routes& routes) { routes.any_scope(http::Method::kGet, "/v1/me", get_me); }

}  // namespace heliograph::api
