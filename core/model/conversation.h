// Conversations: what two addresses have said to one another over one channel, and what came in.
//
// A thread belongs to a client and is known by the unordered pair of its addresses and the channel
// (an SMS and an MMS between the same two numbers are two threads, as the channel of each message
// says). Inbound messages always join one or start it; outgoing ones where their client or facade
// wants it. Values only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/model/channel.h"
#include "core/model/content.h"
#include "core/model/ids.h"
#include "core/model/message.h"

namespace heliograph::model {

// Of the same form as messages' ids, and given out by the same generator: ids of messages that went
// out, messages that came in and conversations are all different and grow in the order of making.
using ConversationId = MessageId;

// Stored: append only, all of these.
enum class Direction : std::uint8_t { kOutbound = 0, kInbound = 1 };
std::string_view to_string(Direction direction);  // "outbound"

enum class ConversationStatus : std::uint8_t { kActive = 0, kArchived = 1, kClosed = 2 };
std::string_view to_string(ConversationStatus status);  // "active"
std::optional<ConversationStatus> parse_conversation_status(std::string_view text);

// A word for people that some clients keep with a thread; nothing depends on it.
enum class ConversationType : std::uint8_t { kDirect = 0, kThread = 1 };
std::string_view to_string(ConversationType type);  // "direct"
std::optional<ConversationType> parse_conversation_type(std::string_view text);

// The form in which two addresses are compared: e-mail in lower case, everything else as it is.
std::string thread_address(std::string_view address);

// What makes two messages one thread's, besides client and channel; in the form of
// thread_address().
struct AddressPair {
  std::string low;
  std::string high;
  bool operator==(const AddressPair&) const = default;
};
AddressPair address_pair(std::string_view from, std::string_view to);

struct Conversation {
  ConversationId id;
  ClientId client{};
  Channel channel = Channel::kSms;
  std::string from;  // of the message that started it
  std::string to;
  Direction started = Direction::kOutbound;  // so which of the two is ours
  ConversationType type = ConversationType::kDirect;
  ConversationStatus status = ConversationStatus::kActive;
  std::string title;
  std::string metadata_json;        // a JSON object, or empty
  std::uint64_t message_count = 0;  // both directions, those that were erased since included
  std::uint64_t unread_count = 0;   // inbound ones not marked read
  std::optional<TimePoint> last_message_at;
  std::int64_t activity_row = 0;  // of the last message; what lists are ordered by
  TimePoint updated_at{};

  const std::string& ours() const { return started == Direction::kOutbound ? from : to; }
  const std::string& theirs() const { return started == Direction::kOutbound ? to : from; }
};

// A message that came in, as its provider reports it: addresses in the form in which outgoing
// messages name them, the owner looked up in the configuration.
struct InboundMessage {
  std::string provider{};             // its name; known or not
  std::string provider_message_id{};  // may be empty
  std::string dedup_key{};            // equal for a replay of the same event; empty: the id is
  Channel channel = Channel::kSms;
  std::string from{};
  std::string to{};  // ours
  std::string text{};
  Content content{};              // subject, HTML, media
  std::optional<TimePoint> at{};  // the provider's time
  // Who has the number `to`. nullopt: the client of the pair's latest conversation, else
  // `fallback`, else nobody: then it is parked.
  std::optional<ClientId> owner{};
  std::optional<ClientId> fallback{};
  // Nobody has proved that it is the provider's: another client's is parked.
  std::optional<ClientId> only_of{};
};

// One that came in, as the API shows it.
struct InboundView {
  MessageId id;
  std::optional<ConversationId> conversation{};
  Channel channel = Channel::kSms;
  std::string provider{};
  std::string provider_message_id{};
  std::string from{};
  std::string to{};
  std::string text{};                    // empty once its retention is over
  std::optional<ContentView> content{};  // likewise; nullopt: the text is all there is
  std::optional<TimePoint> sent_at{};    // the provider's time
  bool read = false;
  TimePoint received_at() const { return id.created_at(); }
};

// One message of a thread, whichever way it went.
using ThreadMessage = std::variant<MessageView, InboundView>;

}  // namespace heliograph::model
