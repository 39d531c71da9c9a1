#include "core/model/channel.h"

#include <array>

#include "core/base/assert.h"

namespace heliograph::model {
namespace {

// In the order in which sentences name them.
constexpr std::array<ChannelInfo, 4> kChannels{{
    {.channel = Channel::kSms,
     .name = "sms",
     .open = true,
     .telephony = true,
     .segmented = true,
     .fields = kFieldText,
     .needs_any = kFieldText,
     .text_limit = TextLimit::kTextMax},
    {.channel = Channel::kMms,
     .name = "mms",
     .open = true,
     .telephony = true,
     .segmented = false,
     .fields = kFieldText | kFieldMedia,
     .needs_any = kFieldText | kFieldMedia,
     .text_limit = TextLimit::kTextMax},
    {.channel = Channel::kEmail,
     .name = "email",
     .open = true,
     .telephony = false,
     .segmented = false,
     .fields = kFieldText | kFieldSubject | kFieldHtml | kFieldAttachments,
     .needs_any = kFieldText | kFieldHtml,
     .text_limit = TextLimit::kContentMax},
    {.channel = Channel::kVoice,
     .name = "voice",
     .open = false,
     .telephony = true,
     .segmented = false,
     .fields = kFieldText,
     .needs_any = kFieldText,
     .text_limit = TextLimit::kTextMax},
}};

constexpr std::array kFields{kFieldText, kFieldSubject, kFieldHtml, kFieldMedia, kFieldAttachments};

void add_to_list(std::string& list, std::string_view word, std::string_view separator) {
  if (!list.empty()) list += separator;
  list += word;
}

const ChannelInfo* find_channel(std::string_view name) {
  for (const ChannelInfo& info : kChannels) {
    if (info.name == name) return &info;
  }
  return nullptr;
}

}  // namespace

std::span<const ChannelInfo> channels() { return kChannels; }

const ChannelInfo& channel_info(Channel channel) {
  for (const ChannelInfo& info : kChannels) {
    if (info.channel == channel) return info;
  }
  // A value without a row cannot come from outside: whoever reads numbers checks them.
  constexpr bool kChannelHasRow = false;
  HG_ASSERT(kChannelHasRow);
  return kChannels.front();
}

std::string_view to_string(ContentField field) {
  switch (field) {
    case kFieldText:
      return "text";
    case kFieldSubject:
      return "subject";
    case kFieldHtml:
      return "html";
    case kFieldMedia:
      return "media";
    case kFieldAttachments:
      return "attachments";
  }
  return {};
}

std::string list_fields(std::uint8_t fields) {
  std::string list;
  std::uint8_t left = fields;
  for (const ContentField field : kFields) {
    if ((left & field) == 0) continue;
    left = static_cast<std::uint8_t>(left & ~field);
    add_to_list(list, to_string(field), left == 0 ? " or " : ", ");
  }
  return list;
}

std::string list_open_channels(std::string_view before_last) {
  std::size_t left = 0;
  for (const ChannelInfo& info : kChannels) left += info.open ? 1 : 0;
  std::string list;
  for (const ChannelInfo& info : kChannels) {
    if (!info.open) continue;
    add_to_list(list, '"' + std::string(info.name) + '"', --left == 0 ? before_last : ", ");
  }
  return list;
}

std::string_view to_string(Channel channel) { return channel_info(channel).name; }

std::optional<Channel> parse_channel(std::string_view text) {
  const ChannelInfo* info = find_channel(text);
  return info == nullptr ? std::nullopt : std::optional(info->channel);
}

std::optional<Channel> parse_open_channel(std::string_view text) {
  const ChannelInfo* info = find_channel(text);
  return info == nullptr || !info->open ? std::nullopt : std::optional(info->channel);
}

}  // namespace heliograph::model
