#include "core/api/facades/messaging/conversation_shapes.h"

#include "core/api/facades/facade_words.h"

namespace heliograph::api::messaging {
namespace {

std::string_view object_or_empty(std::string_view json) { return json.empty() ? "{}" : json; }

void write_attachments(JsonWriter& json, const model::InboundView& message) {
  json.begin_array("attachments");
  if (message.content) {
    for (const model::Media& media : message.content->media) json.text_element(media.url);
  }
  json.end_array();
}

std::string_view body_of(const model::InboundView& message) {
  if (message.text.empty() && message.content) return message.content->html;
  return message.text;
}

}  // namespace

void write_conversation_members(JsonWriter& json, const model::Conversation& conversation) {
  json.text("id", conversation.id.to_string());
  json.text("participant_from", conversation.from);
  json.text("participant_to", conversation.to);
  json.text("channel_type", model::to_string(conversation.channel));
  json.text("type", model::to_string(conversation.type));
  json.text("status", model::to_string(conversation.status));
  facade::text_or_null(json, "title", conversation.title);
  if (conversation.last_message_at) {
    json.time("last_message_at", *conversation.last_message_at);
  } else {
    json.null("last_message_at");
  }
  json.count("message_count", conversation.message_count);
  json.count("unread_count", conversation.unread_count);
  json.time("created_at", conversation.id.created_at());
  json.time("updated_at", conversation.updated_at);
  json.raw("metadata", object_or_empty(conversation.metadata_json));
}

void write_conversation(JsonWriter& json, const model::Conversation& conversation) {
  json.begin_object();
  write_conversation_members(json, conversation);
  json.end_object();
}

// It is here, so it was delivered; when it was sent is the provider's to know.
void write_inbound(JsonWriter& json, const model::InboundView& message) {
  json.begin_object();
  json.text("id", message.id.to_string());
  facade::text_or_null(json, "conversation_id",
                       message.conversation ? message.conversation->to_string() : "");
  json.null("parent_id");
  facade::text_or_null(json, "provider", message.provider);
  facade::text_or_null(json, "provider_message_id", message.provider_message_id);
  json.text("direction", "inbound");
  json.text("status", "delivered");
  json.text("type", model::to_string(message.channel));
  json.text("from", message.from);
  json.text("to", message.to);
  facade::text_or_null(json, "body", body_of(message));
  write_attachments(json, message);
  if (message.sent_at) {
    json.time("sent_at", *message.sent_at);
  } else {
    json.null("sent_at");
  }
  json.time("delivered_at", message.received_at());
  json.time("created_at", message.received_at());
  json.time("updated_at", message.received_at());
  json.raw("metadata", "{}");
  json.end_object();
}

}  // namespace heliograph::api::messaging
