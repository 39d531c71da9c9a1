// The life of a message: its statuses, which change into which, and the words for them in the API.
//
// Status moves forward only, within one cycle (a requeue of a dead letter starts the next cycle).
// The one loop is SENDING -> FAILED_TEMP -> SENDING. Everybody who changes a status asks
// can_change() first; the store does so in its UPDATE.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace heliograph::model {

// Values are stored in the database: append only.
enum class Status : std::uint8_t {
  kScheduled = 0,  // accepted, due in the future
  kQueued = 1,     // accepted, due now
  kSending = 2,    // an attempt has begun; a crash here leaves the message in doubt
  kSent = 3,       // the provider took it; a receipt may follow
  kDelivered = 4,
  kFailedTemp = 5,  // will be tried again at its due time
  kFailedPerm = 6,  // the reason says why
  kExpired = 7,     // its validity ended first
  kCancelled = 8,
  kUnknown = 9,  // may have been sent; waits for a receipt or a decision
};

// Why a message is a dead letter. Stored: append only.
enum class FailReason : std::uint8_t {
  kNone = 0,
  kRejected = 1,     // the provider refused the message itself
  kUndelivered = 2,  // a receipt said so
  kAttemptsExhausted = 3,
  kExpired = 4,
};

// DELIVERED, FAILED_PERM, EXPIRED, CANCELLED: nothing changes them but a requeue.
bool is_terminal(Status status);
// FAILED_PERM and EXPIRED always, UNKNOWN too: what GET /v1/dead-letters lists.
bool is_dead_letter(Status status);
// Within a cycle. A status never changes into itself: that is no change.
bool can_change(Status from, Status to);
// Dead letters may begin the next cycle as QUEUED.
bool can_requeue(Status from);
// SCHEDULED, QUEUED, FAILED_TEMP: not in anybody's hands, may be cancelled, expire or begin an
// attempt.
bool is_waiting(Status status);

// SENT, UNKNOWN or terminal: what happens next, if anything, is not the gateway's to do. What a
// client that waits for its message waits for.
bool is_settled(Status status);

std::string_view to_string(Status status);  // "QUEUED"
std::optional<Status> parse_status(std::string_view text);
std::string_view to_string(FailReason reason);  // "attempts_exhausted"; "" for kNone
std::optional<FailReason> parse_fail_reason(std::string_view text);  // never kNone

}  // namespace heliograph::model
