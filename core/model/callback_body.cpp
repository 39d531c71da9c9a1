#include "core/model/callback_body.h"

#include <charconv>

#include "core/base/assert.h"
#include "core/base/json_text.h"
#include "core/base/time_text.h"

namespace heliograph::model {
namespace {

// Each byte may become six ("\u0000"): the six texts take 9 KB at most, and with the metadata,
// which is JSON already, less than the whole.
constexpr std::size_t kTextMax = 256;
constexpr std::size_t kMetadataMax = 8'192;

// At a character's beginning.
std::string_view cut(std::string_view text) {
  if (text.size() <= kTextMax) return text;
  std::size_t end = kTextMax;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end);
}

class Object {
 public:
  explicit Object(std::string& out) : out_(out) { out_ += '{'; }

  std::string& member(std::string_view name) {
    if (!first_) out_ += ',';
    first_ = false;
    base::append_json_string(out_, name);
    out_ += ':';
    return out_;
  }
  void text(std::string_view name, std::string_view value) {
    base::append_json_string(member(name), cut(value));
  }
  void text_unless_empty(std::string_view name, std::string_view value) {
    if (!value.empty()) text(name, value);
  }
  void integer(std::string_view name, std::int64_t value) { member(name) += std::to_string(value); }
  void end() { out_ += '}'; }

 private:
  std::string& out_;
  bool first_ = true;
};

}  // namespace

std::string callback_body(const CallbackFacts& facts) {
  std::string out;
  out.reserve(512);
  Object body(out);
  body.text("type", to_string(facts.event));
  body.text("timestamp", base::format_rfc3339(facts.at));
  Object data(body.member("data"));
  data.text("message_id", facts.message.to_string());
  data.text("status", to_string(facts.status));
  data.text_unless_empty("reason", to_string(facts.reason));
  data.text("channel", to_string(facts.channel));
  data.text("to", facts.to);
  data.text("from", facts.from);
  data.text_unless_empty("client_reference", facts.client_reference);
  data.text_unless_empty("provider", facts.provider);
  data.text_unless_empty("provider_message_id", facts.provider_message_id);
  data.text_unless_empty("error", facts.error);
  data.integer("attempts", facts.attempts);
  data.integer("parts", facts.parts);
  data.integer("cost_cents", facts.cost_cents);
  if (facts.possible_duplicate) data.member("possible_duplicate") += "true";
  data.text("created_at", base::format_rfc3339(facts.message.created_at()));
  const bool fits = facts.metadata_json.size() <= kMetadataMax;
  if (!facts.metadata_json.empty() && fits) data.member("metadata") += facts.metadata_json;
  data.end();
  body.end();
  HG_ASSERT(out.size() <= kCallbackBodyMax);
  return out;
}

std::string_view message_of_callback(std::string_view body) {
  constexpr std::string_view kBefore = R"("data":{"message_id":")";
  constexpr std::size_t kIdLength = 36;  // RFC 9562, 4
  const auto place = body.find(kBefore);
  if (place == std::string_view::npos) return {};
  const std::string_view id = body.substr(place + kBefore.size(), kIdLength);
  return id.size() == kIdLength ? id : std::string_view{};
}

}  // namespace heliograph::model
