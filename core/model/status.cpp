#include "core/model/status.h"

#include <initializer_list>

#include "core/model/words.h"

namespace heliograph::model {
namespace {

constexpr Words<Status, 10> kStatusWords{{{Status::kScheduled, "SCHEDULED"},
                                          {Status::kQueued, "QUEUED"},
                                          {Status::kSending, "SENDING"},
                                          {Status::kSent, "SENT"},
                                          {Status::kDelivered, "DELIVERED"},
                                          {Status::kFailedTemp, "FAILED_TEMP"},
                                          {Status::kFailedPerm, "FAILED_PERM"},
                                          {Status::kExpired, "EXPIRED"},
                                          {Status::kCancelled, "CANCELLED"},
                                          {Status::kUnknown, "UNKNOWN"}}};

constexpr Words<FailReason, 5> kReasonWords{{{FailReason::kNone, ""},
                                             {FailReason::kRejected, "rejected"},
                                             {FailReason::kUndelivered, "undelivered"},
                                             {FailReason::kAttemptsExhausted, "attempts_exhausted"},
                                             {FailReason::kExpired, "expired"}}};

constexpr unsigned bits(std::initializer_list<Status> statuses) {
  unsigned out = 0;
  for (const Status status : statuses) out |= 1u << static_cast<unsigned>(status);
  return out;
}

// The statuses that may follow each one.
constexpr unsigned followers(Status from) {
  using enum Status;
  switch (from) {
    case kScheduled:
      // Coming due is no write, so an attempt begins from SCHEDULED too.
      return bits({kQueued, kSending, kCancelled, kExpired});
    case kQueued:
      // SENT, DELIVERED, UNKNOWN: requeued while in doubt, as for FAILED_TEMP.
      return bits({kSending, kCancelled, kExpired, kUnknown, kSent, kDelivered});
    case kSending:
      // Back to QUEUED: a permit was denied and nothing was sent. EXPIRED: the same, and the
      // validity is over meanwhile.
      return bits({kSent, kFailedTemp, kFailedPerm, kUnknown, kQueued, kExpired});
    case kFailedTemp:
      // SENT and DELIVERED: a receipt for an earlier attempt that was in doubt. UNKNOWN: the
      // validity is over while it is in doubt.
      return bits({kSending, kFailedPerm, kExpired, kCancelled, kUnknown, kSent, kDelivered});
    case kSent:
      return bits({kDelivered, kFailedPerm});
    case kUnknown:
      return bits({kSent, kDelivered, kFailedPerm});
    case kDelivered:
    case kFailedPerm:
    case kExpired:
    case kCancelled:
      return 0;
  }
  return 0;
}

constexpr bool contains(unsigned set, Status status) {
  return (set >> static_cast<unsigned>(status) & 1u) != 0;
}

}  // namespace

bool is_terminal(Status status) { return followers(status) == 0; }

bool is_dead_letter(Status status) {
  return contains(bits({Status::kFailedPerm, Status::kExpired, Status::kUnknown}), status);
}

bool can_change(Status from, Status to) { return contains(followers(from), to); }

bool can_requeue(Status from) { return is_dead_letter(from); }

bool is_waiting(Status status) {
  return contains(bits({Status::kScheduled, Status::kQueued, Status::kFailedTemp}), status);
}

bool is_settled(Status status) {
  return is_terminal(status) || contains(bits({Status::kSent, Status::kUnknown}), status);
}

std::string_view to_string(Status status) { return word_of(kStatusWords, status); }

std::optional<Status> parse_status(std::string_view text) { return value_of(kStatusWords, text); }

std::string_view to_string(FailReason reason) { return word_of(kReasonWords, reason); }

std::optional<FailReason> parse_fail_reason(std::string_view text) {
  if (text.empty()) return std::nullopt;
  return value_of(kReasonWords, text);
}

}  // namespace heliograph::model
