// A message whose provider gives each part an id: receipts of parts become one of the message.
#include <gmock/gmock.h>

#include "tests/unit/store/world.h"

namespace heliograph::store {
namespace {

using model::HoldState;
using model::Outcome;
using model::ReceiptState;
using model::Status;
using ports::ReceiptOutcome;

class MessagePartsTest : public StoreTest {
 protected:
  ports::FinishAttempt outcome_with_parts(model::MessageId id, Outcome outcome, Status status,
                                          std::vector<std::string> ids = {"a", "b", "c"}) {
    ports::FinishAttempt command = world.outcome(id, outcome, status);
    command.result.provider_message_id = ids.front();
    command.result.part_ids = std::move(ids);
    return command;
  }
  model::MessageId sent_in_parts() {
    const model::MessageId id = world.accept_ok(three_parts());
    EXPECT_TRUE(world.begin(id));
    EXPECT_TRUE(world.finish(outcome_with_parts(id, Outcome::kSent, Status::kSent)).applied);
    return id;
  }
  model::MessageId doubtful_in_parts() {
    const model::MessageId id = world.accept_ok(three_parts());
    EXPECT_TRUE(world.begin(id));
    ports::FinishAttempt command =
        outcome_with_parts(id, Outcome::kUnknown, Status::kFailedTemp, {"a", "b"});
    command.doubtful = true;
    EXPECT_TRUE(world.finish(command).applied);
    return id;
  }
  ports::AcceptCommand three_parts() {
    ports::AcceptCommand command = world.message(15);
    command.message.parts = 3;
    return command;
  }
  ReceiptOutcome receive(const std::string& part, ReceiptState state) {
    return world.receipt(world.receipt_of(part, state));
  }
  std::int64_t rows() {
    Connection connection(world.path(), ConnectionMode::kReader);
    return connection.query_integer("SELECT count(*) FROM message_parts");
  }
};
HG_IN_BOTH_MODES(MessagePartsTest);

TEST_P(MessagePartsTest, DeliveredWhenTheLastPartIs) {
  const model::MessageId id = sent_in_parts();
  EXPECT_EQ(rows(), 3);
  EXPECT_EQ(receive("b", ReceiptState::kDelivered), ReceiptOutcome::kNoChange);
  EXPECT_EQ(receive("b", ReceiptState::kDelivered), ReceiptOutcome::kNoChange) << "counts once";
  EXPECT_EQ(receive("a", ReceiptState::kDelivered), ReceiptOutcome::kNoChange);
  EXPECT_EQ(world.view(id).status, Status::kSent);
  EXPECT_EQ(world.view(id).hold, HoldState::kHeld);
  EXPECT_EQ(receive("c", ReceiptState::kDelivered), ReceiptOutcome::kApplied);
  EXPECT_EQ(world.view(id).status, Status::kDelivered);
  EXPECT_EQ(world.view(id).provider_message_id, "a");
  EXPECT_EQ(world.balance().captured_cents, 15);
  EXPECT_EQ(rows(), 0);
  for (const char* part : {"a", "b", "c"})
    EXPECT_EQ(receive(part, ReceiptState::kDelivered), ReceiptOutcome::kNoChange) << "not parked";
}

TEST_P(MessagePartsTest, OnePartThatFailsFailsTheMessageAtOnce) {
  const model::MessageId id = sent_in_parts();
  receive("a", ReceiptState::kDelivered);
  EXPECT_EQ(receive("c", ReceiptState::kUndelivered), ReceiptOutcome::kApplied);
  EXPECT_EQ(world.view(id).status, Status::kFailedPerm);
  EXPECT_EQ(world.view(id).hold, HoldState::kReleased);
  EXPECT_EQ(rows(), 0);
  EXPECT_EQ(receive("b", ReceiptState::kDelivered), ReceiptOutcome::kNoChange);
  EXPECT_EQ(world.view(id).status, Status::kFailedPerm);
}

TEST_P(MessagePartsTest, TheFirstWordAboutAPartIsTheLast) {
  const model::MessageId id = sent_in_parts();
  receive("a", ReceiptState::kDelivered);
  EXPECT_EQ(receive("a", ReceiptState::kUndelivered), ReceiptOutcome::kNoChange);
  EXPECT_EQ(world.view(id).status, Status::kSent);
}

TEST_P(MessagePartsTest, IntermediateStatesOfAPartSayNothingAboutTheMessage) {
  const model::MessageId id = sent_in_parts();
  EXPECT_EQ(receive("a", ReceiptState::kAccepted), ReceiptOutcome::kNoChange);
  receive("a", ReceiptState::kDelivered);
  receive("b", ReceiptState::kDelivered);
  EXPECT_EQ(world.view(id).status, Status::kSent);
}

TEST_P(MessagePartsTest, ReceiptsThatCameBeforeTheSendResult) {
  const model::MessageId id = world.accept_ok(three_parts());
  ASSERT_TRUE(world.begin(id));
  for (const char* part : {"a", "b", "c"})
    EXPECT_EQ(receive(part, ReceiptState::kDelivered), ReceiptOutcome::kParked);
  const ports::FinishResult result =
      world.finish(outcome_with_parts(id, Outcome::kSent, Status::kSent));
  EXPECT_EQ(result.status, Status::kDelivered);
  EXPECT_EQ(world.view(id).status, Status::kDelivered);
  EXPECT_EQ(rows(), 0);
}

TEST_P(MessagePartsTest, EchoesOfOurIdNameThePartAndNotTheWhole) {
  const model::MessageId id = sent_in_parts();
  model::Receipt receipt = world.receipt_of("b", ReceiptState::kDelivered);
  receipt.message_id = id;
  EXPECT_EQ(world.receipt(receipt), ReceiptOutcome::kNoChange);
  EXPECT_EQ(world.view(id).status, Status::kSent);
}

TEST_P(MessagePartsTest, ADoubtfulSendIsSettledByItsParts) {
  const model::MessageId id = world.accept_ok(three_parts());
  ASSERT_TRUE(world.begin(id));
  ports::FinishAttempt command =
      outcome_with_parts(id, Outcome::kUnknown, Status::kUnknown, {"a", "b"});
  command.doubtful = true;
  ASSERT_TRUE(world.finish(command).applied);
  receive("a", ReceiptState::kDelivered);
  EXPECT_EQ(receive("b", ReceiptState::kDelivered), ReceiptOutcome::kApplied);
  EXPECT_EQ(world.view(id).status, Status::kDelivered);
}

TEST_P(MessagePartsTest, AnEarlierSendsPartsSayNothingAboutALater) {
  const model::MessageId id = world.accept_ok(three_parts());
  ASSERT_TRUE(world.begin(id));
  ports::FinishAttempt doubtful =
      outcome_with_parts(id, Outcome::kUnknown, Status::kFailedTemp, {"a", "b"});
  doubtful.doubtful = true;
  doubtful.due = world.clock.wall();
  ASSERT_TRUE(world.finish(doubtful).applied);
  ASSERT_TRUE(world.begin(id, 1));
  // Certainly not sent: the list it came with is nobody's, what is known of the doubtful one stays.
  ports::FinishAttempt failed = world.outcome(id, Outcome::kRetry, Status::kFailedTemp, 2);
  failed.result.part_ids = {"c", "d"};
  failed.doubtful = true;
  failed.due = world.clock.wall();
  ASSERT_TRUE(world.finish(failed).applied);
  EXPECT_EQ(rows(), 2);
  ASSERT_TRUE(world.begin(id, 2));
  ports::FinishAttempt sent = world.outcome(id, Outcome::kSent, Status::kSent, 3);
  sent.result.provider_message_id = "x";
  ASSERT_TRUE(world.finish(sent).applied);
  EXPECT_EQ(rows(), 0);
  receive("a", ReceiptState::kUndelivered);
  EXPECT_EQ(world.view(id).status, Status::kSent);
}

TEST_P(MessagePartsTest, AProviderWithoutReceiptsAwaitsNone) {
  const model::MessageId id = world.accept_ok(three_parts());
  ASSERT_TRUE(world.begin(id));
  ports::FinishAttempt command = outcome_with_parts(id, Outcome::kSent, Status::kSent);
  command.receipts = false;
  ASSERT_TRUE(world.finish(command).applied);
  EXPECT_EQ(rows(), 0);
}

TEST_P(MessagePartsTest, OurOwnCountOfPartsDecidesNothing) {
  const model::MessageId id = world.accept_ok(world.message(5));  // one part, by our count
  ASSERT_TRUE(world.begin(id));
  ASSERT_TRUE(world.finish(outcome_with_parts(id, Outcome::kSent, Status::kSent)).applied);
  EXPECT_EQ(rows(), 3) << "as many as the provider names";
  EXPECT_EQ(receive("a", ReceiptState::kDelivered), ReceiptOutcome::kNoChange);
  EXPECT_EQ(receive("b", ReceiptState::kDelivered), ReceiptOutcome::kNoChange);
  EXPECT_EQ(world.view(id).status, Status::kSent);
  EXPECT_EQ(receive("c", ReceiptState::kDelivered), ReceiptOutcome::kApplied);
  EXPECT_EQ(world.view(id).status, Status::kDelivered);
}

TEST_P(MessagePartsTest, NothingIsAwaitedOnceTheBodyIsErased) {
  sent_in_parts();
  const model::MessageId one = world.accept_ok(world.message(5));  // one part, by our count
  ASSERT_TRUE(world.begin(one));
  ASSERT_TRUE(
      world.finish(outcome_with_parts(one, Outcome::kSent, Status::kSent, {"d", "e"})).applied);
  EXPECT_EQ(rows(), 5);
  world.clock.advance(std::chrono::hours{24 * 31});
  world.settle_holds();
  world.erase();
  EXPECT_EQ(rows(), 0);
}

TEST_P(MessagePartsTest, ASendAnewWithOneIdAwaitsThePartsOfTheDoubtfulOneNoMore) {
  const model::MessageId id = doubtful_in_parts();
  ASSERT_TRUE(world.begin(id, 1));
  ports::FinishAttempt command = world.outcome(id, Outcome::kSent, Status::kSent, 2);
  command.result.provider_message_id = "whole";
  ASSERT_TRUE(world.finish(command).applied);
  EXPECT_EQ(rows(), 0);
  receive("a", ReceiptState::kUndelivered);
  EXPECT_EQ(world.view(id).status, Status::kSent) << "says nothing about the send that counts";
  receive("whole", ReceiptState::kDelivered);
  EXPECT_EQ(world.view(id).status, Status::kDelivered);
}

TEST_P(MessagePartsTest, ASendAnewThatCertainlyFailedLeavesWhatIsKnownOfTheDoubtfulOne) {
  const model::MessageId id = doubtful_in_parts();
  ASSERT_TRUE(world.begin(id, 1));
  ports::FinishAttempt command = world.outcome(id, Outcome::kRetry, Status::kFailedTemp, 2);
  command.doubtful = true;
  ASSERT_TRUE(world.finish(command).applied);
  EXPECT_EQ(rows(), 2);
}

TEST_P(MessagePartsTest, ANewOrderIsNotSettledByThePartsOfTheOldOne) {
  const model::MessageId id = doubtful_in_parts();
  ASSERT_TRUE(world.begin(id, 1));
  ports::FinishAttempt command = world.outcome(id, Outcome::kRejected, Status::kFailedPerm, 2);
  command.hold = model::HoldAction::kRelease;
  ASSERT_TRUE(world.finish(command).applied);
  ASSERT_TRUE(std::holds_alternative<ports::Requeued>(world.requeue(id)));
  receive("a", ReceiptState::kDelivered);
  receive("b", ReceiptState::kDelivered);
  EXPECT_EQ(world.view(id).status, Status::kQueued);
}

TEST_P(MessagePartsTest, AMessageWithOneIdHasNoRows) {
  world.sent("p-1", 5);
  EXPECT_EQ(rows(), 0);
}

}  // namespace
}  // namespace heliograph::store
