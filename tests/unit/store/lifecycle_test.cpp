// Cancel, requeue and expiry, and what a message's history says of them.
#include <gmock/gmock.h>

#include "tests/unit/store/world.h"

namespace heliograph::store {
namespace {

using model::HoldState;
using model::Outcome;
using model::ReceiptState;
using model::Status;
using testing::ElementsAre;

class LifecycleTest : public StoreTest {
 protected:
  template <class Expected, class Result>
  static bool is(const Result& result) {
    return std::holds_alternative<Expected>(result);
  }
  Status conflict(const auto& result) { return std::get<ports::Conflict>(result).status; }
  // In doubt: SENT or not, nobody knows; waits for its provider.
  model::MessageId doubtful(std::int64_t cost) {
    const model::MessageId id = world.accept_ok(world.message(cost));
    EXPECT_TRUE(world.begin(id));
    ports::FinishAttempt command = world.outcome(id, Outcome::kUnknown, Status::kFailedTemp);
    command.doubtful = true;
    EXPECT_TRUE(world.finish(command).applied);
    return id;
  }
  model::MessageId unknown(std::int64_t cost) {
    const model::MessageId id = world.accept_ok(world.message(cost));
    EXPECT_TRUE(world.begin(id));
    EXPECT_TRUE(world.finish(world.outcome(id, Outcome::kUnknown, Status::kUnknown)).applied);
    return id;
  }
  ports::Page everything() {
    return world.page({.key = world.queue(), .after = {}, .until = model::kNever, .limit = 100});
  }
};
HG_IN_BOTH_MODES(LifecycleTest);

TEST_P(LifecycleTest, CancelReleases) {
  const model::MessageId id = world.accept_ok(world.message(5));
  const ports::CancelResult first = world.cancel(id);
  ASSERT_TRUE(is<ports::Cancelled>(first));
  EXPECT_FALSE(std::get<ports::Cancelled>(first).again);
  EXPECT_EQ(world.view(id).status, Status::kCancelled);
  EXPECT_EQ(world.view(id).hold, HoldState::kReleased);
  EXPECT_EQ(world.balance().available_cents, 1'000);
  EXPECT_EQ(world.store->depth().waiting, 0u);
  const ports::CancelResult second = world.cancel(id);
  EXPECT_TRUE(std::get<ports::Cancelled>(second).again);
  EXPECT_EQ(world.balance().available_cents, 1'000);
  EXPECT_TRUE(everything().items.empty());
}

TEST_P(LifecycleTest, WhatIsSentOrBeingSentCannotBeCancelled) {
  const model::MessageId sending = world.accept_ok();
  ASSERT_TRUE(world.begin(sending));
  EXPECT_EQ(conflict(world.cancel(sending)), Status::kSending);
  EXPECT_EQ(conflict(world.cancel(world.sent("p-1"))), Status::kSent);
  EXPECT_EQ(conflict(world.cancel(world.failed())), Status::kFailedPerm);
  EXPECT_EQ(conflict(world.cancel(unknown(0))), Status::kUnknown);
  EXPECT_EQ(world.view(sending).status, Status::kSending);
}

TEST_P(LifecycleTest, SomebodyElsesMessageIsNotThere) {
  const model::MessageId id = world.accept_ok();
  const model::ClientId stranger{4711};
  EXPECT_TRUE(is<ports::NotFound>(world.cancel(id, stranger)));
  EXPECT_TRUE(is<ports::NotFound>(world.requeue(world.failed(), stranger)));
  const auto guessed = model::MessageId::from_parts(id.row(), id.random() ^ 1);
  EXPECT_TRUE(is<ports::NotFound>(world.cancel(guessed, world.client.id)));
  EXPECT_TRUE(is<ports::NotFound>(world.requeue(guessed)));
  EXPECT_TRUE(is<ports::Cancelled>(world.cancel(id, world.client.id)));
}

TEST_P(LifecycleTest, RequeueStartsTheNextCycle) {
  const model::MessageId id = world.failed(5);
  world.take_waiting();
  world.clock.advance(std::chrono::minutes{10});
  const ports::RequeueResult result = world.requeue(id);
  ASSERT_TRUE(is<ports::Requeued>(result));
  EXPECT_EQ(std::get<ports::Requeued>(result).id, id);
  const model::MessageView view = world.view(id);
  EXPECT_EQ(view.status, Status::kQueued);
  EXPECT_EQ(view.reason, model::FailReason::kNone);
  EXPECT_EQ(view.hold, HoldState::kHeld);
  EXPECT_EQ(view.last_error, "");
  EXPECT_FALSE(view.possible_duplicate);
  EXPECT_EQ(view.expires_at, world.clock.wall() + std::chrono::hours{1});
  EXPECT_EQ(world.balance().held_cents, 5);

  const auto hints = world.take_waiting();
  ASSERT_EQ(hints.size(), 1u);
  const model::WorkItem& item = hints.front().front();
  EXPECT_EQ(item.id, id);
  EXPECT_EQ(item.cycle, 1);
  EXPECT_EQ(item.key_cycle, 1);
  EXPECT_EQ(item.attempts, 0);
  EXPECT_EQ(item.attempt_number, 1);
  EXPECT_EQ(item.round, 0);
  EXPECT_TRUE(item.excluded.empty());
  EXPECT_EQ(item.due, world.clock.wall());

  EXPECT_FALSE(world.begin(id, 1, 0));
  EXPECT_TRUE(world.begin(id, 1, 1));
  EXPECT_TRUE(world.finish(world.outcome(id, Outcome::kSent, Status::kSent, 2, 1)).applied);
  EXPECT_EQ(world.attempts(id).size(), 2u);
}

TEST_P(LifecycleTest, RequeueNeedsCredit) {
  const model::MessageId id = world.failed(600);
  world.accept_ok(world.message(600));
  const ports::RequeueResult result = world.requeue(id);
  ASSERT_TRUE(is<ports::InsufficientCredit>(result));
  EXPECT_EQ(std::get<ports::InsufficientCredit>(result).required_cents, 600);
  EXPECT_EQ(world.view(id).status, Status::kFailedPerm);
  EXPECT_EQ(world.balance().held_cents, 600);
}

TEST_P(LifecycleTest, OnlyDeadLettersAreRequeued) {
  EXPECT_EQ(conflict(world.requeue(world.accept_ok())), Status::kQueued);
  EXPECT_EQ(conflict(world.requeue(world.sent("p-1"))), Status::kSent);
  const model::MessageId cancelled = world.accept_ok();
  world.cancel(cancelled);
  EXPECT_EQ(conflict(world.requeue(cancelled)), Status::kCancelled);
}

TEST_P(LifecycleTest, RequeueOfAnUnknownOneKeepsItsHold) {
  const model::MessageId id = unknown(5);
  ASSERT_TRUE(is<ports::Requeued>(world.requeue(id)));
  EXPECT_TRUE(world.view(id).possible_duplicate);
  EXPECT_EQ(world.view(id).hold, HoldState::kHeld);
  EXPECT_EQ(world.balance().held_cents, 5);
  ASSERT_TRUE(world.begin(id, 1, 1));
  ports::FinishAttempt command = world.outcome(id, Outcome::kSent, Status::kSent, 2, 1);
  command.hold = model::HoldAction::kCapture;
  ASSERT_TRUE(world.finish(command).applied);
  EXPECT_EQ(world.balance().captured_cents, 5);
}

TEST_P(LifecycleTest, ARequeueOutOfDoubtGoesOnWithTheKeyOfTheDoubtfulSend) {
  const model::MessageId id = world.failed(5);
  const auto waiting = [this] { return world.take_waiting().front().front(); };
  world.take_waiting();
  ASSERT_TRUE(is<ports::Requeued>(world.requeue(id)));
  EXPECT_EQ(waiting().key_cycle, 1) << "certainly failed: a new order";
  ASSERT_TRUE(world.begin(id, 1, 1));
  ports::FinishAttempt doubt = world.outcome(id, Outcome::kUnknown, Status::kUnknown, 2, 1);
  doubt.possible_duplicate = true;
  ASSERT_TRUE(world.finish(doubt).applied);
  ASSERT_TRUE(is<ports::Requeued>(world.requeue(id)));
  EXPECT_EQ(waiting().key_cycle, 1);
}

TEST_P(LifecycleTest, ASecondCycleIsResolvedOnItsOwn) {
  const model::MessageId id = world.failed(5);
  ASSERT_TRUE(is<ports::Requeued>(world.requeue(id)));
  world.cancel(id);
  EXPECT_EQ(world.balance().available_cents, 1'000);
  EXPECT_EQ(world.balance().held_cents, 0);
}

TEST_P(LifecycleTest, ARequeuedDoubtStaysOneUntilItIsSettled) {
  const model::MessageId id = world.accept_ok(world.message(5));
  ASSERT_TRUE(world.begin(id));
  world.finish(world.outcome(id, model::Outcome::kUnknown, Status::kUnknown));
  ASSERT_TRUE(is<ports::Requeued>(world.requeue(id)));
  // It may have been sent: it cannot be taken back.
  EXPECT_EQ(conflict(world.cancel(id)), Status::kQueued);
  // The receipt for the first send comes before the second begins.
  model::Receipt receipt = world.receipt_of("", model::ReceiptState::kDelivered);
  receipt.message_id = id;
  EXPECT_EQ(world.receipt(receipt), ports::ReceiptOutcome::kApplied);
  EXPECT_EQ(world.view(id).status, Status::kDelivered);
  EXPECT_FALSE(world.begin(id, 1, 1)) << "delivered: not sent again";
  EXPECT_EQ(world.balance().captured_cents, 5);
}

TEST_P(LifecycleTest, ARequeueReturnsToItsOwnClass) {
  const model::ClassId pinned = world.store->intern_class(model::Channel::kSms, world.alpha);
  const model::MessageId id = world.accept_ok();
  ASSERT_TRUE(world.begin(id));
  ports::FinishAttempt command = world.outcome(id, Outcome::kUnknown, Status::kFailedTemp);
  command.doubtful = true;
  command.dispatch_class = pinned;
  ASSERT_TRUE(world.finish(command).applied);
  world.clock.advance(std::chrono::hours{2});
  ASSERT_EQ(world.expire({id}), 1u);
  ASSERT_EQ(world.view(id).status, Status::kUnknown);
  ASSERT_TRUE(is<ports::Requeued>(world.requeue(id)));
  ASSERT_EQ(everything().items.size(), 1u);
  EXPECT_TRUE(everything().items[0].doubtful);
}

TEST_P(LifecycleTest, ExpiryReleases) {
  const model::MessageId id = world.accept_ok(world.message(5));
  world.clock.advance(std::chrono::hours{1} - std::chrono::milliseconds{1});
  EXPECT_EQ(world.expire({id}), 0u);
  world.clock.advance(std::chrono::milliseconds{1});
  EXPECT_EQ(world.expire({id, model::MessageId::from_parts(9, 9)}), 1u);
  EXPECT_EQ(world.view(id).status, Status::kExpired);
  EXPECT_EQ(world.view(id).reason, model::FailReason::kExpired);
  EXPECT_EQ(world.view(id).hold, HoldState::kReleased);
  EXPECT_EQ(world.expire({id}), 0u);
  EXPECT_EQ(world.balance().available_cents, 1'000);
  EXPECT_FALSE(world.begin(id));
}

TEST_P(LifecycleTest, AnExpiredDoubtIsUnknownAndStaysPaidFor) {
  const model::MessageId id = doubtful(5);
  world.clock.advance(std::chrono::hours{1});
  EXPECT_EQ(world.expire({id}), 1u);
  EXPECT_EQ(world.view(id).status, Status::kUnknown);
  EXPECT_EQ(world.view(id).hold, HoldState::kHeld);
  EXPECT_EQ(world.store->depth().waiting, 0u);
}

TEST_P(LifecycleTest, WhatIsBeingSentDoesNotExpire) {
  const model::MessageId id = world.accept_ok();
  ASSERT_TRUE(world.begin(id));
  world.clock.advance(std::chrono::hours{2});
  EXPECT_EQ(world.expire({id}), 0u);
  EXPECT_EQ(world.view(id).status, Status::kSending);
}

TEST_P(LifecycleTest, TheSweepGoesThroughEverythingInPortions) {
  for (int i = 0; i < 25; ++i) world.accept_ok(world.message(1));
  world.sent("p-1");
  const model::MessageId sending = world.accept_ok();
  ASSERT_TRUE(world.begin(sending));
  world.clock.advance(std::chrono::hours{2});
  const model::MessageId young = world.accept_ok();
  std::size_t changed = 0;
  std::int64_t from = 0;
  int calls = 0;
  do {
    const ports::SweepResult result = world.expire_overdue(from, 10);
    EXPECT_LE(result.changed, 10u);
    changed += result.changed;
    from = result.next_row;
    ++calls;
  } while (from != 0 && calls < 100);
  EXPECT_EQ(changed, 25u);
  EXPECT_EQ(calls, 3);
  EXPECT_EQ(world.view(young).status, Status::kQueued);
  EXPECT_EQ(world.view(sending).status, Status::kSending);
  EXPECT_EQ(world.balance().available_cents, 1'000);
}

TEST_P(LifecycleTest, TheSweepLooksAtEachMessageOnce) {
  for (int i = 0; i < 29; ++i) world.accept_ok();  // none overdue, all due in one millisecond
  std::int64_t from = 0;
  int calls = 0;
  do {
    const ports::SweepResult result = world.expire_overdue(from, 10);
    EXPECT_EQ(result.changed, 0u);
    from = result.next_row;
    ++calls;
  } while (from != 0 && calls < 100);
  EXPECT_EQ(calls, 3);
}

TEST_P(LifecycleTest, HistoryOfASuccess) {
  const model::MessageId id = world.sent("p-1");
  world.clock.advance(std::chrono::seconds{1});
  world.receipt(world.receipt_of("p-1", ReceiptState::kDelivered));
  EXPECT_THAT(world.history(id), ElementsAre("QUEUED", "SENDING: attempt 1 at alpha", "SENT: SENT",
                                             "DELIVERED: receipt from alpha"));
}

TEST_P(LifecycleTest, HistoryOfARetryThatIsRequeuedAndCancelled) {
  const model::MessageId id = world.accept_ok();
  ASSERT_TRUE(world.begin(id));
  ports::FinishAttempt retry = world.outcome(id, Outcome::kRetry, Status::kFailedTemp);
  retry.result.detail = "503";
  ASSERT_TRUE(world.finish(retry).applied);
  ASSERT_TRUE(world.begin(id, 1, 0, world.beta));
  ports::FinishAttempt sent = world.outcome(id, Outcome::kSent, Status::kSent, 2);
  sent.provider = world.beta;
  sent.result.provider_message_id = "b-1";
  ASSERT_TRUE(world.finish(sent).applied);
  model::Receipt receipt = world.receipt_of("b-1", ReceiptState::kUndelivered);
  receipt.provider = world.beta;
  receipt.detail = "absent";
  world.receipt(receipt);
  world.requeue(id);
  world.cancel(id);
  // All of it within one millisecond: the order does not come from the clock alone.
  EXPECT_THAT(world.history(id),
              ElementsAre("QUEUED", "SENDING: attempt 1 at alpha", "FAILED_TEMP: 503",
                          "SENDING: attempt 2 at beta", "SENT: SENT", "FAILED_PERM: absent",
                          "QUEUED: requeued", "CANCELLED"));
}

TEST_P(LifecycleTest, HistoryOfARejectionSaysItOnce) {
  const model::MessageId id = world.failed();
  EXPECT_THAT(world.history(id),
              ElementsAre("QUEUED", "SENDING: attempt 1 at alpha", "FAILED_PERM: REJECTED"));
  world.requeue(id);
  EXPECT_THAT(world.history(id), ElementsAre("QUEUED", "SENDING: attempt 1 at alpha",
                                             "FAILED_PERM: REJECTED", "QUEUED: requeued"));
}

TEST_P(LifecycleTest, HistoryOfADoubt) {
  const model::MessageId id = doubtful(0);
  world.clock.advance(std::chrono::hours{1});
  world.expire({id});
  model::Receipt receipt = world.receipt_of("p-1", ReceiptState::kAccepted);
  receipt.message_id = id;
  world.receipt(receipt);
  receipt.state = ReceiptState::kDelivered;
  world.receipt(receipt);
  EXPECT_THAT(world.history(id),
              ElementsAre("QUEUED", "SENDING: attempt 1 at alpha", "FAILED_TEMP: UNKNOWN",
                          "UNKNOWN: validity over while in doubt", "SENT: receipt from alpha",
                          "DELIVERED: receipt from alpha"));
}

TEST_P(LifecycleTest, HistoryOfASchedule) {
  ports::AcceptCommand command = world.message();
  command.message.send_at = world.clock.real_wall() + std::chrono::minutes{5};
  const model::MessageId kept = world.accept_ok(command);
  const model::MessageId dropped = world.accept_ok(command);
  EXPECT_THAT(world.history(kept), ElementsAre("SCHEDULED"));
  world.cancel(dropped);
  EXPECT_THAT(world.history(dropped), ElementsAre("SCHEDULED", "CANCELLED"));
  world.clock.advance(std::chrono::minutes{5});
  EXPECT_THAT(world.history(kept), ElementsAre("SCHEDULED", "QUEUED"));
  ASSERT_TRUE(world.begin(kept));
  EXPECT_THAT(world.history(kept), ElementsAre("SCHEDULED", "QUEUED", "SENDING: attempt at alpha"));
  world.clock.advance(std::chrono::hours{2});
}

TEST_P(LifecycleTest, HistoryOfAnExpiry) {
  const model::MessageId id = world.accept_ok();
  world.clock.advance(std::chrono::hours{1});
  world.expire({id});
  EXPECT_THAT(world.history(id), ElementsAre("QUEUED", "EXPIRED: validity over"));
}

}  // namespace
}  // namespace heliograph::store
