#include "core/model/receipt_rules.h"

#include <optional>

namespace heliograph::model {
namespace {

// Where `receipt` alone would take the message.
std::optional<Status> target(ReceiptState receipt) {
  switch (receipt) {
    case ReceiptState::kAccepted:
      return Status::kSent;
    case ReceiptState::kDelivered:
      return Status::kDelivered;
    case ReceiptState::kUndelivered:
    case ReceiptState::kRejected:
    case ReceiptState::kExpired:  // at the provider; EXPIRED is for our own validity
      return Status::kFailedPerm;
    case ReceiptState::kUnknown:
      break;
  }
  return std::nullopt;
}

// Whether a message that waits for another attempt may take `to` from a receipt for an earlier one.
bool may_overtake_retry(const ReceiptContext& message, Status to) {
  // Delivered is delivered: another send would be a duplicate.
  if (to == Status::kDelivered) return true;
  // "Taken" settles the doubt about the last attempt. A negative one is parked: the message is to
  // be sent again anyway, and it counts only if the provider drops that send as a repetition.
  return to == Status::kSent && message.doubtful;
}

HoldAction hold_action(const ReceiptContext& message, Status to) {
  if (message.hold != HoldState::kHeld) return HoldAction::kKeep;
  if (to == Status::kFailedPerm) return HoldAction::kRelease;
  const bool captures = to == Status::kDelivered || message.capture_on == CaptureOn::kSent;
  return captures ? HoldAction::kCapture : HoldAction::kKeep;
}

}  // namespace

ReceiptDecision decide_receipt(const ReceiptContext& message, ReceiptState receipt) {
  ReceiptDecision decision{.status = message.status};
  const auto to = target(receipt);
  if (!to) return decision;
  if (message.status == Status::kSending) {
    decision.verdict = ReceiptVerdict::kPark;
    return decision;
  }
  const bool waits = message.status == Status::kFailedTemp || message.status == Status::kQueued;
  if (waits && message.doubtful && *to == Status::kFailedPerm) {
    decision.verdict = ReceiptVerdict::kPark;
    return decision;
  }
  if (!can_change(message.status, *to)) return decision;
  if (waits && !may_overtake_retry(message, *to)) return decision;
  decision.verdict = ReceiptVerdict::kChange;
  decision.status = *to;
  if (*to == Status::kFailedPerm) decision.reason = FailReason::kUndelivered;
  decision.hold = hold_action(message, *to);
  return decision;
}

}  // namespace heliograph::model
