#include "core/api/message_json.h"

#include <string>

namespace heliograph::api {

// The attachments' bytes are not shown: they would be most of the answer, and the client has them.
void write_content(JsonWriter& json, const model::ContentView& content) {
  json.text_unless_empty("subject", content.subject);
  json.text_unless_empty("html", content.html);
  if (!content.media.empty()) {
    json.begin_array("media");
    for (const model::Media& media : content.media) json.text_element(media.url);
    json.end_array();
  }
  if (content.attachments.empty()) return;
  json.begin_array("attachments");
  for (const model::AttachmentView& attachment : content.attachments) {
    json.begin_object();
    json.text("filename", attachment.name);
    json.text("content_type", attachment.content_type);
    json.count("size", attachment.size);
    json.end_object();
  }
  json.end_array();
}

void write_message(JsonWriter& json, const model::MessageView& message,
                   const AcceptedMembers& accepted) {
  json.begin_object();
  if (accepted.message_id) json.text("message_id", message.id.to_string());
  json.text_unless_empty("otp_code", accepted.otp_code);
  write_message_members(json, message);
  json.end_object();
}

void write_message_members(JsonWriter& json, const model::MessageView& message) {
  json.text("id", message.id.to_string());
  write_message_state(json, message);
  json.text("to", message.to);
  json.text("from", message.from);
  json.text("text", message.text);
  if (message.content) write_content(json, *message.content);
  json.text("priority", model::to_string(message.lane));
  json.text("in_doubt", model::to_string(message.in_doubt));
  write_message_counts(json, message);
  json.text_unless_empty("callback_url", message.callback_url);
  write_message_route(json, message);
  json.text_unless_empty("last_error", message.last_error);
  if (message.conversation) json.text("conversation_id", message.conversation->to_string());
  if (message.possible_duplicate) json.boolean("possible_duplicate", true);
  if (!message.metadata_json.empty()) json.raw("metadata", message.metadata_json);
  write_message_times(json, message);
}

void write_message_state(JsonWriter& json, const model::MessageView& message) {
  json.text("status", model::to_string(message.status));
  json.text_unless_empty("reason", model::to_string(message.reason));
  json.text("channel", model::to_string(message.channel));
}

void write_message_counts(JsonWriter& json, const model::MessageView& message) {
  json.count("parts", message.parts);
  json.integer("cost_cents", message.cost_cents);
  json.count("attempts", message.attempts);
  json.text_unless_empty("client_reference", message.client_reference);
}

void write_message_route(JsonWriter& json, const model::MessageView& message) {
  json.text_unless_empty("provider", message.provider);
  json.text_unless_empty("pinned_provider", message.pinned_provider);
  json.text_unless_empty("provider_message_id", message.provider_message_id);
}

void write_message_times(JsonWriter& json, const model::MessageView& message) {
  json.time("created_at", message.created_at);
  json.time("updated_at", message.updated_at);
  if (message.send_at) json.time("send_at", *message.send_at);
  json.text_unless_empty("schedule_reason", model::to_string(message.schedule_reason));
  json.time("expires_at", message.expires_at);
}

void write_attempt(JsonWriter& json, const model::AttemptView& attempt) {
  json.begin_object();
  json.count("number", attempt.number);
  json.text("provider", attempt.provider);
  if (attempt.outcome) json.text("outcome", model::to_string(*attempt.outcome));
  if (attempt.status_code != 0) json.integer("status_code", attempt.status_code);
  json.text_unless_empty("provider_message_id", attempt.provider_message_id);
  json.text_unless_empty("detail", attempt.detail);
  json.time("started_at", attempt.started_at);
  if (attempt.finished_at) json.time("finished_at", *attempt.finished_at);
  json.end_object();
}

void write_event(JsonWriter& json, const model::EventView& event) {
  json.begin_object();
  json.text("status", event.status);
  json.time("at", event.at);
  json.text_unless_empty("detail", event.detail);
  json.end_object();
}

http::Response json_response(unsigned status, JsonWriter& json) {
  http::Response response;
  response.status = status;
  response.content_type = "application/json";
  response.body = json.take();
  return response;
}

namespace {

http::Response accepted(model::MessageId id, model::Status status, std::string_view otp_code,
                        std::optional<model::TimePoint> held_until) {
  const std::string text = id.to_string();
  JsonWriter json(80);
  json.begin_object();
  json.text("message_id", text);
  json.text("status", model::to_string(status));
  json.text_unless_empty("otp_code", otp_code);
  if (held_until) {
    json.time("send_at", *held_until);
    json.text("schedule_reason", model::to_string(model::ScheduleReason::kQuietHours));
  }
  json.end_object();
  http::Response response = json_response(202, json);
  response.headers.emplace_back("Location", "/v1/messages/" + text);
  return response;
}

}  // namespace

http::Response accepted_response(model::MessageId id, model::Status status,
                                 std::string_view otp_code) {
  return accepted(id, status, otp_code, std::nullopt);
}

http::Response held_response(model::MessageId id, model::TimePoint until,
                             std::string_view otp_code) {
  return accepted(id, model::Status::kScheduled, otp_code, until);
}

}  // namespace heliograph::api
