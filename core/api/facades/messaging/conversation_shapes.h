// Threads and messages that came in, in the shapes of the Messaging service. Pure; thread-safe.
#pragma once

#include "core/api/json_writer.h"
#include "core/model/conversation.h"

namespace heliograph::api::messaging {

// The members of one thread, without begin_object() and end_object(): it may show messages, too.
void write_conversation_members(JsonWriter& json, const model::Conversation& conversation);
void write_conversation(JsonWriter& json, const model::Conversation& conversation);

// A message that came in, with the members of one that went out.
void write_inbound(JsonWriter& json, const model::InboundView& message);

}  // namespace heliograph::api::messaging
