// /v1/admin/routes: the routing rules, and which of them a message would fall under.
//
// The rules are those of the configuration and do not change while the gateway runs. Whether the
// providers work at the moment is what /v1/admin/providers tells.
#include <expected>
#include <utility>

#include "core/api/client_admin.h"
#include "core/api/endpoint.h"
#include "core/api/json_body.h"
#include "core/api/json_fields.h"
#include "core/api/message_json.h"
#include "core/base/json_text.h"
#include "core/http/await.h"
#include "core/http/problem.h"
#include "core/model/addresses.h"
#include "core/model/phone_number.h"
#include "core/pipeline/route_table.h"

namespace heliograph::api {
namespace {

using pipeline::RouteMember;
using pipeline::RouteTable;

void write_texts(JsonWriter& json, std::string_view name, const std::vector<std::string>& values) {
  if (values.empty()) return;
  json.begin_array(name);
  for (const std::string& value : values) json.text_element(value);
  json.end_array();
}

// Of `members`, those that carry any of `channels`.
void write_members(JsonWriter& json, std::span<const RouteMember> members, std::uint32_t channels) {
  json.begin_array("providers");
  for (const RouteMember& member : members) {
    if ((member.channels & channels) == 0) continue;
    json.begin_object();
    json.text("id", member.provider);
    json.count("weight", member.weight);
    json.count("cost_micros", member.cost_micros);
    json.end_object();
  }
  json.end_array();
}

void write_rule(JsonWriter& json, const RouteTable& routes, std::size_t i) {
  const config::Route& rule = routes.rule(i);
  json.begin_object();
  json.text("name", rule.name);
  json.begin_object("match");
  if (rule.channel) json.text("channel", model::to_string(*rule.channel));
  write_texts(json, "countries", rule.countries);
  write_texts(json, "prefixes", rule.prefixes);
  write_texts(json, "clients", rule.clients);
  write_texts(json, "senders", rule.senders);
  write_texts(json, "tags", rule.tags);
  json.end_object();
  write_members(json, routes.members(i), routes.channels(i));
  json.end_object();
}

boost::asio::awaitable<http::Response> list_routes(Call& call) {
  const RouteTable& routes = call.context.settings.routes;
  JsonWriter json(256 * (routes.size() + 1));
  json.begin_object();
  json.begin_array("routes");
  for (std::size_t i = 0; i < routes.size(); ++i) write_rule(json, routes, i);
  json.end_array();
  json.end_object();
  co_return json_response(200, json);
}

// ---- test ----

struct Question {
  model::Channel channel = model::Channel::kSms;
  std::string to;
  std::string from;
  std::string client;
  std::string metadata_json;
};

void read_channel(JsonFields& fields, Question& question) {
  const auto word = fields.text("channel");
  if (!word) return;
  const auto channel = model::parse_open_channel(*word);
  if (!channel) {
    fields.fail("channel", "Must be " + model::list_open_channels() + ".");
  }
  question.channel = channel.value_or(model::Channel::kSms);
}

std::expected<Question, http::Problem> read_question(const http::Request& request) {
  const auto body = read_object(request);
  if (!body) return std::unexpected(body.error());
  JsonFields fields(*body);
  Question question;
  read_channel(fields, question);
  question.to = fields.required_text("to");
  question.from = fields.text("from").value_or("");
  question.client = fields.text("client").value_or("");
  if (const auto tag = fields.text("tag")) {
    question.metadata_json = "{\"tag\":";
    base::append_json_string(question.metadata_json, *tag);
    question.metadata_json += '}';
  }
  if (auto problem = fields.finish()) return std::unexpected(std::move(*problem));
  return question;
}

// As an accept completes it, with the client's region and the gateway's default sender.
std::optional<http::Problem> complete(const ApiSettings& settings, const model::Client* client,
                                      Question& question) {
  const bool telephony = model::channel_info(question.channel).telephony;
  if (question.from.empty()) {
    question.from =
        telephony ? settings.messages.default_from : settings.messages.default_from_email;
  }
  std::string fault;
  if (telephony) {
    model::NumberRules rules;
    rules.default_region = settings.numbers.default_region;
    if (client != nullptr && !client->default_region.empty()) {
      rules.default_region = client->default_region;
    }
    rules.check_possible = settings.numbers.validation == "possible";
    auto number = model::normalise_number(question.to, rules);
    if (number) {
      question.to = *std::move(number);
      return std::nullopt;
    }
    fault = number.error();
  } else if (!model::is_email_address(question.to)) {
    fault = "This is not a bare e-mail address such as \"name@example.com\".";
  } else {
    return std::nullopt;
  }
  http::Problem problem;
  problem.detail = "to: " + fault;
  problem.pointer = "/to";
  return problem;
}

void write_verdict(JsonWriter& json, const RouteTable& routes, const Question& question) {
  const pipeline::RouteQuery query{.channel = question.channel,
                                   .to = question.to,
                                   .from = question.from,
                                   .client = question.client,
                                   .metadata_json = question.metadata_json};
  const auto match = routes.match(query);
  if (match) {
    json.text("route", routes.rule(*match).name);
  } else {
    json.null("route");
  }
  write_members(json, match ? routes.members(*match) : routes.unrouted(),
                static_cast<std::uint32_t>(question.channel));
  json.begin_array("passed_over");
  for (std::size_t i = 0; i < match.value_or(routes.size()); ++i) {
    json.begin_object();
    json.text("route", routes.rule(i).name);
    json.text("because_of", routes.mismatch(i, query));
    json.end_object();
  }
  json.end_array();
}

boost::asio::awaitable<http::Response> test_route(Call& call) {
  auto question = read_question(call.request);
  if (!question) co_return http::problem_response(question.error());
  std::optional<ports::ClientSummary> client;
  if (!question->client.empty()) {
    client = co_await find_client(call, question->client);
    if (!client) co_return no_such_client();
  }
  const model::Client* const asked = client ? &client->client : nullptr;
  const auto fault = complete(call.context.settings, asked, *question);
  if (fault) co_return http::problem_response(*fault);
  JsonWriter json;
  json.begin_object();
  json.text("channel", model::to_string(question->channel));
  json.text("to", question->to);
  json.text("from", question->from);
  write_verdict(json, call.context.settings.routes, *question);
  json.end_object();
  co_return json_response(200, json);
}

}  // namespace

void add_admin_routes(Routes& routes) {
  using enum http::Method;
  routes.admin(kGet, "/v1/admin/routes", list_routes);
  routes.admin(kPost, "/v1/admin/routes/test", test_route);
}

}  // namespace heliograph::api
