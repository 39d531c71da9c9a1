// Channels: the ways a message can go, and everything in which they differ, as one table.
//
// A channel is data, not code: whoever reads, judges, prices or shows a message asks the table and
// has no branch for a channel by name. A new one is a row here (and a provider that carries it).
// Pure; thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace heliograph::model {

// Bits, as in the plugin ABI (HG_CH_*). Stored.
enum class Channel : std::uint8_t { kSms = 1, kEmail = 2, kMms = 4, kVoice = 8 };

// What a message may be made of; bits.
enum ContentField : std::uint8_t {
  kFieldText = 1,
  kFieldSubject = 2,
  kFieldHtml = 4,
  kFieldMedia = 8,
  kFieldAttachments = 16,
};

// What bounds a text: messages.text_max (characters), or messages.content_max (bytes, together with
// the HTML and the attachments).
enum class TextLimit : std::uint8_t { kTextMax, kContentMax };

struct ChannelInfo {
  Channel channel{};
  std::string_view name;    // in the API and the configuration
  bool open = false;        // messages can be sent over it; false: the name is only reserved
  bool telephony = false;   // sender and recipient are numbers, else e-mail addresses
  bool segmented = false;   // a text is cut into parts that are paid for; else one message is one
  std::uint8_t fields = 0;  // ContentField: what it may carry
  std::uint8_t needs_any = 0;  // of these at least one, or there is nothing to send
  TextLimit text_limit = TextLimit::kTextMax;

  bool may_carry(ContentField field) const { return (fields & field) != 0; }
};

// Every channel, reserved ones included.
std::span<const ChannelInfo> channels();
const ChannelInfo& channel_info(Channel channel);
// "text", "subject" ...: the field's name in the API.
std::string_view to_string(ContentField field);
// The fields of a mask for sentences: "text or media".
std::string list_fields(std::uint8_t fields);
// The open channels for sentences: "\"sms\", \"mms\" or \"email\"", or with another word before the
// last.
std::string list_open_channels(std::string_view before_last = " or ");

std::string_view to_string(Channel channel);  // "sms"
std::optional<Channel> parse_channel(std::string_view text);
// The same for channels that messages can be sent over.
std::optional<Channel> parse_open_channel(std::string_view text);

}  // namespace heliograph::model
