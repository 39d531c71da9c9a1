#include "core/model/received_body.h"

#include "core/base/assert.h"
#include "core/base/json_text.h"
#include "core/base/time_text.h"
#include "core/model/callback.h"
#include "core/model/callback_body.h"

namespace heliograph::model {
namespace {

// In bytes of JSON, where one of a text may take six ("\u0000"). The five short texts of others
// take 8 KB at most.
constexpr std::size_t kShortMax = 256;  // bytes of text
constexpr std::size_t kTextJsonMax = 6'000;
constexpr std::size_t kMediaJsonMax = 4'000;

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// Never inside a character.
std::string_view cut(std::string_view text, std::size_t max) {
  if (text.size() <= max) return text;
  std::size_t end = max;
  while (end > 0 && is_continuation(text[end])) --end;
  return text.substr(0, end);
}

std::string json_string(std::string_view text) {
  std::string out;
  base::append_json_string(out, text);
  return out;
}

// The longest beginning of `text` whose JSON has at most `max` bytes.
std::string bounded_json_string(std::string_view text, std::size_t max, bool& truncated) {
  std::string_view kept = cut(text, max);
  std::string out = json_string(kept);
  while (out.size() > max) {
    kept = cut(kept, kept.size() * max / out.size());
    out = json_string(kept);
  }
  truncated = truncated || kept.size() < text.size();
  return out;
}

class Members {
 public:
  void raw(std::string_view name, std::string_view json) {
    out_ += out_.empty() ? '{' : ',';
    base::append_json_string(out_, name);
    out_ += ':';
    out_ += json;
  }
  void text(std::string_view name, std::string_view value) {
    if (!value.empty()) raw(name, json_string(cut(value, kShortMax)));
  }
  std::string finish() && {
    out_ += '}';
    return std::move(out_);
  }

 private:
  std::string out_;
};

std::string media_json(const std::vector<Media>& media, bool& truncated) {
  std::string out = "[";
  for (const Media& medium : media) {
    const std::string url = json_string(medium.url);
    if (out.size() + url.size() > kMediaJsonMax) {
      truncated = true;
      break;
    }
    if (out.size() > 1) out += ',';
    out += url;
  }
  return out + ']';
}

}  // namespace

std::string received_body(const InboundMessage& message, MessageId id, ConversationId conversation,
                          OptOutWish wish) {
  bool truncated = !message.content.html.empty();
  Members data;
  data.text("message_id", id.to_string());
  data.text("conversation_id", conversation.to_string());
  data.text("channel", to_string(message.channel));
  data.text("from", message.from);
  data.text("to", message.to);
  data.raw("text", bounded_json_string(message.text, kTextJsonMax, truncated));
  data.text("subject", message.content.subject);
  truncated = truncated || message.content.subject.size() > kShortMax;
  if (!message.content.media.empty()) {
    data.raw("media", media_json(message.content.media, truncated));
  }
  data.text("opt_out", to_string(wish));
  data.text("provider", message.provider);
  data.text("provider_message_id", message.provider_message_id);
  if (truncated) data.raw("truncated", "true");
  if (message.at) data.text("sent_at", base::format_rfc3339(*message.at));
  data.text("received_at", base::format_rfc3339(id.created_at()));
  Members body;
  body.text("type", to_string(CallbackEvent::kReceived));
  body.text("timestamp", base::format_rfc3339(id.created_at()));
  body.raw("data", std::move(data).finish());
  std::string out = std::move(body).finish();
  HG_ASSERT(out.size() <= kCallbackBodyMax);
  return out;
}

}  // namespace heliograph::model
