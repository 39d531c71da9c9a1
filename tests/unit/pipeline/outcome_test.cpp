// Every outcome against every situation that changes what becomes of the message.
#include "core/pipeline/outcome.h"

#include <gtest/gtest.h>

namespace heliograph::pipeline {
namespace {

using model::FailReason;
using model::HoldAction;
using model::InDoubt;
using model::Outcome;
using model::ProviderKey;
using model::Status;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr model::TimePoint kNow{hours{500'000}};
constexpr ProviderKey kHere{3};
constexpr model::ClassId kAnywhere{1};
constexpr model::ClassId kHereOnly{7};

class OutcomeTest : public testing::Test {
 protected:
  OutcomeTest() {
    rules.retry = {.min_delay = seconds{2}, .factor = 2, .max_attempts = 5, .full_jitter = false};
    item.status = Status::kQueued;
    item.dispatch_class = kAnywhere;
    item.due = kNow - seconds{1};
    item.expires_at = kNow + hours{1};
    end.item = &item;
    end.provider = kHere;
    end.attempts_made = 1;
    end.receipts = true;
    end.alternative = true;
    end.now = kNow;
    end.available_at = kNow;
    end.provider_class = kHereOnly;
  }
  OutcomeDecision decide(Outcome outcome) {
    end.result.outcome = outcome;
    return decide_outcome(rules, end);
  }
  OutcomeRules rules;
  model::WorkItem item;
  AttemptEnd end;
};

TEST_F(OutcomeTest, SentWaitsForItsReceipt) {
  const auto decision = decide(Outcome::kSent);
  EXPECT_EQ(decision.command.status, Status::kSent);
  EXPECT_EQ(decision.command.hold, HoldAction::kKeep);
  EXPECT_FALSE(decision.again_at_once);
}

TEST_F(OutcomeTest, SentIsPaidWhereNoReceiptComesOrSendingIsWhatIsPaid) {
  end.receipts = false;
  EXPECT_EQ(decide(Outcome::kSent).command.hold, HoldAction::kCapture);
  end.receipts = true;
  rules.capture_on = model::CaptureOn::kSent;
  EXPECT_EQ(decide(Outcome::kSent).command.hold, HoldAction::kCapture);
  rules.capture_on = model::CaptureOn::kAccepted;
  EXPECT_EQ(decide(Outcome::kSent).command.hold, HoldAction::kKeep);
}

TEST_F(OutcomeTest, RejectedIsOver) {
  const auto decision = decide(Outcome::kRejected);
  EXPECT_EQ(decision.command.status, Status::kFailedPerm);
  EXPECT_EQ(decision.command.reason, FailReason::kRejected);
  EXPECT_EQ(decision.command.hold, HoldAction::kRelease);
}

TEST_F(OutcomeTest, ACertainFailureGoesElsewhereAtOnce) {
  for (const Outcome outcome : {Outcome::kRetry, Outcome::kRefused}) {
    const auto decision = decide(outcome);
    EXPECT_TRUE(decision.again_at_once);
    EXPECT_EQ(decision.command.status, Status::kFailedTemp);
    EXPECT_EQ(decision.command.due, kNow);
    EXPECT_EQ(decision.command.excluded, std::vector{kHere});
    EXPECT_EQ(decision.command.round, 0);
    EXPECT_EQ(decision.command.hold, HoldAction::kKeep);
  }
}

TEST_F(OutcomeTest, WithoutAnotherProviderANewRoundBeginsAfterTheBackoff) {
  end.alternative = false;
  item.excluded = {ProviderKey{1}, ProviderKey{2}};
  item.round = 1;
  const auto decision = decide(Outcome::kRetry);
  EXPECT_FALSE(decision.again_at_once);
  EXPECT_TRUE(decision.command.excluded.empty());
  EXPECT_EQ(decision.command.round, 2);
  EXPECT_EQ(decision.command.due, kNow + seconds{4});
}

TEST_F(OutcomeTest, RetryAfterBindsTheMessageOnlyWhenNoOtherIsLeft) {
  end.result.retry_after = seconds{90};
  EXPECT_TRUE(decide(Outcome::kRetry).again_at_once);
  end.alternative = false;
  EXPECT_EQ(decide(Outcome::kRetry).command.due, kNow + seconds{90});
}

TEST_F(OutcomeTest, AnotherProviderThatIsPausedIsWaitedFor) {
  end.available_at = kNow + seconds{3};
  auto decision = decide(Outcome::kRetry);
  EXPECT_FALSE(decision.again_at_once);
  EXPECT_EQ(decision.command.due, kNow + seconds{3});
  EXPECT_EQ(decision.command.excluded, std::vector{kHere});
  end.available_at = kNow + milliseconds{20};
  decision = decide(Outcome::kRetry);
  EXPECT_TRUE(decision.again_at_once) << "not worth the way through the store";
}

TEST_F(OutcomeTest, ThePinnedAreNotExcluded) {
  item.pinned = kHere;
  item.dispatch_class = kHereOnly;
  end.alternative = false;
  const auto decision = decide(Outcome::kRetry);
  EXPECT_TRUE(decision.command.excluded.empty());
  EXPECT_EQ(decision.command.due, kNow + seconds{2});
}

TEST_F(OutcomeTest, MaxAttemptsCountsTheFirst) {
  end.attempts_made = 4;
  EXPECT_EQ(decide(Outcome::kRetry).command.status, Status::kFailedTemp);
  end.attempts_made = 5;
  const auto decision = decide(Outcome::kRetry);
  EXPECT_EQ(decision.command.status, Status::kFailedPerm);
  EXPECT_EQ(decision.command.reason, FailReason::kAttemptsExhausted);
  EXPECT_EQ(decision.command.hold, HoldAction::kRelease);
}

TEST_F(OutcomeTest, ValidityOverEndsIt) {
  item.expires_at = kNow;
  const auto decision = decide(Outcome::kRetry);
  EXPECT_EQ(decision.command.status, Status::kExpired);
  EXPECT_EQ(decision.command.reason, FailReason::kExpired);
  EXPECT_EQ(decision.command.hold, HoldAction::kRelease);
}

TEST_F(OutcomeTest, ADueBeyondTheValidityBecomesItsEnd) {
  end.alternative = false;
  item.expires_at = kNow + milliseconds{500};
  const auto decision = decide(Outcome::kRetry);
  EXPECT_EQ(decision.command.status, Status::kFailedTemp);
  EXPECT_EQ(decision.command.due, item.expires_at);
}

TEST_F(OutcomeTest, ThrottledIsNotCountedAndGoesElsewhere) {
  end.attempts_made = 5;
  auto decision = decide(Outcome::kThrottled);
  EXPECT_EQ(decision.command.status, Status::kQueued);
  EXPECT_TRUE(decision.again_at_once);
  EXPECT_TRUE(decision.command.excluded.empty());
  item.status = Status::kFailedTemp;
  end.available_at = kNow + seconds{9};
  decision = decide(Outcome::kThrottled);
  EXPECT_EQ(decision.command.status, Status::kFailedTemp);
  EXPECT_FALSE(decision.again_at_once);
  EXPECT_EQ(decision.command.due, kNow + seconds{9});
}

TEST_F(OutcomeTest, ThrottledWithNobodyInSightWaitsInTheStoreAsDue) {
  end.available_at = model::kNever;
  const auto decision = decide(Outcome::kThrottled);
  EXPECT_FALSE(decision.again_at_once);
  EXPECT_EQ(decision.command.due, kNow);
}

TEST_F(OutcomeTest, ThrottledAfterItsValidity) {
  item.expires_at = kNow;
  EXPECT_EQ(decide(Outcome::kThrottled).command.status, Status::kExpired);
  item.doubtful = true;
  EXPECT_EQ(decide(Outcome::kThrottled).command.status, Status::kUnknown);
}

TEST_F(OutcomeTest, NotTriedLeavesEverythingAsItWas) {
  item.round = 2;
  item.excluded = {ProviderKey{9}};
  item.doubtful = true;
  const auto decision = decide(Outcome::kNotTried);
  EXPECT_EQ(decision.command.status, Status::kQueued);
  EXPECT_EQ(decision.command.due, item.due);
  EXPECT_EQ(decision.command.round, 2);
  EXPECT_EQ(decision.command.excluded, item.excluded);
  EXPECT_TRUE(decision.command.doubtful);
  EXPECT_FALSE(decision.command.possible_duplicate);
}

// ---- in doubt ----

TEST_F(OutcomeTest, UnknownUnderAtMostOnceIsNeverSentAgain) {
  item.in_doubt = InDoubt::kAtMostOnce;
  const auto decision = decide(Outcome::kUnknown);
  EXPECT_EQ(decision.command.status, Status::kUnknown);
  EXPECT_EQ(decision.command.hold, HoldAction::kKeep);
  EXPECT_FALSE(decision.again_at_once);
}

TEST_F(OutcomeTest, UnknownUnderAtLeastOnceWaitsForAReceiptFirst) {
  rules.in_doubt.wait = seconds{30};
  const auto decision = decide(Outcome::kUnknown);
  EXPECT_EQ(decision.command.status, Status::kFailedTemp);
  EXPECT_TRUE(decision.command.doubtful);
  EXPECT_FALSE(decision.command.possible_duplicate) << "nothing has been sent twice yet";
  EXPECT_EQ(decision.command.due, kNow + seconds{30});
  EXPECT_EQ(decision.command.dispatch_class, kAnywhere);
  EXPECT_EQ(decision.command.excluded, std::vector{kHere});
}

TEST_F(OutcomeTest, UnknownWhereTheProviderDedupesStaysWithIt) {
  end.provider_dedupes = true;
  const auto decision = decide(Outcome::kUnknown);
  EXPECT_EQ(decision.command.status, Status::kFailedTemp);
  EXPECT_EQ(decision.command.dispatch_class, kHereOnly);
  EXPECT_TRUE(decision.command.doubtful);
  EXPECT_TRUE(decision.command.excluded.empty());
  EXPECT_EQ(decision.command.due, kNow + seconds{2});
}

TEST_F(OutcomeTest, AResendThatTheProviderDropsIsNoDuplicate) {
  end.provider_dedupes = true;
  item.doubtful = true;
  item.dispatch_class = kHereOnly;
  item.last_provider = kHere;
  EXPECT_FALSE(decide(Outcome::kSent).command.possible_duplicate);
  end.provider_dedupes = false;
  EXPECT_TRUE(decide(Outcome::kSent).command.possible_duplicate);
}

TEST_F(OutcomeTest, ASecondSendElsewhereIsFlagged) {
  item.doubtful = true;
  item.last_provider = ProviderKey{8};
  end.provider_dedupes = true;
  EXPECT_TRUE(decide(Outcome::kSent).command.possible_duplicate);
  EXPECT_FALSE(decide(Outcome::kSent).command.doubtful) << "it was sent, that is certain";
  EXPECT_TRUE(decide(Outcome::kUnknown).command.possible_duplicate);
  EXPECT_FALSE(decide(Outcome::kRetry).command.possible_duplicate) << "certainly not sent";
  EXPECT_TRUE(decide(Outcome::kRetry).command.doubtful) << "the first one still is";
}

TEST_F(OutcomeTest, ACertainFailureWhileInDoubtStaysWithTheSameProvider) {
  item.doubtful = true;
  item.dispatch_class = kHereOnly;
  item.last_provider = kHere;
  const auto decision = decide(Outcome::kRetry);
  EXPECT_EQ(decision.command.dispatch_class, kHereOnly);
  EXPECT_TRUE(decision.command.excluded.empty());
  EXPECT_FALSE(decision.again_at_once);
}

TEST_F(OutcomeTest, GivingUpWhileInDoubtKeepsTheHold) {
  item.doubtful = true;
  end.attempts_made = 5;
  for (const Outcome outcome : {Outcome::kRetry, Outcome::kUnknown, Outcome::kRefused}) {
    const auto decision = decide(outcome);
    EXPECT_EQ(decision.command.status, Status::kUnknown);
    EXPECT_EQ(decision.command.hold, HoldAction::kKeep);
  }
  end.attempts_made = 2;
  item.expires_at = kNow;
  EXPECT_EQ(decide(Outcome::kUnknown).command.status, Status::kUnknown);
}

TEST_F(OutcomeTest, ARejectionElsewhereDoesNotResolveTheDoubt) {
  item.doubtful = true;
  EXPECT_EQ(decide(Outcome::kRejected).command.status, Status::kUnknown);
  end.provider_dedupes = true;
  item.dispatch_class = kHereOnly;
  EXPECT_EQ(decide(Outcome::kRejected).command.status, Status::kFailedPerm)
      << "the same send, to a provider that knows it";
}

}  // namespace
}  // namespace heliograph::pipeline
