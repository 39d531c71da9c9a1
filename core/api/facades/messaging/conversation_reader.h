// What clients of the Messaging service ask of threads: queries and bodies. Pure; thread-safe.
#pragma once

#include <expected>
#include <string>

#include "core/http/message.h"
#include "core/ports/store_conversations.h"

namespace heliograph::api::messaging {

// The error of each is the 422 (or 415) to send. Whose threads they are is left to the caller.

// participant=, channel_type=, status=, type=, limit= (1 to 100), offset= (0 to 10000).
std::expected<ports::ConversationFilter, http::Response> read_conversation_query(
    const http::Request& request);
// {"query": "...", "limit": 50}
std::expected<ports::ConversationFilter, http::Response> read_search(const http::Request& request);
// {participant_from, participant_to, channel_type, type?, title?, metadata?}
std::expected<ports::NewConversation, http::Response> read_new_conversation(
    const http::Request& request);
// {status?, title?, metadata?}
std::expected<ports::ConversationChanges, http::Response> read_conversation_changes(
    const http::Request& request);

// A truth value of the query as FastAPI reads it; false where it is not given.
std::expected<bool, http::Response> read_flag(const http::Request& request, std::string_view name);

}  // namespace heliograph::api::messaging
