// What a delivery receipt does to a message and to its money.
//
// Pure: the store's writer asks while it holds the row and writes the answer in the same
// transaction. A receipt moves a status forward or not at all; a hold that is resolved stays as it
// is, whatever the status does later. Thread-safe.
#pragma once

#include <cstdint>

#include "core/model/message.h"
#include "core/model/receipt.h"
#include "core/model/status.h"

namespace heliograph::model {

// The message as it is when the receipt comes.
struct ReceiptContext {
  Status status = Status::kSent;
  HoldState hold = HoldState::kNone;
  bool doubtful = false;  // its last attempt ended UNKNOWN and is not resolved
  CaptureOn capture_on = CaptureOn::kDelivered;
};

enum class ReceiptVerdict : std::uint8_t {
  kNoChange,  // an intermediate state, a replay, or too late to matter
  kChange,
  kPark,  // an attempt is running: keep the receipt and decide again once its outcome is written
};

struct ReceiptDecision {
  ReceiptVerdict verdict = ReceiptVerdict::kNoChange;
  Status status{};  // kChange: the new one; else the old one
  FailReason reason = FailReason::kNone;
  HoldAction hold = HoldAction::kKeep;

  bool operator==(const ReceiptDecision&) const = default;
};

ReceiptDecision decide_receipt(const ReceiptContext& message, ReceiptState receipt);

}  // namespace heliograph::model
