// The messages of a thread, both directions, as the Messaging service shows them.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>
#include <vector>

#include "core/api/endpoint.h"
#include "core/api/json_writer.h"
#include "core/ports/store_conversations.h"

namespace heliograph::api::messaging {

inline constexpr std::size_t kThreadMax = 100;  // messages shown with their thread: the oldest

// All of them throw http::OperationDropped when the store stops.

boost::asio::awaitable<std::optional<model::Conversation>> find_conversation(
    Call& call, model::ConversationId id);

// Up to `filter.limit` messages behind the first `skip`; none of a thread that is not there.
boost::asio::awaitable<std::vector<model::ThreadMessage>> read_thread(Call& call,
                                                                      ports::ThreadFilter filter,
                                                                      std::size_t skip);
// As elements of the open array.
boost::asio::awaitable<void> write_thread(Call& call,
                                          const std::vector<model::ThreadMessage>& messages,
                                          JsonWriter& json);

// {"messages", "total", "limit", "offset"}, or the 404, or the 422 for the query.
boost::asio::awaitable<http::Response> answer_thread(Call& call, model::ConversationId id,
                                                     bool newest_first);

}  // namespace heliograph::api::messaging
