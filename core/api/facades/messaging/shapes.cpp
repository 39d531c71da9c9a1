#include "core/api/facades/messaging/shapes.h"

#include <algorithm>
#include <iterator>

#include "core/api/message_json.h"

namespace heliograph::api::messaging {
namespace {

void time_or_null(JsonWriter& json, std::string_view name, std::optional<model::TimePoint> time) {
  if (!time) return json.null(name);
  json.time(name, *time);
}

// An e-mail in HTML has no other text.
std::string_view body_of(const model::MessageView& message) {
  if (message.text.empty() && message.content) return message.content->html;
  return message.text;
}

void write_attachments(JsonWriter& json, const model::MessageView& message) {
  json.begin_array("attachments");
  if (message.content) {
    for (const model::Media& media : message.content->media) json.text_element(media.url);
  }
  json.end_array();
}

}  // namespace

http::Response too_many() {
  JsonWriter json;
  json.begin_object();
  json.text("error", "Rate limit exceeded");
  json.text("message", "Too many requests. Please try again later.");
  json.end_object();
  return json_response(429, json);
}

std::string_view status_word(model::Status status) {
  using enum model::Status;
  switch (status) {
    case kScheduled:
    case kQueued:
      return "pending";
    case kSending:
    case kUnknown:
      return "sending";
    case kSent:
      return "sent";
    case kDelivered:
      return "delivered";
    case kFailedTemp:
      return "retry";
    case kFailedPerm:
    case kExpired:
    case kCancelled:
      break;
  }
  return "failed";
}

std::optional<std::vector<model::Status>> statuses_of(std::string_view word) {
  std::vector<model::Status> found;
  std::ranges::copy_if(facade::kAllStatuses, std::back_inserter(found),
                       [&](model::Status status) { return status_word(status) == word; });
  if (found.empty() && word != "queued") return std::nullopt;
  return found;
}

void write_message(JsonWriter& json, const model::MessageView& message, const Times& times) {
  json.begin_object();
  json.text("id", message.id.to_string());
  text_or_null(json, "conversation_id",
               message.conversation ? message.conversation->to_string() : "");
  text_or_null(json, "parent_id", message.client_reference);
  text_or_null(json, "provider", message.provider);
  text_or_null(json, "provider_message_id", message.provider_message_id);
  json.text("direction", "outbound");
  json.text("status", status_word(message.status));
  json.text("type", model::to_string(message.channel));
  json.text("from", message.from);
  json.text("to", message.to_given.empty() ? message.to : message.to_given);
  text_or_null(json, "body", body_of(message));
  write_attachments(json, message);
  time_or_null(json, "sent_at", times.sent);
  time_or_null(json, "delivered_at", times.delivered);
  json.time("created_at", message.created_at);
  json.time("updated_at", message.updated_at);
  json.raw("metadata", message.metadata_json.empty() ? "{}" : message.metadata_json);
  json.end_object();
}

}  // namespace heliograph::api::messaging
