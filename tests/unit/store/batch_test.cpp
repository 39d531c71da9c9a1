// Batches: one transaction, one key, an answer for each message.
#include <gmock/gmock.h>

#include "core/store/sqlite/batch_answer.h"
#include "tests/unit/store/world.h"

namespace heliograph::store {
namespace {

using model::Status;

class BatchTest : public StoreTest {
 protected:
  ports::AcceptBatchCommand batch(std::initializer_list<std::int64_t> costs) const {
    ports::AcceptBatchCommand command;
    command.client = world.client.id;
    for (const std::int64_t cost : costs) command.items.emplace_back(world.message(cost).message);
    return command;
  }
  ports::AcceptBatchResult accept(ports::AcceptBatchCommand command) {
    return world.call<ports::AcceptBatchResult>([&](ports::Done<ports::AcceptBatchResult> done) {
      world.store->accept_batch(std::move(command), world.executor, std::move(done));
    });
  }
  ports::BatchAnswer answer(ports::AcceptBatchCommand command) {
    auto result = accept(std::move(command));
    EXPECT_TRUE(std::holds_alternative<ports::BatchAnswer>(result));
    return std::get<ports::BatchAnswer>(result);
  }
  // "A" accepted, "C" too little credit, "O" overloaded, "N" not submitted.
  static std::string kinds(const ports::BatchAnswer& answer) {
    std::string letters;
    for (const auto& item : answer.items) letters += "ACRON"[item.index()];
    return letters;
  }
  static model::MessageId id(const ports::BatchAnswer& answer, std::size_t index) {
    return std::get<ports::Accepted>(answer.items.at(index)).id;
  }
};
HG_IN_BOTH_MODES(BatchTest);

TEST_P(BatchTest, AcceptsInOrderAndTellsTheSchedulerOnce) {
  const auto got = answer(batch({10, 0, 20}));
  ASSERT_EQ(kinds(got), "AAA");
  EXPECT_FALSE(got.replayed);
  EXPECT_LT(id(got, 0), id(got, 1));
  EXPECT_LT(id(got, 1), id(got, 2));
  const auto told = world.take_waiting();
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].size(), 3u);
  EXPECT_EQ(world.view(id(got, 2)).cost_cents, 20);
  EXPECT_EQ(world.balance().held_cents, 30);
}

TEST_P(BatchTest, CreditGoesToTheFirstThatFit) {
  const auto got = answer(batch({600, 600, 300, 200, 100}));
  EXPECT_EQ(kinds(got), "ACACA");
  EXPECT_EQ(std::get<ports::InsufficientCredit>(got.items[1]).required_cents, 600);
  EXPECT_EQ(world.balance().available_cents, 0);
  EXPECT_EQ(world.balance().held_cents, 1'000);
}

TEST_P(BatchTest, TheKeyGivesTheWholeAnswerAgain) {
  ports::AcceptBatchCommand command = batch({600, 600});
  command.items.emplace_back(ports::NotSubmitted{.answer = "{\"a\":\"1,2\\n\"}\nA3"});
  command.items.emplace_back(
      ports::NotSubmitted{.answer = {}, .retry_after = std::chrono::milliseconds{7}});
  command.idempotency = key(1);
  const auto first = answer(command);
  ASSERT_EQ(kinds(first), "ACNN");
  world.reopen();
  const auto again = answer(command);
  EXPECT_TRUE(again.replayed);
  ASSERT_EQ(kinds(again), "ACNN");
  EXPECT_EQ(id(again, 0), id(first, 0));
  EXPECT_EQ(std::get<ports::InsufficientCredit>(again.items[1]).required_cents, 600);
  EXPECT_EQ(std::get<ports::NotSubmitted>(again.items[2]).answer, "{\"a\":\"1,2\\n\"}\nA3");
  EXPECT_EQ(std::get<ports::NotSubmitted>(again.items[3]).retry_after.count(), 7);
  EXPECT_EQ(world.balance().held_cents, 600);

  command.idempotency = key(1, 2);
  EXPECT_TRUE(std::holds_alternative<ports::IdempotencyMismatch>(accept(command)));
}

TEST_P(BatchTest, WhatAcceptedNothingIsNotRemembered) {
  ports::AcceptBatchCommand command = batch({2'000, 3'000});
  command.idempotency = key(1);
  EXPECT_EQ(kinds(answer(command)), "CC");
  command.replay_only = true;
  EXPECT_TRUE(std::holds_alternative<ports::NotReplayed>(accept(command)));
}

TEST_P(BatchTest, TheKeyEndsWithItsRetention) {
  ports::AcceptBatchCommand command = batch({10, 10});
  command.idempotency = key(1);
  const auto first = answer(command);
  world.clock.advance(world.options.idempotency_retention + std::chrono::minutes{1});
  world.erase();
  world.close(true);
  world.open();
  EXPECT_TRUE(world.store->check().empty());
  world.start();
  const auto again = answer(command);
  EXPECT_FALSE(again.replayed);
  EXPECT_NE(id(again, 0), id(first, 0));
}

TEST(BatchDepth, TheQueueFillsUpWithinABatch) {
  World world(Threading::kInline, [](SqliteOptions& options) { options.max_depth = 2; });
  ports::AcceptBatchCommand command;
  command.client = world.client.id;
  for (int i = 0; i < 3; ++i) command.items.emplace_back(world.message().message);
  const auto result = world.call<ports::AcceptBatchResult>(
      [&](auto done) { world.store->accept_batch(command, world.executor, std::move(done)); });
  const auto& items = std::get<ports::BatchAnswer>(result).items;
  EXPECT_TRUE(std::holds_alternative<ports::Accepted>(items.at(1)));
  EXPECT_TRUE(std::holds_alternative<ports::Overloaded>(items.at(2)));
}

TEST(BatchAnswerText, RefusesWhatItHasNotWritten) {
  for (const char* text : {"X1\n", "A1,2\n", "A1,2,3", "C", "Cx\n", "O1,9,short\n", "N1,2,abc\n",
                           "A99999999999999999999,1,1\n"}) {
    EXPECT_FALSE(decode_batch_answer(text)) << text;
  }
  EXPECT_TRUE(decode_batch_answer("")->empty());
}

}  // namespace
}  // namespace heliograph::store
