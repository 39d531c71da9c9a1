#include "core/model/receipt_rules.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace heliograph::model {
namespace {

using R = ReceiptState;
using S = Status;
using H = HoldState;
using A = HoldAction;

constexpr std::array kStatuses = {S::kScheduled, S::kQueued,     S::kSending,    S::kSent,
                                  S::kDelivered, S::kFailedTemp, S::kFailedPerm, S::kExpired,
                                  S::kCancelled, S::kUnknown};
constexpr std::array kStates = {R::kUnknown,     R::kAccepted, R::kDelivered,
                                R::kUndelivered, R::kExpired,  R::kRejected};
constexpr std::array kHolds = {H::kNone, H::kHeld, H::kCaptured, H::kReleased};
constexpr std::array kMoments = {CaptureOn::kDelivered, CaptureOn::kSent, CaptureOn::kAccepted};

ReceiptDecision change(Status to, HoldAction hold) {
  const bool failed = to == S::kFailedPerm;
  return {.verdict = ReceiptVerdict::kChange,
          .status = to,
          .reason = failed ? FailReason::kUndelivered : FailReason::kNone,
          .hold = hold};
}
ReceiptDecision no_change(Status status) {
  return {.verdict = ReceiptVerdict::kNoChange, .status = status};
}
ReceiptDecision park(Status status = S::kSending) {
  return {.verdict = ReceiptVerdict::kPark, .status = status};
}

struct Case {
  Status status;
  bool doubtful;
  ReceiptState receipt;
  ReceiptDecision expected;
};

// With the hold held and captured on delivery.
std::vector<Case> cases() {
  return {
      {S::kSent, false, R::kDelivered, change(S::kDelivered, A::kCapture)},
      {S::kSent, false, R::kUndelivered, change(S::kFailedPerm, A::kRelease)},
      {S::kSent, false, R::kRejected, change(S::kFailedPerm, A::kRelease)},
      {S::kSent, false, R::kExpired, change(S::kFailedPerm, A::kRelease)},
      {S::kSent, false, R::kAccepted, no_change(S::kSent)},
      {S::kSent, false, R::kUnknown, no_change(S::kSent)},

      {S::kUnknown, true, R::kDelivered, change(S::kDelivered, A::kCapture)},
      {S::kUnknown, true, R::kUndelivered, change(S::kFailedPerm, A::kRelease)},
      {S::kUnknown, true, R::kAccepted, change(S::kSent, A::kKeep)},
      {S::kUnknown, true, R::kUnknown, no_change(S::kUnknown)},

      {S::kFailedTemp, true, R::kDelivered, change(S::kDelivered, A::kCapture)},
      {S::kFailedTemp, true, R::kAccepted, change(S::kSent, A::kKeep)},
      // Is sent again anyway; the receipt counts if the provider drops that as a repetition.
      {S::kFailedTemp, true, R::kUndelivered, park(S::kFailedTemp)},
      {S::kFailedTemp, true, R::kRejected, park(S::kFailedTemp)},
      {S::kQueued, true, R::kExpired, park(S::kQueued)},
      {S::kQueued, false, R::kUndelivered, no_change(S::kQueued)},
      // An earlier attempt was in doubt, the last one failed for certain: delivered is delivered.
      {S::kFailedTemp, false, R::kDelivered, change(S::kDelivered, A::kCapture)},
      {S::kFailedTemp, false, R::kAccepted, no_change(S::kFailedTemp)},
      {S::kFailedTemp, false, R::kExpired, no_change(S::kFailedTemp)},

      {S::kSending, false, R::kDelivered, park()},
      {S::kSending, false, R::kAccepted, park()},
      {S::kSending, true, R::kUndelivered, park()},
      {S::kSending, false, R::kUnknown, no_change(S::kSending)},

      // Requeued: another send would be a duplicate.
      {S::kQueued, false, R::kDelivered, change(S::kDelivered, A::kCapture)},
      {S::kQueued, true, R::kAccepted, change(S::kSent, A::kKeep)},
      {S::kQueued, true, R::kUndelivered, park(S::kQueued)},
      {S::kQueued, false, R::kAccepted, no_change(S::kQueued)},
      {S::kScheduled, false, R::kDelivered, no_change(S::kScheduled)},
      {S::kFailedPerm, false, R::kDelivered, no_change(S::kFailedPerm)},
      {S::kDelivered, false, R::kUndelivered, no_change(S::kDelivered)},
      {S::kDelivered, false, R::kDelivered, no_change(S::kDelivered)},
      {S::kExpired, false, R::kDelivered, no_change(S::kExpired)},
      {S::kCancelled, false, R::kDelivered, no_change(S::kCancelled)},
  };
}

TEST(Receipt, DecidesStatusAndMoney) {
  for (const Case& c : cases()) {
    const ReceiptContext message{c.status, H::kHeld, c.doubtful, CaptureOn::kDelivered};
    EXPECT_EQ(decide_receipt(message, c.receipt), c.expected)
        << to_string(c.status) << " doubtful " << c.doubtful << " receipt "
        << static_cast<int>(c.receipt);
  }
}

TEST(Receipt, CapturesOnSentWhereThatIsAskedFor) {
  const ReceiptContext sent{S::kUnknown, H::kHeld, true, CaptureOn::kSent};
  EXPECT_EQ(decide_receipt(sent, R::kAccepted), change(S::kSent, A::kCapture));
  const ReceiptContext retry{S::kFailedTemp, H::kHeld, true, CaptureOn::kSent};
  EXPECT_EQ(decide_receipt(retry, R::kAccepted), change(S::kSent, A::kCapture));
}

// What must hold for every combination there is.
TEST(Receipt, NeverBreaksARule) {
  int seen = 0;
  for (const Status status : kStatuses) {
    for (const HoldState hold : kHolds) {
      for (const bool doubtful : {false, true}) {
        for (const CaptureOn moment : kMoments) {
          for (const ReceiptState receipt : kStates) {
            const ReceiptContext message{status, hold, doubtful, moment};
            const ReceiptDecision decision = decide_receipt(message, receipt);
            ++seen;
            const bool changed = decision.verdict == ReceiptVerdict::kChange;
            // The status moves as the machine allows, or stays.
            EXPECT_EQ(changed, decision.status != status);
            if (changed) EXPECT_TRUE(can_change(status, decision.status));
            EXPECT_EQ(decision.reason == FailReason::kUndelivered,
                      changed && decision.status == S::kFailedPerm);
            // Money moves once, and only together with the status.
            if (hold != H::kHeld || !changed) EXPECT_EQ(decision.hold, A::kKeep);
            if (decision.hold == A::kRelease) EXPECT_EQ(decision.status, S::kFailedPerm);
            if (decision.hold == A::kCapture) EXPECT_NE(decision.status, S::kFailedPerm);
            // A final status leaves nothing held.
            if (changed && hold == H::kHeld && is_terminal(decision.status)) {
              EXPECT_NE(decision.hold, A::kKeep);
            }
            const bool negative =
                receipt == R::kUndelivered || receipt == R::kRejected || receipt == R::kExpired;
            const bool again = doubtful && (status == S::kFailedTemp || status == S::kQueued);
            EXPECT_EQ(decision.verdict == ReceiptVerdict::kPark,
                      (status == S::kSending && receipt != R::kUnknown) || (again && negative));
          }
        }
      }
    }
  }
  EXPECT_EQ(seen, 10 * 4 * 2 * 3 * 6);
}

// Any order of the same receipts ends in the same place once a final one was there first.
TEST(Receipt, IsHarmlessWhenRepeated) {
  for (const Status status : kStatuses) {
    for (const ReceiptState receipt : kStates) {
      const ReceiptContext before{status, H::kHeld, true, CaptureOn::kDelivered};
      const ReceiptDecision first = decide_receipt(before, receipt);
      if (first.verdict != ReceiptVerdict::kChange) continue;
      const H hold = first.hold == A::kCapture   ? H::kCaptured
                     : first.hold == A::kRelease ? H::kReleased
                                                 : H::kHeld;
      const ReceiptContext after{first.status, hold, false, CaptureOn::kDelivered};
      EXPECT_EQ(decide_receipt(after, receipt), no_change(first.status));
    }
  }
}

}  // namespace
}  // namespace heliograph::model
