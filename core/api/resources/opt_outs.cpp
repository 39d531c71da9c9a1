// /v1/opt-outs: who does not want to hear of the client any more. Words in inbound messages put
// recipients here and take them off; these are for what people say elsewhere.
#include <algorithm>
#include <utility>

#include "core/api/conversation_json.h"
#include "core/api/endpoint.h"
#include "core/api/json_body.h"
#include "core/api/json_fields.h"
#include "core/api/message_json.h"
#include "core/api/page_query.h"
#include "core/http/await.h"
#include "core/http/problem.h"
#include "core/model/addresses.h"
#include "core/model/phone_number.h"

namespace heliograph::api {
namespace {

// A "+" that was not encoded came as a blank.
std::string with_plus(std::string text) {
  if (text.starts_with(' ')) text.front() = '+';
  return text;
}

constexpr const char* kNotARecipient =
    "Must be a number in international form or a bare e-mail address.";
constexpr const char* kNotASender =
    "Must be a number in international form, a short code, a name of 1 to 11 characters or a bare "
    "e-mail address.";

// In the form in which messages name it; nullopt: it is none.
std::optional<std::string> recipient_of(const Call& call, const std::string& given) {
  if (model::is_email_address(given)) return given;
  const std::string& own = call.client().default_region;
  const model::NumberRules rules{
      .default_region = own.empty() ? call.context.settings.numbers.default_region : own};
  auto number = model::normalise_number(given, rules);
  if (!number) return std::nullopt;
  return *std::move(number);
}

bool is_sender(const std::string& given) {
  return model::is_valid_sender(given) || model::is_email_address(given);
}

std::expected<model::OptOut, http::Problem> read_opt_out(const Call& call) {
  const auto body = read_object(call.request);
  if (!body) return std::unexpected(body.error());
  JsonFields fields(*body);
  model::OptOut opt_out;
  const std::string given = fields.required_text("recipient");
  if (auto recipient = recipient_of(call, given)) {
    opt_out.recipient = *std::move(recipient);
  } else {
    fields.fail("recipient", kNotARecipient);
  }
  opt_out.sender = fields.text("sender").value_or("");
  if (!opt_out.sender.empty() && !is_sender(opt_out.sender)) fields.fail("sender", kNotASender);
  if (auto problem = fields.finish()) return std::unexpected(*std::move(problem));
  return opt_out;
}

std::expected<model::OptOut, http::Problem> read_pair(const Call& call) {
  model::OptOut opt_out;
  for (const auto& [name, value] : call.request.query) {
    if (name != "recipient" && name != "sender") {
      return std::unexpected(query_problem(name.substr(0, 64), "is not known."));
    }
    if (std::ranges::count(call.request.query, name, &http::Header::first) > 1) {
      return std::unexpected(query_problem(name, "is given more than once."));
    }
  }
  const std::string* given = query_parameter(call.request, "recipient");
  if (given == nullptr) return std::unexpected(query_problem("recipient", "is missing."));
  auto recipient = recipient_of(call, with_plus(*given));
  if (!recipient) return std::unexpected(query_problem("recipient", "is no recipient's address."));
  opt_out.recipient = *std::move(recipient);
  if (const std::string* sender = query_parameter(call.request, "sender")) {
    opt_out.sender = with_plus(*sender);
  }
  return opt_out;
}

boost::asio::awaitable<http::Response> create(Call& call) {
  auto opt_out = read_opt_out(call);
  if (!opt_out) co_return http::problem_response(opt_out.error());
  opt_out->at = call.ports().clock.wall();
  auto start = [&](ports::Done<bool> done) {
    call.ports().conversations.add_opt_out(call.client().id, *opt_out, call.executor(),
                                           std::move(done));
  };
  const bool added = co_await http::await_done<bool>(start);
  http::Response response;
  response.status = 204;
  if (!added) co_return response;
  JsonWriter json;
  write_opt_out(json, *opt_out);
  co_return json_response(201, json);
}

boost::asio::awaitable<http::Response> list(Call& call) {
  const std::string name =
      "opt-outs " + std::to_string(static_cast<std::int64_t>(call.client().id));
  const auto query = read_page_query(call.request, name, {"recipient"});
  if (!query) co_return http::problem_response(query.error());
  ports::OptOutFilter filter{
      .client = call.client().id, .before_row = query->before_row, .limit = query->limit};
  if (const std::string* given = query_parameter(call.request, "recipient")) {
    filter.recipient = recipient_of(call, with_plus(*given));
    if (!filter.recipient) {
      co_return http::problem_response(query_problem("recipient", "is no recipient's address."));
    }
  }
  auto start = [&](ports::Done<ports::OptOutList> done) {
    call.ports().conversations.list_opt_outs(filter, call.executor(), std::move(done));
  };
  const auto page = co_await http::await_done<ports::OptOutList>(start);
  JsonWriter json(128 * (page.opt_outs.size() + 1));
  json.begin_object();
  json.begin_array("opt_outs");
  for (const auto& opt_out : page.opt_outs) write_opt_out(json, opt_out);
  json.end_array();
  const auto cursor = cursor_after(page.next_row, *query);
  cursor ? json.text("next_cursor", *cursor) : json.null("next_cursor");
  json.end_object();
  co_return json_response(200, json);
}

boost::asio::awaitable<http::Response> remove(Call& call) {
  const auto pair = read_pair(call);
  if (!pair) co_return http::problem_response(pair.error());
  auto start = [&](ports::Done<bool> done) {
    call.ports().conversations.remove_opt_out(call.client().id, pair->recipient, pair->sender,
                                              call.executor(), std::move(done));
  };
  const bool removed = co_await http::await_done<bool>(start);
  if (!removed) co_return http::problem_response(404, "There is no such opt-out.");
  http::Response response;
  response.status = 204;
  co_return response;
}

}  // namespace

void add_opt_outs(Routes& routes) {
  using enum http::Method;
  routes.client(kGet, "/v1/opt-outs", model::kScopeRead, list);
  routes.client(kPost, "/v1/opt-outs", model::kScopeSend, create);
  routes.client(kDelete, "/v1/opt-outs", model::kScopeSend, remove);
}

}  // namespace heliograph::api
