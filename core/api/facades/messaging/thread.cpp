#include "core/api/facades/messaging/thread.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "core/api/facades/messaging/conversation_shapes.h"
#include "core/api/facades/messaging/list_query.h"
#include "core/api/facades/messaging/message_details.h"
#include "core/api/facades/messaging/shapes.h"
#include "core/api/message_json.h"
#include "core/http/await.h"

namespace heliograph::api::messaging {
namespace {

constexpr std::size_t kPage = 100;

}  // namespace

boost::asio::awaitable<std::optional<model::Conversation>> find_conversation(
    Call& call, model::ConversationId id) {
  using Found = std::optional<model::Conversation>;
  auto start = [&](ports::Done<Found> done) {
    call.ports().conversations.find_conversation(call.client().id, id, call.executor(),
                                                 std::move(done));
  };
  co_return co_await http::await_done<Found>(start);
}

boost::asio::awaitable<std::vector<model::ThreadMessage>> read_thread(Call& call,
                                                                      ports::ThreadFilter filter,
                                                                      std::size_t skip) {
  using Page = std::optional<ports::ThreadPage>;
  std::vector<model::ThreadMessage> found;
  const std::size_t wanted = filter.limit;
  while (found.size() < wanted) {
    filter.limit = std::min(skip + wanted - found.size(), kPage);
    auto start = [&](ports::Done<Page> done) {
      call.ports().conversations.list_thread(filter, call.executor(), std::move(done));
    };
    Page page = co_await http::await_done<Page>(start);
    if (!page) break;
    const std::size_t skipped = std::min(skip, page->messages.size());
    skip -= skipped;
    std::move(page->messages.begin() + static_cast<std::ptrdiff_t>(skipped), page->messages.end(),
              std::back_inserter(found));
    filter.after_row = page->next_row;
    if (page->next_row == 0) break;
  }
  co_return found;
}

boost::asio::awaitable<void> write_thread(Call& call,
                                          const std::vector<model::ThreadMessage>& messages,
                                          JsonWriter& json) {
  for (const model::ThreadMessage& message : messages) {
    if (const auto* inbound = std::get_if<model::InboundView>(&message)) {
      write_inbound(json, *inbound);
      continue;
    }
    const Shown shown = co_await complete(call, std::get<model::MessageView>(message));
    write_message(json, shown.message, shown.times);
  }
}

boost::asio::awaitable<http::Response> answer_thread(Call& call, model::ConversationId id,
                                                     bool newest_first) {
  const auto query = read_list_query(call.request);
  if (!query) co_return query.error();
  const auto conversation = co_await find_conversation(call, id);
  if (!conversation) co_return error(404, "Conversation not found");
  ports::ThreadFilter filter{.client = call.client().id, .conversation = id};
  filter.newest_first = newest_first;
  filter.limit = query->limit;
  const auto messages = co_await read_thread(call, filter, query->offset);
  JsonWriter json(1024 * (messages.size() + 1));
  json.begin_object();
  json.begin_array("messages");
  co_await write_thread(call, messages, json);
  json.end_array();
  json.count("total", conversation->message_count);
  json.count("limit", query->limit);
  json.count("offset", query->offset);
  json.end_object();
  co_return json_response(200, json);
}

}  // namespace heliograph::api::messaging
