// Messages, attempts and events as the API shows them. What is not known is left out, never null.
// Pure; thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "core/api/json_writer.h"
#include "core/http/message.h"
#include "core/model/attempt.h"
#include "core/model/message.h"

namespace heliograph::api {

// What an answer to a new message says beside its state.
struct AcceptedMembers {
  bool message_id = false;  // the id again, by the name that such answers give it
  std::string otp_code;     // empty: none
};

// Each writes one object: the document, or an element of an array.
void write_message(JsonWriter& json, const model::MessageView& message,
                   const AcceptedMembers& accepted = {});
// The same without begin_object() and end_object().
void write_message_members(JsonWriter& json, const model::MessageView& message);
// Parts of it that operators are shown in the same words (admin_json.h).
void write_message_state(JsonWriter& json, const model::MessageView& message);   // "status" ...
void write_message_counts(JsonWriter& json, const model::MessageView& message);  // "parts" ...
void write_message_route(JsonWriter& json, const model::MessageView& message);   // "provider" ...
void write_message_times(JsonWriter& json, const model::MessageView& message);   // "created_at" ...
// "subject", "html", "media", "attachments", where there are any.
void write_content(JsonWriter& json, const model::ContentView& content);
void write_attempt(JsonWriter& json, const model::AttemptView& attempt);
void write_event(JsonWriter& json, const model::EventView& event);

// {"message_id": "...", "status": "QUEUED"} with 202 and Location; `otp_code` where there is one.
http::Response accepted_response(model::MessageId id, model::Status status,
                                 std::string_view otp_code = {});
http::Response json_response(unsigned status, JsonWriter& json);

// The same for a message that quiet hours hold back until then.
http::Response held_response(model::MessageId id, model::TimePoint until,
                             std::string_view otp_code = {});

}  // namespace heliograph::api
