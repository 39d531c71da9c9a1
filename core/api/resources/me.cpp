// GET /v1/me: the client itself, what it may spend and how fast it may send. GET /v1/me/prices:
// what a message to somebody would cost it.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/api/endpoint.h"
#include "core/api/message_json.h"
#include "core/api/page_query.h"
#include "core/http/await.h"
#include "core/http/problem.h"

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

struct PriceQuery {
  model::Channel channel = model::Channel::kSms;
  std::string to;
};

std::expected<PriceQuery, http::Problem> read_price_query(const http::Request& request) {
  PriceQuery query;
  for (const auto& [name, value] : request.query) {
    if (name != "to" && name != "channel") {
      return std::unexpected(query_problem(name.substr(0, 64), "is not known."));
    }
    if (std::ranges::count(request.query, name, &http::Header::first) > 1) {
      return std::unexpected(query_problem(name, "is given more than once."));
    }
  }
  if (const std::string* name = query_parameter(request, "channel")) {
    const auto channel = model::parse_open_channel(*name);
    if (!channel) {
      return std::unexpected(
          query_problem("channel", fmt::format("must be {}.", model::list_open_channels())));
    }
    query.channel = *channel;
  }
  const std::string* const to = query_parameter(request, "to");
  if (to == nullptr) return std::unexpected(query_problem("to", "is missing."));
  query.to = *to;
  // In a query a bare '+' stands for a blank.
  if (query.to.starts_with(' ')) query.to.front() = '+';
  return query;
}

void write_rule(JsonWriter& json, const pipeline::PriceQuote& quote) {
  using Source = pipeline::PriceQuote::Source;
  json.begin_object("rule");
  switch (quote.source) {
    case Source::kNotBilled:
      json.text("source", "not_billed");
      break;
    case Source::kClient:
      json.text("source", "client");
      break;
    case Source::kGateway:
      json.text("source", "gateway");
      break;
    case Source::kRule:
      json.text("source", quote.rule->client.empty() ? "price" : "client_price");
      json.text("prefix", quote.rule->prefix);
      break;
  }
  json.end_object();
}

boost::asio::awaitable<http::Response> get_price(Call& call) {
  auto query = read_price_query(call.request);
  if (!query) co_return http::problem_response(query.error());
  const auto price = call.ports().intake.price(call.client(), query->channel, std::move(query->to));
  if (!price) {
    co_return http::problem_response(query_problem("to", "is wrong: " + price.error().detail));
  }
  JsonWriter json;
  json.begin_object();
  json.text("to", price->to);
  json.text("channel", model::to_string(query->channel));
  json.integer("price_per_part_cents", price->quote.cents);
  write_rule(json, price->quote);
  json.end_object();
  co_return json_response(200, json);
}

}  // namespace

void add_me(Routes& routes) {
  routes.any_scope(http::Method::kGet, "/v1/me", get_me);
  routes.any_scope(http::Method::kGet, "/v1/me/prices", get_price);
}

}  // namespace heliograph::api
