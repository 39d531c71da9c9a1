// Conversations, inbound messages and opt-outs as JSON. Pure; thread-safe.
#pragma once

#include "core/api/json_writer.h"
#include "core/model/conversation.h"
#include "core/model/opt_out.h"

namespace heliograph::api {

// Each writes one object: the document, or an element of an array.
void write_conversation(JsonWriter& json, const model::Conversation& conversation);
// Whichever way it went: `direction` tells.
void write_thread_message(JsonWriter& json, const model::ThreadMessage& message);
void write_opt_out(JsonWriter& json, const model::OptOut& opt_out);

}  // namespace heliograph::api
