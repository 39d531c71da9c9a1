#include "plugins/distributors/lowest_cost/expected_cost.h"

#include <gtest/gtest.h>

namespace heliograph::plugins::lowest_cost {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;

class ExpectedCostTest : public ::testing::Test {
 protected:
  void results(int count, int failures) {
    for (int i = 0; i < count; ++i) history.hear(i < failures, now, settings);
    history.judge(now, settings);
  }

  Settings settings;
  ExpectedCost history;
  std::uint64_t now = 100 * kSecond;
};

TEST_F(ExpectedCostTest, IsThePriceWhileNothingFails) {
  results(100, 0);
  EXPECT_DOUBLE_EQ(history.cost(4'500, 9'000), 4'500);
}

TEST_F(ExpectedCostTest, FailuresArePaidForByThoseThatSucceed) {
  results(100, 50);
  EXPECT_DOUBLE_EQ(history.rate(), 0.5);
  EXPECT_DOUBLE_EQ(history.cost(4'000, 0), 8'000) << "two attempts a message";
  EXPECT_DOUBLE_EQ(history.cost(4'000, 9'000), 17'000) << "and one failure";
}

TEST_F(ExpectedCostTest, OneThatAlwaysFailsIsDearAndNotInfinite) {
  results(100, 100);
  EXPECT_NEAR(history.cost(1, 1), 199, 1e-6);
}

TEST_F(ExpectedCostTest, FewResultsSayNothing) {
  results(19, 19);
  EXPECT_DOUBLE_EQ(history.rate(), 0);
  results(1, 1);
  EXPECT_DOUBLE_EQ(history.rate(), 1);
}

TEST_F(ExpectedCostTest, ChangesBelowTheMarginAreIgnored) {
  results(100, 4);
  EXPECT_DOUBLE_EQ(history.rate(), 0);
  results(100, 14);
  EXPECT_DOUBLE_EQ(history.rate(), 0.09);
  results(10, 4);
  EXPECT_DOUBLE_EQ(history.rate(), 0.09) << "measured is more, by less than 5 points";
}

TEST_F(ExpectedCostTest, AProviderThatIsWellAgainIsCleared) {
  results(50, 50);
  results(5'000, 0);
  EXPECT_DOUBLE_EQ(history.rate(), 0);
}

TEST_F(ExpectedCostTest, ResultsOfBusyTimesDoNotOutvoteTheFewThatFollow) {
  results(100'000, 100'000);
  results(500, 0);
  EXPECT_LT(history.rate(), 0.15) << "200 results are remembered, whatever their number was";
}

TEST_F(ExpectedCostTest, InSilenceHalfIsForgottenAtATime) {
  results(100, 80);
  ASSERT_DOUBLE_EQ(history.rate(), 0.8);
  now += 150 * kSecond;  // five half-lives: 3 results are left
  history.judge(now, settings);
  EXPECT_DOUBLE_EQ(history.rate(), 0.4);
  history.judge(now, settings);
  EXPECT_DOUBLE_EQ(history.rate(), 0.4) << "once per recovery delay";
  for (int i = 0; i < 5; ++i) {
    now += 30 * kSecond;
    history.judge(now, settings);
  }
  EXPECT_DOUBLE_EQ(history.rate(), 0) << "below half of the margin it is nothing";
}

}  // namespace
}  // namespace heliograph::plugins::lowest_cost
