// Attempts: begun before they are sent, ended once, and what they leave behind.
#include <gmock/gmock.h>

#include "tests/unit/store/world.h"

namespace heliograph::store {
namespace {

using model::HoldAction;
using model::HoldState;
using model::Outcome;
using model::Status;
using testing::ElementsAre;

class AttemptsTest : public StoreTest {};
HG_IN_BOTH_MODES(AttemptsTest);

model::WorkItem only_waiting(World& world, model::TimePoint until) {
  const ports::Page page =
      world.page({.key = world.queue(), .after = {}, .until = until, .limit = 10});
  EXPECT_EQ(page.items.size(), 1u);
  return page.items.at(0);
}

TEST_P(AttemptsTest, BeginMarksTheMessage) {
  const model::MessageId id = world.accept_ok();
  world.clock.advance(std::chrono::seconds{1});
  EXPECT_TRUE(world.begin(id));
  EXPECT_EQ(world.view(id).status, Status::kSending);
  EXPECT_EQ(world.view(id).provider, "alpha");
  EXPECT_EQ(world.store->depth().waiting, 0u);
  EXPECT_EQ(world.store->depth().sending, 1u);
  const auto attempts = world.attempts(id);
  ASSERT_EQ(attempts.size(), 1u);
  EXPECT_EQ(attempts[0].number, 1);
  EXPECT_EQ(attempts[0].provider, "alpha");
  EXPECT_EQ(attempts[0].outcome, std::nullopt);
  EXPECT_EQ(attempts[0].started_at, world.clock.wall());
  EXPECT_EQ(attempts[0].finished_at, std::nullopt);
}

TEST_P(AttemptsTest, BeginIsConditional) {
  const model::MessageId id = world.accept_ok();
  EXPECT_FALSE(world.begin(id, 1));     // somebody else has moved it
  EXPECT_FALSE(world.begin(id, 0, 1));  // it was requeued meanwhile
  EXPECT_FALSE(world.begin(model::MessageId::from_parts(12, 0)));
  EXPECT_TRUE(world.begin(id));
  EXPECT_FALSE(world.begin(id));  // it is being sent already
  EXPECT_FALSE(world.begin(id, 1));
  EXPECT_EQ(world.attempts(id).size(), 1u);
}

TEST_P(AttemptsTest, OnlyOneOfTwoBeginsInOneTransactionWins) {
  const model::MessageId id = world.accept_ok();
  std::vector<bool> begun;
  for (int i = 0; i < 2; ++i) {
    const ports::BeginAttempt command{.id = id, .provider = world.alpha};
    world.store->begin_attempt(command, world.executor, [&](const ports::BeginResult& result) {
      begun.push_back(result.begun);
    });
  }
  world.run_until([&] { return begun.size() == 2; });
  EXPECT_THAT(begun, ElementsAre(true, false));
}

TEST_P(AttemptsTest, ACancelWinsAgainstABeginOfTheSameTransaction) {
  const model::MessageId id = world.accept_ok();
  std::optional<bool> begun;
  std::optional<ports::CancelResult> cancelled;
  const ports::BeginAttempt command{.id = id, .provider = world.alpha};
  world.store->begin_attempt(command, world.executor,
                             [&](const ports::BeginResult& result) { begun = result.begun; });
  world.store->cancel(std::nullopt, id, world.executor,
                      [&](ports::CancelResult result) { cancelled = result; });
  world.run_until([&] { return begun && cancelled; });
  // Exactly one of them, in either mode; inline they share a transaction.
  EXPECT_NE(*begun, std::holds_alternative<ports::Cancelled>(*cancelled));
  if (world.is_inline()) {
    EXPECT_FALSE(*begun);
  }
}

TEST_P(AttemptsTest, SentKeepsTheHoldForTheReceipt) {
  const model::MessageId id = world.accept_ok(world.message(5));
  ASSERT_TRUE(world.begin(id));
  world.clock.advance(std::chrono::milliseconds{40});
  ports::FinishAttempt command = world.outcome(id, Outcome::kSent, Status::kSent);
  command.result.provider_message_id = "p-1";
  command.result.status_code = 202;
  command.result.detail = "queued there";
  const ports::FinishResult result = world.finish(command);
  EXPECT_TRUE(result.applied);
  EXPECT_EQ(result.status, Status::kSent);
  const model::MessageView view = world.view(id);
  EXPECT_EQ(view.status, Status::kSent);
  EXPECT_EQ(view.hold, HoldState::kHeld);
  EXPECT_EQ(view.provider, "alpha");
  EXPECT_EQ(view.provider_message_id, "p-1");
  EXPECT_EQ(view.attempts, 1);
  EXPECT_EQ(view.last_error, "");
  EXPECT_EQ(view.updated_at, world.clock.wall());
  EXPECT_EQ(world.store->depth().sending, 0u);
  const auto attempts = world.attempts(id);
  ASSERT_EQ(attempts.size(), 1u);
  EXPECT_EQ(attempts[0].outcome, Outcome::kSent);
  EXPECT_EQ(attempts[0].status_code, 202);
  EXPECT_EQ(attempts[0].provider_message_id, "p-1");
  EXPECT_EQ(attempts[0].detail, "queued there");
  EXPECT_EQ(attempts[0].finished_at, world.clock.wall());
}

TEST_P(AttemptsTest, SentMayCaptureAtOnce) {
  const model::MessageId id = world.accept_ok(world.message(5));
  ASSERT_TRUE(world.begin(id));
  ports::FinishAttempt command = world.outcome(id, Outcome::kSent, Status::kSent);
  command.hold = HoldAction::kCapture;
  EXPECT_TRUE(world.finish(command).applied);
  EXPECT_EQ(world.view(id).hold, HoldState::kCaptured);
  EXPECT_EQ(world.balance().captured_cents, 5);
}

TEST_P(AttemptsTest, AResultCountsOnce) {
  const model::MessageId id = world.accept_ok(world.message(5));
  ASSERT_TRUE(world.begin(id));
  ports::FinishAttempt command = world.outcome(id, Outcome::kRejected, Status::kFailedPerm);
  command.reason = model::FailReason::kRejected;
  command.hold = HoldAction::kRelease;
  EXPECT_TRUE(world.finish(command).applied);
  const ports::FinishResult again = world.finish(command);
  EXPECT_FALSE(again.applied);
  EXPECT_EQ(again.status, Status::kFailedPerm);
  EXPECT_EQ(world.balance().available_cents, 1'000);
  EXPECT_EQ(world.attempts(id).size(), 1u);
}

TEST_P(AttemptsTest, ALateResultOfAnotherAttemptChangesNothing) {
  const model::MessageId id = world.accept_ok(world.message(5));
  ASSERT_TRUE(world.begin(id));
  ASSERT_TRUE(world.finish(world.outcome(id, Outcome::kRetry, Status::kFailedTemp)).applied);
  ASSERT_TRUE(world.begin(id, 1));
  EXPECT_FALSE(world.finish(world.outcome(id, Outcome::kSent, Status::kSent, 1)).applied);
  EXPECT_FALSE(world.finish(world.outcome(id, Outcome::kSent, Status::kSent, 2, 1)).applied);
  EXPECT_EQ(world.view(id).status, Status::kSending);
  EXPECT_TRUE(world.finish(world.outcome(id, Outcome::kSent, Status::kSent, 2)).applied);
}

TEST_P(AttemptsTest, RejectedEndsAndReleases) {
  const model::MessageId id = world.accept_ok(world.message(5));
  ASSERT_TRUE(world.begin(id));
  ports::FinishAttempt command = world.outcome(id, Outcome::kRejected, Status::kFailedPerm);
  command.reason = model::FailReason::kRejected;
  command.hold = HoldAction::kRelease;
  command.result.provider_code = "E21";
  world.finish(command);
  const model::MessageView view = world.view(id);
  EXPECT_EQ(view.status, Status::kFailedPerm);
  EXPECT_EQ(view.reason, model::FailReason::kRejected);
  EXPECT_EQ(view.hold, HoldState::kReleased);
  EXPECT_EQ(view.last_error, "E21");
  EXPECT_EQ(world.balance().available_cents, 1'000);
}

TEST_P(AttemptsTest, RetryWaitsWithItsExclusions) {
  const model::MessageId id = world.accept_ok();
  ASSERT_TRUE(world.begin(id));
  ports::FinishAttempt command = world.outcome(id, Outcome::kRetry, Status::kFailedTemp);
  command.due = world.clock.wall() + std::chrono::seconds{2};
  command.round = 1;
  command.excluded = {world.alpha, world.beta};
  command.result.detail = "503";
  world.finish(command);
  EXPECT_EQ(world.store->depth().waiting, 1u);
  EXPECT_EQ(world.view(id).last_error, "503");
  const model::WorkItem item = only_waiting(world, command.due);
  EXPECT_EQ(item.status, Status::kFailedTemp);
  EXPECT_EQ(item.attempts, 1);
  EXPECT_EQ(item.attempt_number, 1);
  EXPECT_EQ(item.round, 1);
  EXPECT_EQ(item.due, command.due);
  EXPECT_EQ(item.last_provider, world.alpha);
  EXPECT_THAT(item.excluded, ElementsAre(world.alpha, world.beta));
}

TEST_P(AttemptsTest, NotTriedLeavesNoTrace) {
  const model::MessageId id = world.accept_ok();
  ASSERT_TRUE(world.begin(id));
  ports::FinishAttempt retry = world.outcome(id, Outcome::kRetry, Status::kFailedTemp);
  retry.result.detail = "503";
  ASSERT_TRUE(world.finish(retry).applied);
  ASSERT_TRUE(world.begin(id, 1, 0, world.beta));
  ports::FinishAttempt command = world.outcome(id, Outcome::kNotTried, Status::kFailedTemp, 2);
  command.provider = world.beta;
  command.due = world.clock.wall() + std::chrono::milliseconds{20};
  EXPECT_TRUE(world.finish(command).applied);
  EXPECT_EQ(world.attempts(id).size(), 1u);
  EXPECT_EQ(world.view(id).attempts, 1);
  EXPECT_EQ(world.view(id).provider, "alpha");
  EXPECT_EQ(world.view(id).last_error, "503");
  const model::WorkItem item = only_waiting(world, command.due);
  EXPECT_EQ(item.attempts, 1);
  EXPECT_EQ(item.attempt_number, 1);
  EXPECT_EQ(item.last_provider, world.alpha);
  EXPECT_EQ(item.due, command.due);
  EXPECT_TRUE(world.begin(id, 1));
}

TEST_P(AttemptsTest, NotTriedOfAScheduledMessageQueuesIt) {
  ports::AcceptCommand scheduled = world.message();
  scheduled.message.send_at = world.clock.real_wall() + std::chrono::seconds{5};
  const model::MessageId id = world.accept_ok(scheduled);
  world.clock.advance(std::chrono::seconds{5});
  ASSERT_TRUE(world.begin(id));
  ASSERT_TRUE(world.finish(world.outcome(id, Outcome::kNotTried, Status::kQueued)).applied);
  EXPECT_EQ(world.view(id).status, Status::kQueued);
  EXPECT_TRUE(world.attempts(id).empty());
}

TEST_P(AttemptsTest, ThrottledIsShownButNotCounted) {
  const model::MessageId id = world.accept_ok();
  ASSERT_TRUE(world.begin(id));
  ASSERT_TRUE(world.finish(world.outcome(id, Outcome::kThrottled, Status::kQueued)).applied);
  EXPECT_EQ(world.attempts(id).size(), 1u);
  const model::WorkItem item = only_waiting(world, world.clock.wall());
  EXPECT_EQ(item.attempts, 0);
  EXPECT_EQ(item.attempt_number, 1);
  EXPECT_TRUE(world.begin(id, 1));
  ASSERT_TRUE(world.finish(world.outcome(id, Outcome::kSent, Status::kSent, 2)).applied);
  EXPECT_EQ(world.attempts(id).size(), 2u);
}

TEST_P(AttemptsTest, ADoubtfulOneWaitsInItsProvidersClass) {
  const model::ClassId pinned = world.store->intern_class(model::Channel::kSms, world.alpha);
  const model::MessageId id = world.accept_ok(world.message(5));
  ASSERT_TRUE(world.begin(id));
  ports::FinishAttempt command = world.outcome(id, Outcome::kUnknown, Status::kFailedTemp);
  command.doubtful = true;
  command.possible_duplicate = true;
  command.dispatch_class = pinned;
  ASSERT_TRUE(world.finish(command).applied);
  ports::QueueKey queue = world.queue();
  queue.dispatch_class = pinned;
  const ports::Page page =
      world.page({.key = queue, .after = {}, .until = world.clock.wall(), .limit = 1});
  ASSERT_EQ(page.items.size(), 1u);
  EXPECT_TRUE(page.items[0].doubtful);
  EXPECT_TRUE(page.items[0].possible_duplicate);
  EXPECT_EQ(page.items[0].pinned, std::nullopt);
  EXPECT_EQ(page.items[0].dispatch_class, pinned);
  EXPECT_TRUE(world.view(id).possible_duplicate);
  EXPECT_EQ(world.view(id).hold, HoldState::kHeld);
}

TEST_P(AttemptsTest, UnknownKeepsTheHold) {
  const model::MessageId id = world.accept_ok(world.message(5));
  ASSERT_TRUE(world.begin(id));
  ASSERT_TRUE(world.finish(world.outcome(id, Outcome::kUnknown, Status::kUnknown)).applied);
  EXPECT_EQ(world.view(id).status, Status::kUnknown);
  EXPECT_EQ(world.view(id).hold, HoldState::kHeld);
  EXPECT_EQ(world.store->depth().waiting, 0u);
}

TEST_P(AttemptsTest, WhatACrashInterruptedIsFound) {
  const model::MessageId sending = world.accept_ok();
  world.accept_ok();
  const model::MessageId ended = world.sent("p-1");
  ASSERT_TRUE(world.begin(sending, 0, 0, world.beta));
  world.reopen(false);
  const std::vector<model::WorkItem> items = world.store->interrupted();
  ASSERT_EQ(items.size(), 1u);
  EXPECT_EQ(items[0].id, sending);
  EXPECT_EQ(items[0].status, Status::kSending);
  EXPECT_EQ(items[0].attempt_number, 1);
  EXPECT_EQ(items[0].attempts, 1);
  EXPECT_EQ(items[0].last_provider, world.beta);
  EXPECT_EQ(items[0].text, "Hello");
  EXPECT_EQ(world.view(ended).status, Status::kSent);
  ports::FinishAttempt command = world.outcome(sending, Outcome::kUnknown, Status::kUnknown);
  EXPECT_TRUE(world.finish(command).applied);
}

TEST_P(AttemptsTest, WhatADrainLeftIsFoundToo) {
  const model::MessageId id = world.accept_ok();
  ASSERT_TRUE(world.begin(id));
  world.reopen(true);
  ASSERT_EQ(world.store->interrupted().size(), 1u);
  EXPECT_EQ(world.store->interrupted()[0].id, id);
  EXPECT_EQ(world.store->depth().sending, 1u);
}

TEST_P(AttemptsTest, NothingIsFoundAfterAnOrderlyEnd) {
  world.sent("p-1");
  world.accept_ok();
  world.reopen(true);
  EXPECT_TRUE(world.store->interrupted().empty());
  EXPECT_EQ(world.store->depth().waiting, 1u);
}

}  // namespace
}  // namespace heliograph::store
