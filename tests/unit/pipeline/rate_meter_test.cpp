#include "core/pipeline/rate_meter.h"

#include <gtest/gtest.h>

#include <random>

namespace heliograph::pipeline {
namespace {

using ports::LimitAlgorithm;
using ports::MonoTime;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr MonoTime kStart{seconds{1'000}};

RateMeter::Rule window(std::uint64_t limit, nanoseconds length) {
  return {.algorithm = LimitAlgorithm::kSlidingWindow, .limit = limit, .window = length};
}
RateMeter::Rule bucket(std::uint64_t limit, nanoseconds length, double burst) {
  return {
      .algorithm = LimitAlgorithm::kTokenBucket, .limit = limit, .window = length, .burst = burst};
}

TEST(SlidingMeter, GrantsTheLimitAndThenWaitsForTheWindow) {
  RateMeter meter(window(3, seconds{1}));
  EXPECT_EQ(meter.room(kStart), 3u);
  for (int i = 0; i < 3; ++i) meter.take(kStart + milliseconds{100 * i}, 1);
  const MonoTime now = kStart + milliseconds{500};
  EXPECT_EQ(meter.room(now), 0u);
  const MonoTime next = meter.when(now, 1);
  EXPECT_GE(next, kStart + seconds{1});
  EXPECT_LE(next, kStart + milliseconds{1'001});
  EXPECT_EQ(meter.room(next - nanoseconds{1}), 0u);
  EXPECT_EQ(meter.room(next), 1u);
}

TEST(SlidingMeter, GivesBackTheLatest) {
  RateMeter meter(window(2, seconds{1}));
  meter.take(kStart, 1);
  meter.take(kStart + milliseconds{10}, 1);
  meter.give_back(1);
  EXPECT_EQ(meter.room(kStart + milliseconds{10}), 1u);
  EXPECT_EQ(meter.when_whole(kStart + milliseconds{10}).time_since_epoch() / milliseconds{1},
            (kStart + seconds{1}).time_since_epoch() / milliseconds{1});
}

TEST(SlidingMeter, GivesBackWhatWasTakenThen) {
  RateMeter meter(window(3, seconds{1}));
  for (int i = 0; i < 3; ++i) meter.take(kStart + milliseconds{100 * i}, 1);
  meter.give_back(1, kStart);
  EXPECT_EQ(meter.room(kStart + milliseconds{300}), 1u);
  meter.take(kStart + milliseconds{300}, 1);
  EXPECT_GE(meter.when(kStart + milliseconds{300}, 1), kStart + milliseconds{1'100})
      << "the oldest is not there any more";
  EXPECT_EQ(meter.room(kStart + milliseconds{1'250}), 2u);
  meter.give_back(1, kStart + milliseconds{100});
  EXPECT_EQ(meter.room(kStart + milliseconds{1'250}), 2u) << "its window is over";
}

// Whatever the arrivals: never more than the limit in any window, and nearly all of it is used.
TEST(SlidingMeter, NeverExceedsAnyWindowAndUsesTheLimit) {
  std::mt19937_64 random(7);
  for (const std::uint64_t limit : {1u, 5u, 50u, 5'000u}) {
    RateMeter meter(window(limit, seconds{1}));
    std::vector<MonoTime> granted;
    MonoTime now = kStart;
    while (now < kStart + seconds{5}) {
      now += nanoseconds{random() % (800'000'000 / limit)};
      if (meter.room(now) == 0) continue;
      meter.take(now, 1);
      granted.push_back(now);
    }
    for (std::size_t i = limit; i < granted.size(); ++i)
      ASSERT_GE(granted[i] - granted[i - limit], seconds{1}) << limit;
    if (limit >= 50) EXPECT_GE(granted.size(), 5 * limit * 97 / 100) << limit;
  }
}

TEST(BucketMeter, RefillsEvenlyUpToTheBurst) {
  RateMeter meter(bucket(10, seconds{1}, 5));
  EXPECT_EQ(meter.quota(), 5u);
  EXPECT_EQ(meter.room(kStart), 5u);
  meter.take(kStart, 5);
  EXPECT_EQ(meter.room(kStart + milliseconds{99}), 0u);
  EXPECT_EQ(meter.room(kStart + milliseconds{100}), 1u);
  EXPECT_EQ(meter.when(kStart + milliseconds{100}, 3), kStart + milliseconds{300});
  EXPECT_EQ(meter.room(kStart + seconds{60}), 5u);
}

TEST(BucketMeter, WithoutBurstHoldsTheLimit) {
  RateMeter meter(bucket(4, seconds{1}, 0));
  EXPECT_EQ(meter.quota(), 4u);
}

TEST(MeterRule, ReadsTheConfiguredLimit) {
  const auto rule = meter_rule(
      {.limit = 7, .window = milliseconds{500}, .algorithm = "token_bucket", .burst = 9});
  EXPECT_EQ(rule.algorithm, LimitAlgorithm::kTokenBucket);
  EXPECT_EQ(rule.limit, 7u);
  EXPECT_EQ(rule.window, milliseconds{500});
  EXPECT_EQ(rule.burst, 9);
  EXPECT_EQ(meter_rule({.limit = 1}).algorithm, LimitAlgorithm::kSlidingWindow);
}

}  // namespace
}  // namespace heliograph::pipeline
