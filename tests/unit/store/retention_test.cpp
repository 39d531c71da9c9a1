// What is kept no longer: keys, parked receipts, bodies, whole messages.
#include <gmock/gmock.h>

#include <fstream>
#include <iterator>

#include "tests/unit/store/world.h"

namespace heliograph::store {
namespace {

using model::Status;

constexpr std::chrono::hours kDay{24};

class RetentionTest : public StoreTest {
 protected:
  std::size_t erase_all() {
    std::size_t changed = 0;
    for (int i = 0; i < 1'000; ++i) {
      const ports::SweepResult result = world.erase(3);
      changed += result.changed;
      if (result.next_row == 0) break;
    }
    return changed;
  }
  std::int64_t count(const char* table) {
    Connection connection(world.path(), ConnectionMode::kReader);
    return connection.query_integer((std::string("SELECT count(*) FROM ") + table).c_str());
  }
};
HG_IN_BOTH_MODES(RetentionTest);

TEST_P(RetentionTest, BodiesOfFinishedMessagesAreErased) {
  std::vector<model::MessageId> ids;
  for (int i = 0; i < 8; ++i) ids.push_back(world.sent("p-" + std::to_string(i)));
  world.clock.advance(30 * kDay - std::chrono::milliseconds{1});
  EXPECT_EQ(erase_all(), 0u);
  world.clock.advance(std::chrono::milliseconds{1});
  EXPECT_EQ(erase_all(), 8u);
  const model::MessageView view = world.view(ids[5]);
  EXPECT_EQ(view.text, "");
  EXPECT_EQ(view.to, "");
  EXPECT_EQ(view.from, "");
  EXPECT_EQ(view.status, Status::kSent);
  EXPECT_EQ(view.provider, "alpha");
  EXPECT_EQ(world.attempts(ids[5]).size(), 1u);
  EXPECT_EQ(erase_all(), 0u);
}

TEST_P(RetentionTest, AnErasedMessageCannotBeRequeued) {
  const model::MessageId id = world.failed();
  world.clock.advance(31 * kDay);
  erase_all();
  EXPECT_TRUE(std::holds_alternative<ports::Conflict>(world.requeue(id)));
}

TEST_P(RetentionTest, AWaitingMessageKeepsItsBodyUntilItsEnd) {
  ports::AcceptCommand command = world.message();
  command.message.validity = 60 * kDay;
  const model::MessageId waiting = world.accept_ok(command);
  world.sent("p-1");
  world.clock.advance(31 * kDay);
  EXPECT_EQ(erase_all(), 1u);
  EXPECT_EQ(world.view(waiting).text, "Hello");
  world.cancel(waiting);
  EXPECT_EQ(erase_all(), 1u);
  EXPECT_EQ(world.view(waiting).text, "");
}

TEST_P(RetentionTest, FinishedMessagesGoAltogetherInTheEnd) {
  const model::MessageId sent = world.sent("p-1", 10);
  world.receipt(world.receipt_of("p-1", model::ReceiptState::kDelivered));
  const model::MessageId failed = world.failed();
  world.requeue(failed);
  world.cancel(failed);
  world.clock.advance(400 * kDay);
  erase_all();
  EXPECT_FALSE(world.find(sent));
  EXPECT_FALSE(world.find(failed));
  EXPECT_EQ(count("attempts"), 0);
  EXPECT_EQ(count("events"), 0);
  EXPECT_EQ(world.balance().captured_cents, 10);  // TearDown checks that the books still balance
}

TEST_P(RetentionTest, OpenHoldsKeepTheirMessage) {
  const model::MessageId id = world.sent("p-1", 10);
  world.clock.advance(401 * kDay);
  erase_all();
  EXPECT_TRUE(world.find(id));
  world.settle_holds();
  erase_all();
  EXPECT_FALSE(world.find(id));
}

TEST_P(RetentionTest, KeysGoWhenTheyCountNoLonger) {
  ports::AcceptCommand command = world.message();
  for (std::uint8_t i = 0; i < 7; ++i) {
    command.idempotency = key(i);
    world.accept_ok(command);
  }
  world.accept_ok();
  world.clock.advance(std::chrono::hours{71});
  EXPECT_EQ(erase_all(), 0u);
  command.idempotency = key(3);
  world.clock.advance(std::chrono::hours{1});
  const model::MessageId renewed = world.accept_ok(command);
  EXPECT_EQ(erase_all(), 6u);  // the renewed one is young again
  EXPECT_EQ(count("idempotency"), 1);
  EXPECT_EQ(world.accept_ok(command), renewed);
}

TEST_P(RetentionTest, ParkedReceiptsAreGivenUp) {
  for (int i = 0; i < 7; ++i) {
    world.receipt(world.receipt_of("x-" + std::to_string(i), model::ReceiptState::kDelivered));
  }
  world.clock.advance(std::chrono::hours{72});
  EXPECT_EQ(erase_all(), 0u);
  world.clock.advance(std::chrono::milliseconds{1});
  EXPECT_EQ(erase_all(), 7u);
  EXPECT_EQ(count("parked_receipts"), 0);
  const model::MessageId id = world.sent("x-1");
  EXPECT_EQ(world.view(id).status, Status::kSent);
}

TEST_P(RetentionTest, ErasedMeansOverwritten) {
  // Long, so that what is written in its place covers only a part of it.
  const std::string secret = "nobody may find this ";
  ports::AcceptCommand command = world.message();
  for (int i = 0; i < 20; ++i) command.message.text += secret;
  const model::MessageId id = world.accept_ok(command);
  ASSERT_TRUE(world.begin(id));
  ASSERT_TRUE(world.finish(world.outcome(id, model::Outcome::kSent, Status::kSent)).applied);
  const auto on_disk = [&] {
    world.reopen();
    std::ifstream file(world.path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    EXPECT_FALSE(bytes.empty());
    return bytes.find(secret) != std::string::npos;
  };
  EXPECT_TRUE(on_disk());
  world.clock.advance(31 * kDay);
  EXPECT_EQ(erase_all(), 1u);
  EXPECT_FALSE(on_disk());
}

}  // namespace
}  // namespace heliograph::store
