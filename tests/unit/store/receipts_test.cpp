// Delivery receipts: early, late, twice, for nobody, contradicting each other.
#include <gmock/gmock.h>

#include "tests/unit/store/world.h"

namespace heliograph::store {
namespace {

using model::HoldState;
using model::Outcome;
using model::ReceiptState;
using model::Status;
using ports::ReceiptOutcome;
using testing::ElementsAre;

class ReceiptsTest : public StoreTest {
 protected:
  ReceiptOutcome receive(const std::string& provider_id, ReceiptState state) {
    return world.receipt(world.receipt_of(provider_id, state));
  }
};
HG_IN_BOTH_MODES(ReceiptsTest);

TEST_P(ReceiptsTest, DeliveredCaptures) {
  const model::MessageId id = world.sent("p-1", 5);
  EXPECT_EQ(receive("p-1", ReceiptState::kDelivered), ReceiptOutcome::kApplied);
  EXPECT_EQ(world.view(id).status, Status::kDelivered);
  EXPECT_EQ(world.view(id).hold, HoldState::kCaptured);
  EXPECT_EQ(world.view(id).provider_message_id, "p-1");
  EXPECT_EQ(world.balance().captured_cents, 5);
  EXPECT_EQ(world.balance().held_cents, 0);
}

TEST_P(ReceiptsTest, UndeliveredReleases) {
  const model::MessageId id = world.sent("p-1", 5);
  model::Receipt receipt = world.receipt_of("p-1", ReceiptState::kUndelivered);
  receipt.detail = "absent subscriber";
  EXPECT_EQ(world.receipt(receipt), ReceiptOutcome::kApplied);
  const model::MessageView view = world.view(id);
  EXPECT_EQ(view.status, Status::kFailedPerm);
  EXPECT_EQ(view.reason, model::FailReason::kUndelivered);
  EXPECT_EQ(view.last_error, "absent subscriber");
  EXPECT_EQ(view.hold, HoldState::kReleased);
  EXPECT_EQ(world.balance().available_cents, 1'000);
}

TEST_P(ReceiptsTest, OneThatNobodyHasProvedIsAboutOneClientsMessagesAlone) {
  const model::MessageId id = world.sent("p-1", 5);
  model::Receipt receipt = world.receipt_of("p-1", ReceiptState::kDelivered);
  receipt.only_of = model::ClientId{999};
  EXPECT_EQ(world.receipt(receipt), ReceiptOutcome::kNoChange);
  EXPECT_EQ(world.view(id).status, Status::kSent);
  receipt.only_of = world.client.id;
  EXPECT_EQ(world.receipt(receipt), ReceiptOutcome::kApplied);
}

TEST_P(ReceiptsTest, ADuplicateChangesNothing) {
  world.sent("p-1", 5);
  receive("p-1", ReceiptState::kDelivered);
  EXPECT_EQ(receive("p-1", ReceiptState::kDelivered), ReceiptOutcome::kNoChange);
  EXPECT_EQ(world.balance().captured_cents, 5);
}

TEST_P(ReceiptsTest, DuplicatesOfOneTransactionChangeOnce) {
  world.sent("p-1", 5);
  const model::Receipt receipt = world.receipt_of("p-1", ReceiptState::kDelivered);
  EXPECT_THAT(world.receipts({receipt, receipt}),
              ElementsAre(ReceiptOutcome::kApplied, ReceiptOutcome::kNoChange));
  EXPECT_EQ(world.balance().captured_cents, 5);
}

TEST_P(ReceiptsTest, TheFirstOfTwoThatContradictHolds) {
  const model::MessageId first = world.sent("p-1", 5);
  receive("p-1", ReceiptState::kUndelivered);
  EXPECT_EQ(receive("p-1", ReceiptState::kDelivered), ReceiptOutcome::kNoChange);
  EXPECT_EQ(world.view(first).status, Status::kFailedPerm);
  const model::MessageId second = world.sent("p-2", 5);
  receive("p-2", ReceiptState::kDelivered);
  EXPECT_EQ(receive("p-2", ReceiptState::kUndelivered), ReceiptOutcome::kNoChange);
  EXPECT_EQ(world.view(second).status, Status::kDelivered);
  EXPECT_EQ(world.balance().captured_cents, 5);
  EXPECT_EQ(world.balance().available_cents, 995);
}

TEST_P(ReceiptsTest, IntermediateStatesChangeNothing) {
  const model::MessageId id = world.sent("p-1");
  EXPECT_EQ(receive("p-1", ReceiptState::kAccepted), ReceiptOutcome::kNoChange);
  EXPECT_EQ(receive("p-1", ReceiptState::kUnknown), ReceiptOutcome::kNoChange);
  EXPECT_EQ(world.view(id).status, Status::kSent);
}

TEST_P(ReceiptsTest, AnEarlyOneIsAppliedWithTheResult) {
  const model::MessageId id = world.accept_ok(world.message(5));
  ASSERT_TRUE(world.begin(id));
  EXPECT_EQ(receive("p-1", ReceiptState::kDelivered), ReceiptOutcome::kParked);
  ports::FinishAttempt command = world.outcome(id, Outcome::kSent, Status::kSent);
  command.result.provider_message_id = "p-1";
  const ports::FinishResult result = world.finish(command);
  EXPECT_TRUE(result.applied);
  EXPECT_EQ(result.status, Status::kDelivered);
  EXPECT_EQ(world.view(id).status, Status::kDelivered);
  EXPECT_EQ(world.balance().captured_cents, 5);
  EXPECT_EQ(receive("p-1", ReceiptState::kDelivered), ReceiptOutcome::kNoChange);
}

TEST_P(ReceiptsTest, NoneIsWaitedForFromAProviderWithoutThem) {
  const model::MessageId id = world.accept_ok();
  ASSERT_TRUE(world.begin(id));
  ports::FinishAttempt command = world.outcome(id, Outcome::kSent, Status::kSent);
  command.result.provider_message_id = "p-1";
  command.receipts = false;
  EXPECT_EQ(world.finish(command).status, Status::kSent);
  EXPECT_EQ(receive("p-1", ReceiptState::kDelivered), ReceiptOutcome::kParked)
      << "found by the provider's id: there is an index entry nobody needs";
  EXPECT_EQ(world.view(id).status, Status::kSent);
}

TEST_P(ReceiptsTest, AnEarlyOneSurvivesARestart) {
  const model::MessageId id = world.accept_ok();
  ASSERT_TRUE(world.begin(id));
  receive("p-1", ReceiptState::kUndelivered);
  world.reopen(false);
  ports::FinishAttempt command = world.outcome(id, Outcome::kSent, Status::kSent);
  command.result.provider_message_id = "p-1";
  EXPECT_EQ(world.finish(command).status, Status::kFailedPerm);
}

TEST_P(ReceiptsTest, AnEarlyOneOfAnotherProviderIsNotMistaken) {
  const model::MessageId id = world.accept_ok();
  ASSERT_TRUE(world.begin(id));
  model::Receipt receipt = world.receipt_of("p-1", ReceiptState::kDelivered);
  receipt.provider = world.beta;
  EXPECT_EQ(world.receipt(receipt), ReceiptOutcome::kParked);
  ports::FinishAttempt command = world.outcome(id, Outcome::kSent, Status::kSent);
  command.result.provider_message_id = "p-1";
  EXPECT_EQ(world.finish(command).status, Status::kSent);
}

TEST_P(ReceiptsTest, OneThatNamesOurIdWhileSendingWaits) {
  const model::MessageId id = world.accept_ok();
  ASSERT_TRUE(world.begin(id));
  model::Receipt receipt = world.receipt_of("", ReceiptState::kDelivered);
  receipt.message_id = id;
  EXPECT_EQ(world.receipt(receipt), ReceiptOutcome::kParked);
  EXPECT_EQ(world.view(id).status, Status::kSending);
  // The attempt ends in doubt: the receipt knows better.
  ports::FinishAttempt command = world.outcome(id, Outcome::kUnknown, Status::kUnknown);
  EXPECT_EQ(world.finish(command).status, Status::kDelivered);
}

TEST_P(ReceiptsTest, AnUnknownOneIsParked) {
  EXPECT_EQ(receive("nobody's", ReceiptState::kDelivered), ReceiptOutcome::kParked);
  EXPECT_EQ(receive("nobody's", ReceiptState::kDelivered), ReceiptOutcome::kParked);
  model::Receipt receipt = world.receipt_of("", ReceiptState::kDelivered);
  receipt.message_id = model::MessageId::from_parts(77, 5);
  EXPECT_EQ(world.receipt(receipt), ReceiptOutcome::kParked);
}

TEST_P(ReceiptsTest, OurIdMatchesWhereTheProvidersDoesNot) {
  const model::MessageId id = world.sent("p-1", 5);
  model::Receipt receipt = world.receipt_of("other form of p-1", ReceiptState::kDelivered);
  receipt.message_id = id;
  EXPECT_EQ(world.receipt(receipt), ReceiptOutcome::kApplied);
  EXPECT_EQ(world.view(id).status, Status::kDelivered);
}

TEST_P(ReceiptsTest, AWrongRandomPartIsNotOurId) {
  const model::MessageId id = world.sent("p-1");
  model::Receipt receipt = world.receipt_of("", ReceiptState::kDelivered);
  receipt.message_id = model::MessageId::from_parts(id.row(), id.random() ^ 1);
  EXPECT_EQ(world.receipt(receipt), ReceiptOutcome::kParked);
  EXPECT_EQ(world.view(id).status, Status::kSent);
}

TEST_P(ReceiptsTest, UnknownIsResolvedByAReceipt) {
  const model::MessageId id = world.accept_ok(world.message(5));
  ASSERT_TRUE(world.begin(id));
  ASSERT_TRUE(world.finish(world.outcome(id, Outcome::kUnknown, Status::kUnknown)).applied);
  model::Receipt receipt = world.receipt_of("p-1", ReceiptState::kAccepted);
  receipt.message_id = id;
  EXPECT_EQ(world.receipt(receipt), ReceiptOutcome::kApplied);
  EXPECT_EQ(world.view(id).status, Status::kSent);
  // The first one taught us the provider's id.
  EXPECT_EQ(receive("p-1", ReceiptState::kDelivered), ReceiptOutcome::kApplied);
  EXPECT_EQ(world.view(id).status, Status::kDelivered);
  EXPECT_EQ(world.balance().captured_cents, 5);
}

TEST_P(ReceiptsTest, ADoubtfulMessageIsNotSentAgainOnceDelivered) {
  const model::MessageId id = world.accept_ok(world.message(5));
  ASSERT_TRUE(world.begin(id));
  ports::FinishAttempt command = world.outcome(id, Outcome::kUnknown, Status::kFailedTemp);
  command.doubtful = true;
  command.result.provider_message_id = "p-1";
  ASSERT_TRUE(world.finish(command).applied);
  EXPECT_EQ(receive("p-1", ReceiptState::kUndelivered), ReceiptOutcome::kParked);
  EXPECT_EQ(receive("p-1", ReceiptState::kDelivered), ReceiptOutcome::kApplied);
  EXPECT_EQ(world.view(id).status, Status::kDelivered);
  EXPECT_EQ(world.store->depth().waiting, 0u);
  EXPECT_FALSE(world.begin(id, 1));
}

// The provider drops the repetition and says so by the id it gave to the first send: no other
// receipt will ever come.
TEST_P(ReceiptsTest, UndeliveredWhileInDoubtCountsWhereTheProviderKnowsTheSendAgain) {
  for (const std::string answered : {"p-1", "p-2"}) {
    const model::MessageId id = world.accept_ok(world.message(5));
    ASSERT_TRUE(world.begin(id));
    model::Receipt receipt = world.receipt_of("p-1", ReceiptState::kUndelivered);
    receipt.message_id = id;
    EXPECT_EQ(world.receipt(receipt), ReceiptOutcome::kParked) << "before the outcome";
    ports::FinishAttempt doubt = world.outcome(id, Outcome::kUnknown, Status::kFailedTemp);
    doubt.doubtful = true;
    ASSERT_TRUE(world.finish(doubt).applied);
    EXPECT_EQ(world.view(id).status, Status::kFailedTemp);
    EXPECT_EQ(world.receipt(receipt), ReceiptOutcome::kParked) << "and after it";
    ASSERT_TRUE(world.begin(id, 1));
    ports::FinishAttempt sent = world.outcome(id, Outcome::kSent, Status::kSent, 2);
    sent.result.provider_message_id = answered;
    ASSERT_TRUE(world.finish(sent).applied);
    const bool known_again = answered == "p-1";
    EXPECT_EQ(world.view(id).status, known_again ? Status::kFailedPerm : Status::kSent);
  }
  EXPECT_EQ(world.balance().held_cents, 5);
}

TEST_P(ReceiptsTest, AnEarlierProviderMayOnlySayDelivered) {
  const model::MessageId id = world.accept_ok(world.message(5));
  ASSERT_TRUE(world.begin(id));
  ports::FinishAttempt doubtful = world.outcome(id, Outcome::kUnknown, Status::kFailedTemp);
  doubtful.doubtful = true;
  ASSERT_TRUE(world.finish(doubtful).applied);
  ASSERT_TRUE(world.begin(id, 1, 0, world.beta));
  ports::FinishAttempt sent = world.outcome(id, Outcome::kSent, Status::kSent, 2);
  sent.provider = world.beta;
  sent.result.provider_message_id = "b-1";
  ASSERT_TRUE(world.finish(sent).applied);
  model::Receipt receipt = world.receipt_of("", ReceiptState::kUndelivered);
  receipt.message_id = id;
  EXPECT_EQ(world.receipt(receipt), ReceiptOutcome::kNoChange);
  EXPECT_EQ(world.view(id).status, Status::kSent);
  receipt.state = ReceiptState::kDelivered;
  EXPECT_EQ(world.receipt(receipt), ReceiptOutcome::kApplied);
  EXPECT_EQ(world.view(id).status, Status::kDelivered);
}

TEST_P(ReceiptsTest, AProviderThatNeverTriedItSaysNothing) {
  const model::MessageId id = world.sent("p-1", 5);
  model::Receipt receipt = world.receipt_of("", ReceiptState::kDelivered);
  receipt.provider = world.beta;
  receipt.message_id = id;
  EXPECT_EQ(world.receipt(receipt), ReceiptOutcome::kNoChange);
  EXPECT_EQ(world.view(id).status, Status::kSent);
}

TEST_P(ReceiptsTest, CertainlyNotSentLeavesNothingToWaitFor) {
  const model::MessageId id = world.accept_ok();
  ASSERT_TRUE(world.begin(id));
  ports::FinishAttempt command = world.outcome(id, Outcome::kRetry, Status::kFailedTemp);
  command.result.provider_message_id = "p-1";
  ASSERT_TRUE(world.finish(command).applied);
  EXPECT_EQ(receive("p-1", ReceiptState::kDelivered), ReceiptOutcome::kParked);
  EXPECT_EQ(world.view(id).status, Status::kFailedTemp);
}

TEST_P(ReceiptsTest, AResolvedHoldStaysResolved) {
  const model::MessageId id = world.accept_ok(world.message(5));
  ASSERT_TRUE(world.begin(id));
  ports::FinishAttempt command = world.outcome(id, Outcome::kSent, Status::kSent);
  command.result.provider_message_id = "p-1";
  command.hold = model::HoldAction::kCapture;
  ASSERT_TRUE(world.finish(command).applied);
  EXPECT_EQ(receive("p-1", ReceiptState::kUndelivered), ReceiptOutcome::kApplied);
  EXPECT_EQ(world.view(id).status, Status::kFailedPerm);
  EXPECT_EQ(world.view(id).hold, HoldState::kCaptured);
  EXPECT_EQ(world.balance().captured_cents, 5);
}

class CaptureOnSentTest : public StoreTest {
 protected:
  CaptureOnSentTest()
      : StoreTest([](SqliteOptions& options) { options.billing.capture_on = "sent"; }) {}
};
HG_IN_BOTH_MODES(CaptureOnSentTest);

TEST_P(CaptureOnSentTest, AReceiptThatSaysTakenCaptures) {
  const model::MessageId id = world.accept_ok(world.message(5));
  ASSERT_TRUE(world.begin(id));
  ASSERT_TRUE(world.finish(world.outcome(id, Outcome::kUnknown, Status::kUnknown)).applied);
  model::Receipt receipt = world.receipt_of("", ReceiptState::kAccepted);
  receipt.message_id = id;
  EXPECT_EQ(world.receipt(receipt), ReceiptOutcome::kApplied);
  EXPECT_EQ(world.view(id).hold, HoldState::kCaptured);
}

TEST_P(ReceiptsTest, OneThatNobodyHasProvedIsParkedAsSuch) {
  model::Receipt receipt = world.receipt_of("p-1", ReceiptState::kUndelivered);
  receipt.only_of = model::ClientId{999};
  EXPECT_EQ(world.receipt(receipt), ReceiptOutcome::kParked);
  const model::MessageId id = world.sent("p-1", 5);
  EXPECT_EQ(world.view(id).status, Status::kSent);
}

TEST(ParkedReceiptsTest, TheOldestGoWhenThereAreTooMany) {
  World world(Threading::kInline);
  Connection connection(":memory:", ConnectionMode::kMemory);
  connection.exec(
      "CREATE TABLE parked_receipts (id INTEGER PRIMARY KEY, provider INTEGER,"
      " provider_message_id TEXT, message INTEGER, state INTEGER, detail TEXT,"
      " received_at INTEGER, only_of INTEGER)");
  ParkedReceipts parked(connection, 2);
  const model::TimePoint now = world.clock.wall();
  for (const char* name : {"a", "b", "c"}) {
    parked.park(world.receipt_of(name, ReceiptState::kDelivered), std::nullopt, now);
  }
  EXPECT_TRUE(parked.take(0, world.alpha, "a").empty());
  EXPECT_EQ(parked.take(0, world.alpha, "b").size(), 1u);
  EXPECT_EQ(parked.take(0, world.alpha, "c").size(), 1u);
  EXPECT_TRUE(parked.take(0, world.alpha, "c").empty());
}

}  // namespace
}  // namespace heliograph::store
