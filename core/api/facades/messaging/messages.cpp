// GET /api/v1/messages/, /api/v1/messages/{id}, PATCH .../status and POST .../retry: what became of
// the messages of facades.client.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/api/endpoint.h"
#include "core/api/facades/messaging/conversation_shapes.h"
#include "core/api/facades/messaging/list_query.h"
#include "core/api/facades/messaging/message_details.h"
#include "core/api/facades/messaging/messaging.h"
#include "core/api/facades/messaging/receipts.h"
#include "core/api/facades/messaging/shapes.h"
#include "core/api/facades/messaging/thread.h"
#include "core/api/message_json.h"
#include "core/api/message_wait.h"
#include "core/http/await.h"

namespace heliograph::api::messaging {
namespace {

constexpr std::size_t kPage = 100;

http::Response not_found() { return error(404, "Message not found"); }

http::Response show(const Shown& shown) {
  JsonWriter json(1024);
  write_message(json, shown.message, shown.times);
  return json_response(200, json);
}

boost::asio::awaitable<http::Response> show_id(Call& call, model::MessageId id) {
  const auto shown = co_await find_shown(call, id);
  if (!shown) co_return not_found();
  co_return show(*shown);
}

boost::asio::awaitable<std::optional<model::InboundView>> find_inbound(Call& call,
                                                                       model::MessageId id) {
  using Found = std::optional<model::InboundView>;
  auto start = [&](ports::Done<Found> done) {
    call.ports().conversations.find_inbound(call.client().id, id, call.executor(), std::move(done));
  };
  co_return co_await http::await_done<Found>(start);
}

boost::asio::awaitable<http::Response> get_message(Call& call) {
  const auto id = model::MessageId::parse(call.request.param("id"));
  if (!id) co_return not_found();
  const auto shown = co_await find_shown(call, *id);
  if (shown) co_return show(*shown);
  const auto inbound = co_await find_inbound(call, *id);
  if (!inbound) co_return not_found();
  JsonWriter json(1024);
  write_inbound(json, *inbound);
  co_return json_response(200, json);
}

// ---- the list ----

boost::asio::awaitable<std::uint64_t> count(Call& call, const ListQuery& query) {
  auto start = [&](ports::Done<ports::MessageCounts> done) {
    call.ports().queries.count_messages(call.client().id, std::nullopt, call.executor(),
                                        std::move(done));
  };
  const auto counts = co_await http::await_done<ports::MessageCounts>(start);
  std::uint64_t total = 0;
  for (const ports::MessageCount& group : counts.groups) {
    if (query.fits(group.status)) total += group.messages;
  }
  co_return total;
}

// Newest first. What the offset leaves out has to be read, too: the store pages by key.
boost::asio::awaitable<std::vector<model::MessageView>> read_list(Call& call,
                                                                  const ListQuery& query) {
  std::vector<model::MessageView> found;
  if (query.matches_nothing()) co_return found;
  ports::MessageFilter filter;
  filter.client = call.client().id;
  filter.statuses = query.statuses.value_or(std::vector<model::Status>{});
  std::size_t skip = query.offset;
  // A filter that matches little makes pages short, so there are more of them.
  for (int pages = 0; found.size() < query.limit && pages < ListQuery::kPagesMax; ++pages) {
    filter.limit = std::min(skip + query.limit - found.size(), kPage);
    auto start = [&](ports::Done<ports::MessageList> done) {
      call.ports().queries.list_messages(filter, call.executor(), std::move(done));
    };
    auto page = co_await http::await_done<ports::MessageList>(start);
    const std::size_t skipped = std::min(skip, page.messages.size());
    skip -= skipped;
    std::move(page.messages.begin() + static_cast<std::ptrdiff_t>(skipped), page.messages.end(),
              std::back_inserter(found));
    filter.before_row = page.next_row;
    if (page.next_row == 0) break;
  }
  co_return found;
}

boost::asio::awaitable<http::Response> list_messages(Call& call) {
  const auto query = read_list_query(call.request);
  if (!query) co_return query.error();
  if (!query->conversation_id.empty()) {
    const auto id = model::ConversationId::parse(query->conversation_id);
    if (!id) co_return error(404, "Conversation not found");
    co_return co_await answer_thread(call, *id, true);
  }
  auto messages = co_await read_list(call, *query);
  const std::uint64_t total = query->matches_nothing() ? 0 : co_await count(call, *query);
  JsonWriter json(1024 * (messages.size() + 1));
  json.begin_object();
  json.begin_array("messages");
  for (model::MessageView& message : messages) {
    const Shown shown = co_await complete(call, std::move(message));
    write_message(json, shown.message, shown.times);
  }
  json.end_array();
  json.count("total", total);
  json.count("limit", query->limit);
  json.count("offset", query->offset);
  json.end_object();
  co_return json_response(200, json);
}

// ---- changes ----

// For one that cannot be changed, because it came in or is not there.
boost::asio::awaitable<http::Response> not_ours(Call& call, model::MessageId id) {
  const auto inbound = co_await find_inbound(call, id);
  co_return inbound ? error(400, "A message that came in cannot be changed.") : not_found();
}

boost::asio::awaitable<http::Response> retry_message(Call& call) {
  const auto id = model::MessageId::parse(call.request.param("id"));
  if (!id) co_return not_found();
  const auto message = co_await find_message(call, *id);
  if (!message) co_return co_await not_ours(call, *id);
  if (message->status == model::Status::kUnknown) {
    co_return error(400, "Message cannot be retried: it may have been sent");
  }
  if (message->status == model::Status::kCancelled) {
    co_return error(400, "Message cannot be retried: it was given up; send it anew");
  }
  auto start = [&](ports::Done<ports::RequeueResult> done) {
    const auto validity = call.context.settings.messages.validity;
    call.ports().store.requeue(call.client().id, *id, validity, call.executor(), std::move(done));
  };
  const auto result = co_await http::await_done<ports::RequeueResult>(start);
  if (std::holds_alternative<ports::NotFound>(result)) co_return not_found();
  if (const auto* other = std::get_if<ports::Conflict>(&result)) {
    co_return error(400, fmt::format("Message cannot be retried: its status is {}",
                                     status_word(other->status)));
  }
  if (std::holds_alternative<ports::InsufficientCredit>(result)) {
    co_return error(402, "The client of this interface has too little credit.");
  }
  if (std::holds_alternative<ports::OptedOut>(result)) {
    co_return error(400, "Message cannot be retried: its recipient has opted out");
  }
  co_return co_await show_id(call, *id);
}

http::Response cannot_become(std::string_view now, std::string_view wanted) {
  return error(400, fmt::format("A message that is {} cannot become {}: providers' reports say "
                                "what became of it",
                                now, wanted));
}

boost::asio::awaitable<bool> cancel(Call& call, model::MessageId id) {
  auto start = [&](ports::Done<ports::CancelResult> done) {
    call.ports().store.cancel(call.client().id, id, call.executor(), std::move(done));
  };
  const auto result = co_await http::await_done<ports::CancelResult>(start);
  co_return std::holds_alternative<ports::Cancelled>(result);
}

// The service wrote any status into its row. Here a status is what happened: one that waits can be
// given up ("failed"), one that was sent can be reported delivered, and naming the present one
// changes nothing.
boost::asio::awaitable<http::Response> patch_status(Call& call) {
  const auto wanted = read_status(call.request);
  if (!wanted) co_return wanted.error();
  const auto id = model::MessageId::parse(call.request.param("id"));
  if (!id) co_return not_found();
  const auto message = co_await find_message(call, *id);
  if (!message) co_return co_await not_ours(call, *id);
  const std::string_view now = status_word(message->status);
  bool done = now == *wanted;
  if (!done && *wanted == "failed") done = co_await cancel(call, *id);
  if (!done && *wanted == "delivered" && message->status == model::Status::kSent) {
    done = co_await report_delivered(call, *message);
  }
  if (!done) co_return cannot_become(now, *wanted);
  co_return co_await show_id(call, *id);
}

}  // namespace

void add_messages(Routes& routes) {
  using enum http::Method;
  routes.facade(kGet, "/api/v1/messages", kManners, list_messages);
  routes.facade(kGet, "/api/v1/messages/", kManners, list_messages);
  routes.facade(kGet, "/api/v1/messages/{id}", kManners, get_message);
  routes.facade(kPatch, "/api/v1/messages/{id}/status", kManners, patch_status);
  routes.facade(kPost, "/api/v1/messages/{id}/retry", kManners, retry_message);
}

}  // namespace heliograph::api::messaging
