// /v1/conversations: a client's threads, their messages both ways, what of them is read. A client
// sees its own alone: another's is 404.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "core/api/conversation_json.h"
#include "core/api/endpoint.h"
#include "core/api/json_body.h"
#include "core/api/json_fields.h"
#include "core/api/message_json.h"
#include "core/api/metadata_field.h"
#include "core/api/page_query.h"
#include "core/base/text.h"
#include "core/http/await.h"
#include "core/http/problem.h"
#include "core/model/inbound_address.h"
#include "core/model/segments.h"

namespace heliograph::api {
namespace {

using Found = std::optional<model::Conversation>;

constexpr std::size_t kTitleMax = 200;  // characters

http::Response not_found() { return http::problem_response(404, "There is no such conversation."); }

http::Response conversation_response(const Found& conversation) {
  if (!conversation) return not_found();
  JsonWriter json(512);
  write_conversation(json, *conversation);
  return json_response(200, json);
}

std::string list_name(const Call& call, std::string_view list) {
  std::string name(list);
  return name + " " + std::to_string(static_cast<std::int64_t>(call.client().id));
}

// ---- reading ----

struct ListQuery {
  PageQuery page;
  ports::ConversationFilter filter;
};

std::expected<ListQuery, http::Problem> read_list_query(const Call& call) {
  auto page = read_page_query(call.request, list_name(call, "conversations"),
                              {"participant", "channel", "status"});
  if (!page) return std::unexpected(std::move(page.error()));
  ListQuery query;
  query.filter.client = call.client().id;
  query.filter.before_row = page->before_row;
  query.filter.limit = page->limit;
  if (const std::string* address = query_parameter(call.request, "participant")) {
    query.filter.participant = model::inbound_address(*address);
  }
  if (const std::string* channel = query_parameter(call.request, "channel")) {
    query.filter.channel = model::parse_open_channel(*channel);
    if (!query.filter.channel) {
      return std::unexpected(
          query_problem("channel", fmt::format("must be {}.", model::list_open_channels())));
    }
  }
  if (const std::string* status = query_parameter(call.request, "status")) {
    query.filter.status = model::parse_conversation_status(*status);
    if (!query.filter.status) {
      return std::unexpected(query_problem("status", "must be active, archived or closed."));
    }
  }
  query.page = std::move(*page);
  return query;
}

std::optional<std::string> read_title(JsonFields& fields) {
  auto title = fields.text("title");
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (title &&
      (model::count_characters(*title) > kTitleMax || std::ranges::any_of(*title, control))) {
    fields.fail("title", "Must have at most 200 characters, none of them a control character.");
  }
  return title;
}

std::expected<ports::ConversationChanges, http::Problem> read_changes(const Call& call) {
  const auto body = read_object(call.request);
  if (!body) return std::unexpected(body.error());
  JsonFields fields(*body);
  ports::ConversationChanges changes;
  if (const auto status = fields.text("status")) {
    changes.status = model::parse_conversation_status(*status);
    if (!changes.status) {
      fields.fail("status", "Must be \"active\", \"archived\" or \"closed\".");
    }
  }
  changes.title = read_title(fields);
  std::string metadata;
  const auto metadata_problem = read_metadata(fields, metadata);
  if (body->find("metadata") != nullptr && body->find("metadata")->kind == JsonKind::kObject) {
    changes.metadata_json = std::move(metadata);
  }
  if (auto problem = fields.finish()) return std::unexpected(*std::move(problem));
  if (metadata_problem) return std::unexpected(*metadata_problem);
  return changes;
}

// nullopt inside: everything there is.
std::expected<std::optional<model::MessageId>, http::Problem> read_up_to(const Call& call) {
  const auto body = read_optional_object(call.request);
  if (!body) return std::unexpected(body.error());
  JsonFields fields(*body);
  std::optional<model::MessageId> up_to;
  if (const auto text = fields.text("up_to")) {
    up_to = model::MessageId::parse(*text);
    if (!up_to) fields.fail("up_to", "Must be the id of a message.");
  }
  if (auto problem = fields.finish()) return std::unexpected(*std::move(problem));
  return up_to;
}

// ---- resources ----

boost::asio::awaitable<http::Response> list(Call& call) {
  const auto query = read_list_query(call);
  if (!query) co_return http::problem_response(query.error());
  auto start = [&](ports::Done<ports::ConversationList> done) {
    call.ports().conversations.list_conversations(query->filter, call.executor(), std::move(done));
  };
  const auto page = co_await http::await_done<ports::ConversationList>(start);
  JsonWriter json(512 * (page.conversations.size() + 1));
  json.begin_object();
  json.begin_array("conversations");
  for (const auto& conversation : page.conversations) write_conversation(json, conversation);
  json.end_array();
  const auto cursor = cursor_after(page.next_row, query->page);
  cursor ? json.text("next_cursor", *cursor) : json.null("next_cursor");
  json.end_object();
  co_return json_response(200, json);
}

boost::asio::awaitable<http::Response> show(Call& call) {
  const auto id = model::ConversationId::parse(call.request.param("id"));
  if (!id) co_return not_found();
  auto start = [&](ports::Done<Found> done) {
    call.ports().conversations.find_conversation(call.client().id, *id, call.executor(),
                                                 std::move(done));
  };
  const Found conversation = co_await http::await_done<Found>(start);
  co_return conversation_response(conversation);
}

boost::asio::awaitable<http::Response> list_messages(Call& call) {
  using Page = std::optional<ports::ThreadPage>;
  const auto id = model::ConversationId::parse(call.request.param("id"));
  if (!id) co_return not_found();
  const auto query = read_page_query(call.request, list_name(call, "thread " + id->to_string()));
  if (!query) co_return http::problem_response(query.error());
  const ports::ThreadFilter filter{.client = call.client().id,
                                   .conversation = *id,
                                   .after_row = query->before_row,
                                   .limit = query->limit};
  auto start = [&](ports::Done<Page> done) {
    call.ports().conversations.list_thread(filter, call.executor(), std::move(done));
  };
  const Page page = co_await http::await_done<Page>(start);
  if (!page) co_return not_found();
  JsonWriter json(1'024 * (page->messages.size() + 1));
  json.begin_object();
  json.begin_array("messages");
  for (const auto& message : page->messages) write_thread_message(json, message);
  json.end_array();
  const auto cursor = cursor_after(page->next_row, *query);
  cursor ? json.text("next_cursor", *cursor) : json.null("next_cursor");
  json.end_object();
  co_return json_response(200, json);
}

boost::asio::awaitable<http::Response> mark_read(Call& call) {
  const auto up_to = read_up_to(call);
  if (!up_to) co_return http::problem_response(up_to.error());
  const auto id = model::ConversationId::parse(call.request.param("id"));
  if (!id) co_return not_found();
  auto start = [&](ports::Done<Found> done) {
    call.ports().conversations.read_conversation(call.client().id, *id, *up_to, call.executor(),
                                                 std::move(done));
  };
  const Found conversation = co_await http::await_done<Found>(start);
  co_return conversation_response(conversation);
}

boost::asio::awaitable<http::Response> change(Call& call) {
  auto changes = read_changes(call);
  if (!changes) co_return http::problem_response(changes.error());
  const auto id = model::ConversationId::parse(call.request.param("id"));
  if (!id) co_return not_found();
  auto start = [&](ports::Done<Found> done) {
    call.ports().conversations.update_conversation(call.client().id, *id, std::move(*changes),
                                                   call.executor(), std::move(done));
  };
  const Found conversation = co_await http::await_done<Found>(start);
  co_return conversation_response(conversation);
}

}  // namespace

void add_conversations(Routes& routes) {
  using enum http::Method;
  routes.client(kGet, "/v1/conversations", model::kScopeRead, list);
  routes.client(kGet, "/v1/conversations/{id}", model::kScopeRead, show);
  routes.client(kPatch, "/v1/conversations/{id}", model::kScopeSend, change);
  routes.client(kGet, "/v1/conversations/{id}/messages", model::kScopeRead, list_messages);
  routes.client(kPost, "/v1/conversations/{id}/read", model::kScopeSend, mark_read);
}

}  // namespace heliograph::api
