#include "core/pipeline/settlements.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>

#include "tests/support/virtual_time.h"

namespace heliograph::pipeline {
namespace {

using End = Settlements::End;

class SettlementsTest : public testing::Test {
 protected:
  static model::MessageId id(std::int64_t row) { return model::MessageId::from_parts(row, 7); }

  struct Waiting {
    std::uint64_t ticket = 0;
    std::optional<End> end;
  };
  std::shared_ptr<Waiting> watch(Settlements& settlements, std::int64_t row) {
    auto waiting = std::make_shared<Waiting>();
    waiting->ticket = settlements.watch(id(row), loop, [waiting](End end) { waiting->end = end; });
    EXPECT_FALSE(waiting->end) << "never from inside the call";
    return waiting;
  }
  void turn() { loop.run_for(std::chrono::nanoseconds{1}); }
  static void tell(Settlements& settlements, std::initializer_list<std::int64_t> rows) {
    std::vector<model::MessageId> ids;
    for (const std::int64_t row : rows) ids.push_back(id(row));
    settlements.tell(ids);
  }

  test::VirtualClock clock;
  test::VirtualLoop loop{clock, 1};
};

TEST_F(SettlementsTest, TellsWhoWaitsForTheMessageAndNobodyElse) {
  Settlements settlements;
  const auto one = watch(settlements, 1);
  const auto also_one = watch(settlements, 1);
  const auto two = watch(settlements, 2);
  EXPECT_EQ(settlements.waiting(), 3u);
  tell(settlements, {3, 1});
  turn();
  EXPECT_EQ(one->end, End::kSettled);
  EXPECT_EQ(also_one->end, End::kSettled);
  EXPECT_FALSE(two->end);
  EXPECT_EQ(settlements.waiting(), 1u);
  tell(settlements, {1, 2});
  turn();
  EXPECT_EQ(two->end, End::kSettled);
  EXPECT_EQ(settlements.waiting(), 0u);
}

TEST_F(SettlementsTest, AnotherIdOfTheSameRowIsNotMeant) {
  Settlements settlements;
  const auto one = watch(settlements, 1);
  const model::MessageId other = model::MessageId::from_parts(1, 8);
  settlements.tell(std::span(&other, 1));
  turn();
  EXPECT_FALSE(one->end);
}

TEST_F(SettlementsTest, GivingUpEndsOneWaitOnce) {
  Settlements settlements;
  const auto one = watch(settlements, 1);
  const auto other = watch(settlements, 1);
  settlements.give_up(one->ticket);
  settlements.give_up(one->ticket);
  settlements.give_up(4711);
  turn();
  EXPECT_EQ(one->end, End::kGivenUp);
  EXPECT_FALSE(other->end);
  tell(settlements, {1});
  settlements.give_up(other->ticket);
  turn();
  EXPECT_EQ(other->end, End::kSettled);
}

TEST_F(SettlementsTest, TakesInNoMoreThanItsBound) {
  Settlements settlements(2);
  const auto one = watch(settlements, 1);
  const auto two = watch(settlements, 2);
  const auto three = watch(settlements, 3);
  turn();
  EXPECT_EQ(three->end, End::kNotTaken);
  settlements.give_up(one->ticket);
  const auto four = watch(settlements, 4);
  turn();
  EXPECT_FALSE(four->end);
  EXPECT_FALSE(two->end);
}

TEST_F(SettlementsTest, ClosingAnswersEverybodyAndWhoeverComesLater) {
  Settlements settlements;
  const auto one = watch(settlements, 1);
  settlements.close();
  const auto late = watch(settlements, 2);
  turn();
  EXPECT_EQ(one->end, End::kNotTaken);
  EXPECT_EQ(late->end, End::kNotTaken);
  EXPECT_EQ(settlements.waiting(), 0u);
}

}  // namespace
}  // namespace heliograph::pipeline
