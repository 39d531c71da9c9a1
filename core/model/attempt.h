// One attempt to send a message, and what came of it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/ids.h"

namespace heliograph::model {

// What a provider answered. The numbers are those of the plugin ABI (HG_SENT ... HG_NOT_TRIED).
// Stored.
enum class Outcome : std::uint8_t {
  kSent = 0,       // the provider took responsibility
  kRejected = 1,   // permanent, the message's own fault: no retry, no fail over, health unaffected
  kRetry = 2,      // certainly not sent
  kUnknown = 3,    // may have been sent
  kThrottled = 4,  // certainly not sent; the provider asks to slow down. Not counted as an attempt
  kRefused = 5,    // certainly not sent; the provider refuses us (credentials, account)
  kNotTried = 6,   // picked, but the limiter, the window or a cancellation came first. Never stored
};
std::string_view to_string(Outcome outcome);  // "SENT"

struct AttemptResult {
  Outcome outcome = Outcome::kUnknown;
  std::chrono::milliseconds retry_after{0};  // 0: the gateway's own backoff
  std::int32_t status_code = 0;              // HTTP or SMPP status; 0: none
  std::string provider_message_id;
  std::string provider_code;          // the provider's own error code
  std::string detail;                 // for people, no personal data
  std::vector<std::string> part_ids;  // two or more: receipts will name these, one for each part
};

// An attempt as the API shows it.
struct AttemptView {
  std::uint16_t number = 0;  // 1 is the first send of the message's life
  std::string provider;
  std::optional<Outcome> outcome;  // empty while it runs (or after a crash, until it is resolved)
  std::int32_t status_code = 0;
  std::string provider_message_id;
  std::string detail;
  TimePoint started_at{};
  std::optional<TimePoint> finished_at;
};

// A change of a message worth telling, as the API shows it.
struct EventView {
  std::string status;  // a Status in words
  TimePoint at{};
  std::string detail;
};

}  // namespace heliograph::model
