// A delivery receipt (DLR) as a provider reports it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/model/ids.h"

namespace heliograph::model {

// The numbers are those of the plugin ABI (HG_RCPT_*). Stored.
enum class ReceiptState : std::uint8_t {
  kUnknown = 0,
  kAccepted = 1,  // intermediate: taken by the next hop
  kDelivered = 2,
  kUndelivered = 3,
  kExpired = 4,
  kRejected = 5,
};

struct Receipt {
  ProviderKey provider{};
  ReceiptState state = ReceiptState::kUnknown;
  std::string provider_message_id;      // canonical form; may be empty when message_id is there
  std::optional<MessageId> message_id;  // our id as the provider echoes it
  std::string dedup_key;                // equal for a replay of the same event; may be empty
  std::string detail;                   // the provider's code or reason
  std::optional<TimePoint> at;          // the provider's time
  // Nobody has proved that it is the provider's: it says nothing about other clients' messages.
  std::optional<ClientId> only_of{};
};

}  // namespace heliograph::model
