// GET /v1/messages, GET /v1/messages/{id} with attempts and events, POST /v1/messages/{id}/cancel:
// following messages that were taken. A client sees its own alone: another's is 404.
#include <utility>

#include "core/api/endpoint.h"
#include "core/api/json_body.h"
#include "core/api/json_fields.h"
#include "core/api/list_query.h"
#include "core/api/message_json.h"
#include "core/api/message_list.h"
#include "core/api/store_answers.h"
#include "core/http/await.h"
#include "core/http/problem.h"

namespace heliograph::api {
namespace {

http::Response not_found() { return StoreAnswers{}(ports::NotFound{}); }

boost::asio::awaitable<http::Response> list_messages(Call& call) {
  co_return co_await answer_list(call, ListKind::kMessages);
}

boost::asio::awaitable<http::Response> show(Call& call, model::MessageId id) {
  using Found = std::optional<model::MessageView>;
  auto start = [&](ports::Done<Found> done) {
    call.ports().queries.find_message(call.client().id, id, call.executor(), std::move(done));
  };
  const Found message = co_await http::await_done<Found>(start);
  if (!message) co_return not_found();
  JsonWriter json(1024);
  write_message(json, *message);
  co_return json_response(200, json);
}

boost::asio::awaitable<http::Response> get_message(Call& call) {
  const auto id = model::MessageId::parse(call.request.param("id"));
  if (!id) co_return not_found();
  co_return co_await show(call, *id);
}

// {"<name>": [...], "next_cursor": null}: a message has few attempts and events, so they are one
// page, in the shape of every list.
template <class Item>
http::Response page_of(std::string_view name, const std::vector<Item>& items,
                       void (*write)(JsonWriter&, const Item&)) {
  JsonWriter json(256 * (items.size() + 1));
  json.begin_object();
  json.begin_array(name);
  for (const Item& item : items) write(json, item);
  json.end_array();
  json.null("next_cursor");
  json.end_object();
  return json_response(200, json);
}

boost::asio::awaitable<http::Response> list_attempts(Call& call) {
  using Found = std::optional<std::vector<model::AttemptView>>;
  const auto id = model::MessageId::parse(call.request.param("id"));
  if (!id) co_return not_found();
  auto start = [&](ports::Done<Found> done) {
    call.ports().queries.attempts(call.client().id, *id, call.executor(), std::move(done));
  };
  const Found attempts = co_await http::await_done<Found>(start);
  if (!attempts) co_return not_found();
  co_return page_of("attempts", *attempts, write_attempt);
}

boost::asio::awaitable<http::Response> list_events(Call& call) {
  using Found = std::optional<std::vector<model::EventView>>;
  const auto id = model::MessageId::parse(call.request.param("id"));
  if (!id) co_return not_found();
  auto start = [&](ports::Done<Found> done) {
    call.ports().queries.events(call.client().id, *id, call.executor(), std::move(done));
  };
  const Found events = co_await http::await_done<Found>(start);
  if (!events) co_return not_found();
  co_return page_of("events", *events, write_event);
}

std::optional<http::Problem> check_no_fields(const http::Request& request) {
  const auto body = read_optional_object(request);
  if (!body) return body.error();
  return JsonFields(*body).finish();
}

boost::asio::awaitable<http::Response> cancel_message(Call& call) {
  if (const auto problem = check_no_fields(call.request)) {
    co_return http::problem_response(*problem);
  }
  const auto id = model::MessageId::parse(call.request.param("id"));
  if (!id) co_return not_found();
  auto start = [&](ports::Done<ports::CancelResult> done) {
    call.ports().store.cancel(call.client().id, *id, call.executor(), std::move(done));
  };
  const auto result = co_await http::await_done<ports::CancelResult>(start);
  if (std::holds_alternative<ports::NotFound>(result)) co_return not_found();
  if (const auto* other = std::get_if<ports::Conflict>(&result)) {
    co_return conflict(other->status, "cancelled");
  }
  co_return co_await show(call, *id);
}

}  // namespace

void add_messages(Routes& routes) {
  using enum http::Method;
  routes.client(kGet, "/v1/messages", model::kScopeRead, list_messages);
  routes.client(kGet, "/v1/messages/{id}", model::kScopeRead, get_message);
  routes.client(kGet, "/v1/messages/{id}/attempts", model::kScopeRead, list_attempts);
  routes.client(kGet, "/v1/messages/{id}/events", model::kScopeRead, list_events);
  routes.client(kPost, "/v1/messages/{id}/cancel", model::kScopeSend, cancel_message);
}

}  // namespace heliograph::api
