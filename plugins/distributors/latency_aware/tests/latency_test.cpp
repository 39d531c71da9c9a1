#include "plugins/distributors/latency_aware/latency.h"

#include <gtest/gtest.h>

#include "plugins/distributors/latency_aware/dice.h"
#include "plugins/distributors/latency_aware/turn_token.h"

namespace heliograph::plugins::latency_aware {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr double kMs = 1'000'000;

class LatencyTest : public ::testing::Test {
 protected:
  double value() const { return latency.value(now, 70 * kMs, settings); }

  Settings settings;
  Latency latency;
  std::uint64_t now = 100 * kSecond;
};

TEST_F(LatencyTest, IsNeutralUntilSomethingIsObserved) {
  EXPECT_FALSE(latency.known());
  EXPECT_DOUBLE_EQ(value(), 70 * kMs);
  latency.succeeded(20 * kMs, now, settings);
  EXPECT_DOUBLE_EQ(value(), 20 * kMs);
}

TEST_F(LatencyTest, BelievesASlowerAnswerAtOnceAndAFasterOneWithTime) {
  latency.succeeded(20 * kMs, now, settings);
  latency.succeeded(500 * kMs, now, settings);
  EXPECT_DOUBLE_EQ(value(), 500 * kMs);
  latency.succeeded(20 * kMs, now, settings);
  EXPECT_DOUBLE_EQ(value(), 500 * kMs) << "no time has passed";
  now += 5 * kSecond;
  latency.succeeded(20 * kMs, now, settings);
  EXPECT_DOUBLE_EQ(value(), 260 * kMs) << "half way after a half-life";
}

TEST_F(LatencyTest, HowOftenItIsObservedDoesNotMatter) {
  Latency often;
  Latency rarely;
  often.succeeded(500 * kMs, now, settings);
  rarely.succeeded(500 * kMs, now, settings);
  for (int i = 0; i < 1'000; ++i) {
    now += kSecond / 100;
    often.succeeded(20 * kMs, now, settings);
  }
  rarely.succeeded(20 * kMs, now, settings);
  EXPECT_NEAR(often.value(now, 0, settings), 140 * kMs, 1);
  EXPECT_NEAR(rarely.value(now, 0, settings), 140 * kMs, 1);
}

TEST_F(LatencyTest, DriftsToNeutralInSilence) {
  latency.succeeded(470 * kMs, now, settings);
  now += 30 * kSecond;
  EXPECT_DOUBLE_EQ(value(), 270 * kMs);
  now += 300 * kSecond;
  EXPECT_NEAR(value(), 70 * kMs, kMs);
}

TEST_F(LatencyTest, AQuickFailureIsNoFastAnswerAndASlowOneIsSlow) {
  latency.succeeded(50 * kMs, now, settings);
  now += 5 * kSecond;
  latency.failed(1 * kMs, now, settings);
  EXPECT_GT(value(), 50 * kMs);
  latency.failed(5'000 * kMs, now, settings);
  EXPECT_DOUBLE_EQ(value(), 5'000 * kMs);
}

TEST_F(LatencyTest, FailuresAddAPenaltyInProportionThatFades) {
  for (int i = 0; i < 90; ++i) latency.succeeded(50 * kMs, now, settings);
  EXPECT_DOUBLE_EQ(latency.penalty(now, settings), 0);
  for (int i = 0; i < 10; ++i) latency.failed(50 * kMs, now, settings);
  EXPECT_NEAR(latency.penalty(now, settings), 5'000 * kMs * 10 / 110, kMs);
  now += 60 * kSecond;
  EXPECT_LT(latency.penalty(now, settings), 10 * kMs);
}

TEST_F(LatencyTest, OneFailureIsNotAFailureRateOfOne) {
  latency.failed(50 * kMs, now, settings);
  EXPECT_NEAR(latency.penalty(now, settings), 5'000 * kMs / 11, kMs);
}

TEST(Dice, AreEvenAndRepeatable) {
  Dice dice("heliograph");
  Dice same("heliograph");
  Dice other("heliograph2");
  int counts[3] = {};
  double sum = 0;
  int equal = 0;
  for (int i = 0; i < 30'000; ++i) {
    const std::uint32_t number = dice.below(3);
    ++counts[number];
    EXPECT_EQ(number, same.below(3));
    equal += number == other.below(3) ? 1 : 0;
    sum += dice.fraction();
    same.fraction();
    other.fraction();
  }
  for (const int count : counts) EXPECT_NEAR(count, 10'000, 400);
  EXPECT_NEAR(sum / 30'000, 0.5, 0.01);
  EXPECT_NEAR(equal, 10'000, 400) << "another seed, other numbers";
}

TEST(TurnToken, KeepsTheTurnAndItsOwner) {
  const TurnOf turn = unpack(pack({0b1011, 3}));
  EXPECT_EQ(turn.slot, 3u);
  EXPECT_EQ(turn.credited & kTokenMask, 0b1011u);
  EXPECT_EQ(turn.credited | kTokenMask, ~std::uint64_t{0});
  EXPECT_EQ(unpack(pack({~std::uint64_t{0}, 63})).slot, 63u);
}

}  // namespace
}  // namespace heliograph::plugins::latency_aware
