#include "core/plugin/abi_report.h"

#include <bit>
#include <optional>

#include "core/base/text.h"
#include "core/model/addresses.h"
#include "core/model/channel.h"
#include "core/plugin/abi_message.h"
#include "core/plugin/abi_text.h"

namespace heliograph::plugin {
namespace {

constexpr std::size_t kIdMax = 256;
constexpr std::size_t kCodeMax = 64;
constexpr std::size_t kDetailMax = 500;
constexpr std::size_t kAddressMax = 320;      // of an e-mail with a short name before it
constexpr std::size_t kSubjectMax = 998;      // a line of a mail (RFC 5322, 2.1.1)
constexpr std::size_t kTextMax = 256 * 1024;  // what is longer is cut
constexpr std::size_t kMediaMax = 64;

model::ReceiptState state_of(std::uint32_t state) {
  return state <= HG_RCPT_REJECTED ? static_cast<model::ReceiptState>(state)
                                   : model::ReceiptState::kUnknown;
}

std::string joined(const std::string& code, const std::string& detail) {
  if (code.empty() || detail.empty()) return code + detail;
  return code + ": " + detail;
}

std::optional<model::TimePoint> time_of(const hg_event& event) {
  if (event.at_unix_ns == 0) return std::nullopt;
  const std::chrono::nanoseconds since{event.at_unix_ns};
  return model::TimePoint{std::chrono::floor<std::chrono::milliseconds>(since)};
}

model::Receipt to_receipt(model::ProviderKey provider, const hg_event& event) {
  return {.provider = provider,
          .state = state_of(event.receipt_state),
          .provider_message_id = clean_text(view_of(event.provider_msg_id), kIdMax),
          .message_id = echoed_id(view_of(event.message_id)),
          .dedup_key = clean_text(view_of(event.dedup_key), kIdMax),
          .detail = joined(clean_text(view_of(event.provider_code), kCodeMax),
                           clean_text(view_of(event.detail), kDetailMax)),
          .at = time_of(event)};
}

std::optional<model::Channel> channel_of(std::uint32_t bits) {
  if (!std::has_single_bit(bits)) return std::nullopt;
  for (const model::ChannelInfo& info : model::channels()) {
    if (info.open && static_cast<std::uint32_t>(info.channel) == bits) return info.channel;
  }
  return std::nullopt;
}

// Of the parts only what a thread can show; attachments are not kept.
void read_parts(const hg_message& message, model::InboundMessage& out) {
  for (std::size_t i = 0; message.parts != nullptr && i < message.n_parts; ++i) {
    const hg_part part = copy_sized(HG_AT(message.parts, i));
    if (part.kind == HG_PART_ALTERNATIVE) {
      out.content.html = clean_text(view_of(part.body), kTextMax);
    } else if (part.kind == HG_PART_MEDIA && out.content.media.size() < kMediaMax &&
               model::is_web_address(view_of(part.url))) {
      out.content.media.push_back({.url = std::string(view_of(part.url)),
                                   .content_type = clean_text(view_of(part.content_type), kIdMax)});
    }
  }
}

std::expected<model::InboundMessage, std::string> to_inbound(const std::string& provider,
                                                             const hg_event& event) {
  if (event.message == nullptr) return std::unexpected("an inbound event without a message");
  const hg_message message = copy_sized(event.message);
  const auto channel = channel_of(message.channel);
  if (!channel) return std::unexpected("an inbound message without a channel");
  model::InboundMessage out{.provider = provider, .channel = *channel};
  out.provider_message_id = clean_text(view_of(event.provider_msg_id), kIdMax);
  out.dedup_key = clean_text(view_of(event.dedup_key), kIdMax);
  out.from = clean_text(view_of(message.from), kAddressMax);
  out.to = clean_text(view_of(message.to), kAddressMax);
  if (out.from.empty() || out.to.empty()) {
    return std::unexpected("an inbound message without from or to");
  }
  out.content.subject = clean_text(view_of(message.subject), kSubjectMax);
  const bool html = base::to_lower_ascii(view_of(message.content_type)).starts_with("text/html");
  (html ? out.content.html : out.text) = clean_text(view_of(message.body), kTextMax);
  read_parts(message, out);
  out.at = time_of(event);
  return out;
}

}  // namespace

std::expected<ports::ProviderReport, std::string> to_report(model::ProviderKey provider,
                                                            const std::string& name,
                                                            const hg_event* const* events,
                                                            std::size_t n) {
  ports::ProviderReport report;
  for (std::size_t i = 0; i < n; ++i) {
    if (events[i] == nullptr) return std::unexpected("an event is NULL");
    const hg_event event = copy_sized(events[i]);
    if (event.kind == HG_EV_RECEIPT) {
      report.receipts.push_back(to_receipt(provider, event));
    } else if (event.kind == HG_EV_INBOUND) {
      auto message = to_inbound(name, event);
      if (!message) return std::unexpected(std::move(message.error()));
      report.inbound.push_back(*std::move(message));
    } else {
      return std::unexpected("an event of an unknown kind");
    }
  }
  return report;
}

}  // namespace heliograph::plugin
