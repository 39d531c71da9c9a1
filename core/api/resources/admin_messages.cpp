// /v1/admin/messages: every client's messages, for operators: search, one message's whole story,
// requeueing a dead letter.
//
// Numbers are masked and texts left out unless `personal=true` asks for them, which is logged.
#include <algorithm>
#include <utility>

#include "core/api/admin_json.h"
#include "core/api/endpoint.h"
#include "core/api/list_query.h"
#include "core/api/live_snapshot.h"
#include "core/api/message_json.h"
#include "core/api/requeue.h"
#include "core/api/store_answers.h"
#include "core/http/await.h"
#include "core/http/problem.h"

namespace heliograph::api {
namespace {

http::Response not_found() { return StoreAnswers{}(ports::NotFound{}); }

Personal personal_if(bool shown) { return shown ? Personal::kShown : Personal::kMasked; }

void log_look(const Call& call, std::string_view what) {
  if (call.ports().log == nullptr) return;
  call.ports().log->info("personal data shown to an operator",
                         {{"of", what}, {"client", call.client().name}});
}

boost::asio::awaitable<http::Response> list_messages(Call& call) {
  auto query = read_operator_query(call.request, call.context.settings.numbers.default_region);
  if (!query) co_return http::problem_response(query.error());
  const ClientNames names = co_await client_names(call);
  if (!query->client.empty()) {
    const auto owner = std::ranges::find(names, query->client, &ClientNames::value_type::second);
    if (owner == names.end()) {
      co_return http::problem_response(400, "Query parameter client names no client.");
    }
    query->list.filter.client = owner->first;
  }
  auto start = [&](ports::Done<ports::MessageList> done) {
    call.ports().queries.list_messages(query->list.filter, call.executor(), std::move(done));
  };
  const auto page = co_await http::await_done<ports::MessageList>(start);
  if (query->personal) log_look(call, "a list of messages");
  JsonWriter json(512 * (page.messages.size() + 1));
  json.begin_object();
  json.begin_array("messages");
  for (const model::MessageView& message : page.messages) {
    write_operator_message(json, message, names, personal_if(query->personal));
  }
  json.end_array();
  const auto cursor = next_cursor(page, query->list);
  cursor ? json.text("next_cursor", *cursor) : json.null("next_cursor");
  json.end_object();
  co_return json_response(200, json);
}

struct Story {
  model::MessageView message;
  std::vector<model::AttemptView> attempts;
  std::vector<model::EventView> events;
  std::vector<model::CallbackDelivery> callbacks;
};

boost::asio::awaitable<std::optional<Story>> read_story(Call& call, model::MessageId id) {
  using Found = std::optional<model::MessageView>;
  using Attempts = std::optional<std::vector<model::AttemptView>>;
  using Events = std::optional<std::vector<model::EventView>>;
  using Callbacks = std::vector<model::CallbackDelivery>;
  auto message = [&](ports::Done<Found> done) {
    call.ports().queries.find_message(std::nullopt, id, call.executor(), std::move(done));
  };
  Found found = co_await http::await_done<Found>(message);
  if (!found) co_return std::nullopt;
  auto attempts = [&](ports::Done<Attempts> done) {
    call.ports().queries.attempts(std::nullopt, id, call.executor(), std::move(done));
  };
  Attempts tried = co_await http::await_done<Attempts>(attempts);
  auto events = [&](ports::Done<Events> done) {
    call.ports().queries.events(std::nullopt, id, call.executor(), std::move(done));
  };
  Events happened = co_await http::await_done<Events>(events);
  Story story;
  story.message = std::move(*found);
  story.attempts = std::move(tried).value_or(std::vector<model::AttemptView>{});
  story.events = std::move(happened).value_or(std::vector<model::EventView>{});
  std::vector<model::TimePoint> moments;
  for (const model::EventView& event : story.events) moments.push_back(event.at);
  auto callbacks = [&](ports::Done<Callbacks> done) {
    call.ports().callbacks.message_callbacks(id, moments, call.executor(), std::move(done));
  };
  story.callbacks = co_await http::await_done<Callbacks>(callbacks);
  co_return story;
}

template <class Item>
void write_array(JsonWriter& json, std::string_view name, const std::vector<Item>& items,
                 void (*write)(JsonWriter&, const Item&)) {
  json.begin_array(name);
  for (const Item& item : items) write(json, item);
  json.end_array();
}

boost::asio::awaitable<http::Response> get_story(Call& call) {
  const auto personal = read_personal(call.request);
  if (!personal) co_return http::problem_response(personal.error());
  const auto id = model::MessageId::parse(call.request.param("id"));
  if (!id) co_return not_found();
  std::optional<Story> story = co_await read_story(call, *id);
  if (!story) co_return not_found();
  if (!*personal) {
    for (model::AttemptView& attempt : story->attempts)
      attempt.detail = without_numbers(attempt.detail);
    for (model::EventView& event : story->events) event.detail = without_numbers(event.detail);
  }
  const ClientNames names = co_await client_names(call);
  if (*personal) log_look(call, id->to_string());
  JsonWriter json(2048);
  json.begin_object();
  json.begin_object("message");
  write_operator_message_members(json, story->message, names, personal_if(*personal));
  json.end_object();
  write_array(json, "attempts", story->attempts, write_attempt);
  write_array(json, "events", story->events, write_event);
  write_array(json, "callbacks", story->callbacks, write_operator_delivery);
  json.end_object();
  co_return json_response(200, json);
}

boost::asio::awaitable<http::Response> requeue(Call& call) {
  http::Response response = co_await requeue_dead_letter(call, std::nullopt);
  if (response.status == 202 && call.ports().log != nullptr) {
    call.ports().log->info("dead letter requeued by an operator",
                           {{"message", call.request.param("id")}, {"client", call.client().name}});
  }
  co_return response;
}

}  // namespace

void add_admin_messages(Routes& routes) {
  using enum http::Method;
  routes.admin(kGet, "/v1/admin/messages", list_messages);
  routes.admin(kGet, "/v1/admin/messages/{id}", get_story);
  routes.admin(kPost, "/v1/admin/messages/{id}/requeue", requeue);
}

}  // namespace heliograph::api
