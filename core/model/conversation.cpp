#include "core/model/conversation.h"

#include <utility>

#include "core/base/text.h"
#include "core/model/words.h"

namespace heliograph::model {
namespace {

constexpr Words<Direction, 2> kDirectionWords{
    {{Direction::kOutbound, "outbound"}, {Direction::kInbound, "inbound"}}};

constexpr Words<ConversationStatus, 3> kStatusWords{{{ConversationStatus::kActive, "active"},
                                                     {ConversationStatus::kArchived, "archived"},
                                                     {ConversationStatus::kClosed, "closed"}}};

constexpr Words<ConversationType, 2> kTypeWords{
    {{ConversationType::kDirect, "direct"}, {ConversationType::kThread, "thread"}}};

}  // namespace

std::string_view to_string(Direction direction) { return word_of(kDirectionWords, direction); }

std::string_view to_string(ConversationStatus status) { return word_of(kStatusWords, status); }

std::optional<ConversationStatus> parse_conversation_status(std::string_view text) {
  return value_of(kStatusWords, text);
}

std::string_view to_string(ConversationType type) { return word_of(kTypeWords, type); }

std::optional<ConversationType> parse_conversation_type(std::string_view text) {
  return value_of(kTypeWords, text);
}

std::string thread_address(std::string_view address) {
  if (address.find('@') == std::string_view::npos) return std::string(address);
  return base::to_lower_ascii(address);
}

AddressPair address_pair(std::string_view from, std::string_view to) {
  AddressPair pair{.low = thread_address(from), .high = thread_address(to)};
  if (pair.high < pair.low) std::swap(pair.low, pair.high);
  return pair;
}

}  // namespace heliograph::model
