// Credit: overdue holds, and the check that finds a drift.
#include <gmock/gmock.h>

#include "core/store/sqlite/integrity.h"
#include "tests/unit/store/world.h"

namespace heliograph::store {
namespace {

using model::HoldAction;
using model::HoldState;
using model::Outcome;
using model::Status;
using testing::HasSubstr;

class HoldsTest : public StoreTest {
 protected:
  model::MessageId unknown(std::int64_t cost) {
    const model::MessageId id = world.accept_ok(world.message(cost));
    EXPECT_TRUE(world.begin(id));
    EXPECT_TRUE(world.finish(world.outcome(id, Outcome::kUnknown, Status::kUnknown)).applied);
    return id;
  }
  std::size_t settle_all() {
    std::size_t changed = 0;
    for (int i = 0; i < 100; ++i) {
      const ports::SweepResult result = world.settle_holds(4);
      changed += result.changed;
      if (result.next_row == 0) break;
    }
    return changed;
  }
};
HG_IN_BOTH_MODES(HoldsTest);

TEST_P(HoldsTest, OverdueOnesAreSettledByWhatIsKnown) {
  const model::MessageId sent = world.sent("p-1", 10);
  const model::MessageId doubt = unknown(20);
  world.clock.advance(std::chrono::hours{72} - std::chrono::milliseconds{1});
  EXPECT_EQ(settle_all(), 0u);
  world.clock.advance(std::chrono::milliseconds{1});
  EXPECT_EQ(settle_all(), 2u);
  EXPECT_EQ(world.view(sent).hold, HoldState::kCaptured);
  EXPECT_EQ(world.view(sent).status, Status::kSent);
  EXPECT_EQ(world.view(doubt).hold, HoldState::kReleased);
  EXPECT_EQ(world.balance().captured_cents, 10);
  EXPECT_EQ(world.balance().available_cents, 990);
  EXPECT_EQ(settle_all(), 0u);
}

TEST_P(HoldsTest, ALaterReceiptChangesTheStatusNotTheMoney) {
  const model::MessageId id = world.sent("p-1", 10);
  world.clock.advance(std::chrono::hours{73});
  settle_all();
  world.receipt(world.receipt_of("p-1", model::ReceiptState::kUndelivered));
  EXPECT_EQ(world.view(id).status, Status::kFailedPerm);
  EXPECT_EQ(world.balance().captured_cents, 10);
}

TEST_P(HoldsTest, ARequeueAfterASettledDoubtIsPaidAnew) {
  const model::MessageId id = unknown(10);
  world.clock.advance(std::chrono::hours{73});
  settle_all();
  ASSERT_EQ(world.view(id).hold, HoldState::kReleased);
  world.requeue(id);
  EXPECT_EQ(world.view(id).hold, HoldState::kHeld);
  EXPECT_EQ(world.balance().held_cents, 10);
}

TEST_P(HoldsTest, AWaitingMessageKeepsItsHoldUntilItsOwnEnd) {
  ports::AcceptCommand command = world.message(10);
  command.message.validity = std::chrono::hours{200};
  const model::MessageId waiting = world.accept_ok(command);
  for (int i = 0; i < 20; ++i) world.sent("p-" + std::to_string(i), 1);
  world.clock.advance(std::chrono::hours{100});
  EXPECT_EQ(settle_all(), 20u);
  EXPECT_EQ(world.view(waiting).hold, HoldState::kHeld);
  // Passed by the sweep, but not forgotten.
  ASSERT_TRUE(world.begin(waiting));
  ASSERT_TRUE(world.finish(world.outcome(waiting, Outcome::kSent, Status::kSent)).applied);
  EXPECT_EQ(settle_all(), 1u);
  EXPECT_EQ(world.view(waiting).hold, HoldState::kCaptured);
}

TEST_P(HoldsTest, ARequeuedMessageHasItsTimeAnew) {
  const model::MessageId id = world.failed(10);
  world.clock.advance(std::chrono::hours{80});
  EXPECT_EQ(settle_all(), 0u);
  world.requeue(id);
  ASSERT_TRUE(world.begin(id, 1, 1));
  ASSERT_TRUE(world.finish(world.outcome(id, Outcome::kSent, Status::kSent, 2, 1)).applied);
  EXPECT_EQ(settle_all(), 0u);
  world.clock.advance(std::chrono::hours{72});
  EXPECT_EQ(settle_all(), 1u);
  EXPECT_EQ(world.balance().captured_cents, 10);
}

class CaptureUnknownTest : public HoldsTest {
 protected:
  CaptureUnknownTest() {
    world.close(true);
    world.options.billing.on_unknown = "capture";
    world.open();
    world.start();
  }
};
HG_IN_BOTH_MODES(CaptureUnknownTest);

TEST_P(CaptureUnknownTest, OverdueDoubtsAreCapturedWhereConfigured) {
  const model::MessageId id = unknown(20);
  world.clock.advance(std::chrono::hours{73});
  EXPECT_EQ(settle_all(), 1u);
  EXPECT_EQ(world.view(id).hold, HoldState::kCaptured);
  // What was paid for while in doubt is not paid for again.
  world.requeue(id);
  EXPECT_EQ(world.balance().captured_cents, 20);
  EXPECT_EQ(world.balance().held_cents, 0);
}

// Changes the file behind the store's back, then asks it.
class DriftTest : public testing::Test {
 protected:
  std::string first_problem(const char* sql) {
    World world(Threading::kInline);
    world.accept_ok(world.message(5));
    world.sent("p-1", 7);
    world.receipt(world.receipt_of("p-1", model::ReceiptState::kDelivered));
    world.failed(9);
    EXPECT_TRUE(world.store->check_ledger().ok);
    EXPECT_TRUE(world.store->check().empty());
    world.close(true);
    {
      Connection connection(world.path(), ConnectionMode::kWriter);
      connection.exec(sql);
    }
    world.open();
    const ports::LedgerCheck check = world.store->check_ledger();
    EXPECT_FALSE(check.ok);
    EXPECT_EQ(world.store->check(), check.problems);
    return check.problems.empty() ? "" : check.problems.front();
  }
};

TEST_F(DriftTest, ABalanceThatDoesNotAddUpIsNamed) {
  EXPECT_EQ(first_problem("UPDATE balances SET granted = granted + 1, available = available + 1"),
            "client \"acme\": granted is 1001 cents, but adds up to 1000");
}

TEST_F(DriftTest, ALostHoldIsNamed) {
  EXPECT_EQ(first_problem("UPDATE messages SET hold_state = 0 WHERE hold_state = 1"),
            "client \"acme\": held is 5 cents, but adds up to 0");
}

TEST_F(DriftTest, ACaptureWithoutARecordIsNamed) {
  EXPECT_THAT(first_problem("UPDATE messages SET hold_state = 2 WHERE hold_state = 3"),
              HasSubstr("its hold is captured, but the ledger does not say so"));
}

TEST_F(DriftTest, ADeletedLedgerRowIsNamed) {
  EXPECT_THAT(first_problem("DELETE FROM resolutions WHERE hold_state = 2"),
              HasSubstr("captured is 7 cents, but adds up to 0"));
}

TEST_F(DriftTest, AHoldThatCameBackIsNamed) {
  EXPECT_THAT(first_problem("UPDATE messages SET hold_state = 1 WHERE hold_state = 3;"
                            "UPDATE balances SET available = available - 9, held = held + 9"),
              HasSubstr("it still holds what the ledger says is resolved"));
}

// Each of these leaves every sum as it is: only the message itself can tell.
TEST_F(DriftTest, APaidMessageWithoutAHoldIsNamed) {
  EXPECT_THAT(first_problem("UPDATE messages SET hold_state = 0 WHERE hold_state = 1;"
                            "UPDATE balances SET available = available + 5, held = held - 5"),
              HasSubstr("it costs 5 cents, but nothing was ever held for it"));
}

TEST_F(DriftTest, AFreeMessageWithAHoldIsNamed) {
  EXPECT_THAT(first_problem("DELETE FROM resolutions WHERE hold_state = 3;"
                            "UPDATE messages SET cost_cents = 0, hold_state = 1, status = 1"
                            " WHERE hold_state = 3"),
              HasSubstr("it costs nothing, but has a hold"));
}

TEST_F(DriftTest, AHoldThatOutlivesItsMessageIsNamed) {
  EXPECT_THAT(first_problem("UPDATE messages SET status = 4 WHERE hold_state = 1"),
              HasSubstr("it has come to its end, but its hold is not resolved"));
}

TEST_F(DriftTest, AReleaseThatIsCapturedByTheLedgerIsNamed) {
  EXPECT_THAT(
      first_problem("UPDATE resolutions SET hold_state = 2 WHERE hold_state = 3;"
                    "UPDATE balances SET available = available - 9, captured = captured + 9"),
      HasSubstr("its hold is released, but the ledger does not say so"));
}

TEST_F(DriftTest, AnAmountOtherThanTheMessagesIsNamed) {
  EXPECT_THAT(first_problem("UPDATE resolutions SET cents = 8 WHERE hold_state = 3"),
              HasSubstr("with another client, amount or cycle than its own"));
}

TEST_F(DriftTest, AnotherClientThanTheMessagesIsNamed) {
  EXPECT_THAT(first_problem("UPDATE resolutions SET client = client + 1 WHERE hold_state = 3"),
              HasSubstr("with another client, amount or cycle than its own"));
}

TEST_F(DriftTest, ACycleThatNeverBeganIsNamed) {
  EXPECT_THAT(first_problem("INSERT INTO resolutions SELECT message, 1, client, 3, cents, at"
                            " FROM resolutions WHERE hold_state = 3"),
              HasSubstr("with another client, amount or cycle than its own"));
}

TEST_F(DriftTest, AResolutionThatIsNoneIsNamed) {
  EXPECT_THAT(first_problem("INSERT INTO resolutions VALUES (1, 0, 1, 7, 5, 0)"),
              HasSubstr("resolution of row 1, cycle 0: it is neither a capture nor a release"));
}

TEST_F(DriftTest, AClientWithoutABalanceIsNamed) {
  EXPECT_EQ(first_problem("INSERT INTO clients (public_id, name, billing, in_doubt, default_region,"
                          " callback_url, created_at) VALUES ('p', 'stray', 1, 0, '', '', 0)"),
            "client \"stray\": it has no balance");
}

TEST_F(DriftTest, PartsThatNobodyWillEverRemoveAreNamed) {
  EXPECT_EQ(first_problem("INSERT INTO message_parts (provider, provider_part_id, message)"
                          " VALUES (1, 'x', 99)"),
            "a part of the message in row 99 is awaited, but the message is gone or erased");
}

// The schema's own constraint finds it too, unless somebody has switched that off.
TEST(LedgerCheckTest, ABalanceThatIsNotTheSumOfItsPartsIsNamed) {
  World world(Threading::kInline);
  world.accept_ok(world.message(5));
  world.close(true);
  Connection connection(world.path(), ConnectionMode::kWriter);
  EXPECT_TRUE(check_ledger(connection).ok);
  connection.exec("PRAGMA ignore_check_constraints = ON");
  connection.exec("UPDATE balances SET available = available + 3");
  EXPECT_THAT(check_ledger(connection).problems,
              testing::ElementsAre("client \"acme\": available is 998 cents, but adds up to 995",
                                   "client \"acme\": granted is 1000 cents, but adds up to 1003"));
}

TEST(LedgerTest, ASecondResolutionOfOneHoldIsRefused) {
  World world(Threading::kInline);
  world.close(true);
  Connection connection(world.path(), ConnectionMode::kWriter);
  Ledger ledger(connection);
  ASSERT_TRUE(ledger.hold(world.client.id, 10));
  const Hold hold{.row = 1, .cycle = 0, .client = world.client.id, .cents = 10};
  ledger.release(hold, world.clock.wall());
  EXPECT_THROW(ledger.release(hold, world.clock.wall()), DatabaseError);
  EXPECT_THROW(ledger.capture(hold, world.clock.wall()), DatabaseError);
}

TEST(LedgerTest, TheDatabaseRefusesABalanceThatDoesNotAddUp) {
  World world(Threading::kInline);
  world.close(true);
  Connection connection(world.path(), ConnectionMode::kWriter);
  EXPECT_THROW(connection.exec("UPDATE balances SET held = held + 1"), DatabaseError);
  EXPECT_THROW(connection.exec("UPDATE balances SET granted = -1, available = -1"), DatabaseError);
}

}  // namespace
}  // namespace heliograph::store
