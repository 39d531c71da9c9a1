// /api/v1/conversations and the older /api/conversations: threads of facades.client, with the
// messages of both directions.
#include <algorithm>
#include <utility>

#include "core/api/endpoint.h"
#include "core/api/facades/messaging/conversation_reader.h"
#include "core/api/facades/messaging/conversation_shapes.h"
#include "core/api/facades/messaging/messaging.h"
#include "core/api/facades/messaging/shapes.h"
#include "core/api/facades/messaging/thread.h"
#include "core/api/message_json.h"
#include "core/http/await.h"

namespace heliograph::api::messaging {
namespace {

using Found = std::optional<model::Conversation>;

http::Response not_found() { return error(404, "Conversation not found"); }

std::optional<model::ConversationId> id_of(const Call& call) {
  return model::ConversationId::parse(call.request.param("id"));
}

http::Response show(unsigned status, const model::Conversation& conversation) {
  JsonWriter json(512);
  write_conversation(json, conversation);
  return json_response(status, json);
}

// ---- lists ----

boost::asio::awaitable<http::Response> answer_list(Call& call, ports::ConversationFilter filter) {
  filter.client = call.client().id;
  auto start = [&](ports::Done<ports::ConversationList> done) {
    call.ports().conversations.list_conversations(filter, call.executor(), std::move(done));
  };
  const auto page = co_await http::await_done<ports::ConversationList>(start);
  JsonWriter json(512 * (page.conversations.size() + 1));
  json.begin_object();
  json.begin_array("conversations");
  for (const auto& conversation : page.conversations) write_conversation(json, conversation);
  json.end_array();
  json.count("total", page.total.value_or(filter.skip + page.conversations.size()));
  json.count("limit", filter.limit);
  json.count("offset", filter.skip);
  json.end_object();
  co_return json_response(200, json);
}

boost::asio::awaitable<http::Response> list(Call& call) {
  auto filter = read_conversation_query(call.request);
  if (!filter) co_return std::move(filter.error());
  co_return co_await answer_list(call, *std::move(filter));
}

boost::asio::awaitable<http::Response> search(Call& call) {
  auto filter = read_search(call.request);
  if (!filter) co_return std::move(filter.error());
  co_return co_await answer_list(call, *std::move(filter));
}

// ---- one ----

boost::asio::awaitable<http::Response> create(Call& call) {
  using Created = ports::CreateConversationResult;
  auto conversation = read_new_conversation(call.request);
  if (!conversation) co_return std::move(conversation.error());
  conversation->client = call.client().id;
  auto start = [&](ports::Done<Created> done) {
    call.ports().conversations.create_conversation(*std::move(conversation), call.executor(),
                                                   std::move(done));
  };
  const Created made = co_await http::await_done<Created>(start);
  // The service made a second thread of the same pair; here it is the same one, as it was.
  co_return show(201, made.conversation);
}

boost::asio::awaitable<http::Response> get_one(Call& call) {
  const auto with_messages = read_flag(call.request, "include_messages");
  if (!with_messages) co_return with_messages.error();
  const auto id = id_of(call);
  const Found conversation = id ? co_await find_conversation(call, *id) : Found{};
  if (!conversation) co_return not_found();
  if (!*with_messages) co_return show(200, *conversation);
  ports::ThreadFilter filter{.client = call.client().id, .conversation = *id};
  filter.limit = kThreadMax;
  const auto messages = co_await read_thread(call, filter, 0);
  JsonWriter json(1024 * (messages.size() + 1));
  json.begin_object();
  write_conversation_members(json, *conversation);
  json.begin_array("messages");
  co_await write_thread(call, messages, json);
  json.end_array();
  json.end_object();
  co_return json_response(200, json);
}

boost::asio::awaitable<http::Response> change(Call& call, ports::ConversationChanges changes) {
  const auto id = id_of(call);
  if (!id) co_return not_found();
  auto start = [&](ports::Done<Found> done) {
    call.ports().conversations.update_conversation(call.client().id, *id, std::move(changes),
                                                   call.executor(), std::move(done));
  };
  const Found conversation = co_await http::await_done<Found>(start);
  if (!conversation) co_return not_found();
  co_return show(200, *conversation);
}

boost::asio::awaitable<http::Response> patch(Call& call) {
  auto changes = read_conversation_changes(call.request);
  if (!changes) co_return std::move(changes.error());
  co_return co_await change(call, *std::move(changes));
}

// Closed, or with hard_delete forgotten: its messages stay either way.
boost::asio::awaitable<http::Response> remove(Call& call) {
  const auto hard = read_flag(call.request, "hard_delete");
  if (!hard) co_return hard.error();
  http::Response gone;
  gone.status = 204;
  if (!*hard) {
    ports::ConversationChanges changes;
    changes.status = model::ConversationStatus::kClosed;
    http::Response answer = co_await change(call, std::move(changes));
    co_return answer.status == 200 ? gone : answer;
  }
  const auto id = id_of(call);
  if (!id) co_return not_found();
  auto start = [&](ports::Done<bool> done) {
    call.ports().conversations.remove_conversation(call.client().id, *id, call.executor(),
                                                   std::move(done));
  };
  const bool removed = co_await http::await_done<bool>(start);
  co_return removed ? gone : not_found();
}

boost::asio::awaitable<http::Response> statistics(Call& call) {
  using Statistics = std::optional<ports::ConversationStatistics>;
  const auto id = id_of(call);
  if (!id) co_return not_found();
  auto start = [&](ports::Done<Statistics> done) {
    call.ports().conversations.conversation_statistics(call.client().id, *id, call.executor(),
                                                       std::move(done));
  };
  const Statistics found = co_await http::await_done<Statistics>(start);
  if (!found) co_return not_found();
  JsonWriter json;
  json.begin_object();
  json.text("conversation_id", id->to_string());
  json.count("total_messages", found->inbound + found->outbound);
  json.count("inbound_messages", found->inbound);
  json.count("outbound_messages", found->outbound);
  json.count("failed_messages", found->failed);
  if (found->send_seconds_average) {
    json.number("avg_send_time_seconds", *found->send_seconds_average);
  } else {
    json.null("avg_send_time_seconds");
  }
  json.end_object();
  co_return json_response(200, json);
}

boost::asio::awaitable<http::Response> list_of_one(Call& call) {
  const auto id = id_of(call);
  if (!id) co_return not_found();
  co_return co_await answer_thread(call, *id, false);
}

}  // namespace

void add_conversations(Routes& routes) {
  using enum http::Method;
  for (const char* path : {"/api/v1/conversations", "/api/v1/conversations/"}) {
    routes.facade(kGet, path, kManners, list);
    routes.facade(kPost, path, kManners, create);
  }
  routes.facade(kPost, "/api/v1/conversations/search", kManners, search);
  routes.facade(kGet, "/api/v1/conversations/{id}", kManners, get_one);
  routes.facade(kPatch, "/api/v1/conversations/{id}", kManners, patch);
  routes.facade(kDelete, "/api/v1/conversations/{id}", kManners, remove);
  routes.facade(kGet, "/api/v1/conversations/{id}/statistics", kManners, statistics);
  routes.facade(kGet, "/api/conversations", kManners, list);
  routes.facade(kGet, "/api/conversations/{id}/messages", kManners, list_of_one);
}

}  // namespace heliograph::api::messaging
