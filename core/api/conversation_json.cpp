#include "core/api/conversation_json.h"

#include "core/api/message_json.h"

namespace heliograph::api {
namespace {

struct ThreadWriter {
  JsonWriter& json;

  void operator()(const model::MessageView& message) const {
    json.text("direction", model::to_string(model::Direction::kOutbound));
    write_message_members(json, message);
  }

  void operator()(const model::InboundView& message) const {
    json.text("direction", model::to_string(model::Direction::kInbound));
    json.text("id", message.id.to_string());
    json.text("channel", model::to_string(message.channel));
    json.text("from", message.from);
    json.text("to", message.to);
    json.text("text", message.text);
    if (message.content) write_content(json, *message.content);
    json.text("provider", message.provider);
    json.text_unless_empty("provider_message_id", message.provider_message_id);
    if (message.conversation) json.text("conversation_id", message.conversation->to_string());
    json.boolean("read", message.read);
    if (message.sent_at) json.time("sent_at", *message.sent_at);
    json.time("created_at", message.received_at());
  }
};

}  // namespace

void write_conversation(JsonWriter& json, const model::Conversation& conversation) {
  json.begin_object();
  json.text("id", conversation.id.to_string());
  json.text("channel", model::to_string(conversation.channel));
  json.text("own_address", conversation.ours());
  json.text("peer_address", conversation.theirs());
  json.text("status", model::to_string(conversation.status));
  json.text_unless_empty("title", conversation.title);
  if (!conversation.metadata_json.empty()) json.raw("metadata", conversation.metadata_json);
  json.count("message_count", conversation.message_count);
  json.count("unread_count", conversation.unread_count);
  if (conversation.last_message_at) json.time("last_message_at", *conversation.last_message_at);
  json.time("created_at", conversation.id.created_at());
  json.time("updated_at", conversation.updated_at);
  json.end_object();
}

void write_thread_message(JsonWriter& json, const model::ThreadMessage& message) {
  json.begin_object();
  std::visit(ThreadWriter{json}, message);
  json.end_object();
}

void write_opt_out(JsonWriter& json, const model::OptOut& opt_out) {
  json.begin_object();
  json.text("recipient", opt_out.recipient);
  json.text_unless_empty("sender", opt_out.sender);
  json.text("origin", model::to_string(opt_out.origin));
  json.text_unless_empty("keyword", opt_out.keyword);
  json.time("created_at", opt_out.at);
  json.end_object();
}

}  // namespace heliograph::api
