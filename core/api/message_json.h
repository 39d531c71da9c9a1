// Messages, attempts and events as the API shows them. What is not known is left out, never null.
// Pure; thread-safe.
#pragma once

#include "core/api/json_writer.h"
#include "core/http/message.h"
#include "core/model/attempt.h"
#include "core/model/message.h"

namespace heliograph::api {

// Each writes one object: the document, or an element of an array.
void write_message(JsonWriter& json, const model::MessageView& message);
void write_attempt(JsonWriter& json, const model::AttemptView& attempt);
void write_event(JsonWriter& json, const model::EventView& event);

// {"message_id": "...", "status": "QUEUED"} with 202 and Location.
http::Response accepted_response(model::MessageId id, model::Status status);
http::Response json_response(unsigned status, JsonWriter& json);

}  // namespace heliograph::api
