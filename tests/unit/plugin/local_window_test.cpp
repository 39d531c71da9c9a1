#include "core/plugin/local_window.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace heliograph::plugin {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

ports::MonoTime at(milliseconds time) { return ports::MonoTime{time}; }

ports::LimitRule rule(std::uint64_t limit) {
  return {.id = "r", .window = std::chrono::seconds{1}, .limit = limit};
}

TEST(LocalWindow, GrantsUpToTheLimitThenTellsWhen) {
  const std::vector rules{rule(3)};
  LocalWindow window{rules, 1};
  const std::vector<ports::LimitKey> keys{{.rule = 0, .cost = 1}};
  EXPECT_EQ(window.acquire(keys, 1, 2, at(milliseconds{100})).granted, 2U);
  EXPECT_EQ(window.acquire(keys, 1, 2, at(milliseconds{200})).granted, 1U);
  const auto denied = window.acquire(keys, 1, 1, at(milliseconds{300}));
  EXPECT_EQ(denied.granted, 0U);
  EXPECT_EQ(denied.denied_key, 0U);
  EXPECT_EQ(denied.retry_after, milliseconds{800});
  EXPECT_EQ(window.acquire(keys, 1, 5, at(milliseconds{1100})).granted, 2U);
}

TEST(LocalWindow, AllKeysOrNone) {
  const std::vector rules{rule(10), rule(1)};
  LocalWindow window{rules, 1};
  const std::vector<ports::LimitKey> both{{.rule = 0, .cost = 4}, {.rule = 1, .cost = 1}};
  EXPECT_EQ(window.acquire(both, 1, 9, at({})).granted, 1U);
  EXPECT_EQ(window.acquire(both, 1, 1, at({})).denied_key, 1U);
  const std::vector<ports::LimitKey> first{{.rule = 0, .cost = 1}};
  EXPECT_EQ(window.acquire(first, 1, 9, at({})).granted, 6U) << "the denied one took nothing";
}

TEST(LocalWindow, ShareRefundAndRecord) {
  const std::vector rules{rule(10)};
  LocalWindow window{rules, 2};
  const std::vector<ports::LimitKey> keys{{.rule = 0, .cost = 1}};
  window.record(keys, 3, at({}));
  EXPECT_EQ(window.acquire(keys, 1, 9, at({})).granted, 2U);
  window.give_back(keys, 4);
  EXPECT_EQ(window.acquire(keys, 1, 9, at({})).granted, 4U);
}

TEST(LocalWindow, AShareThatIsNothingGrantsNothing) {
  const std::vector rules{rule(3)};
  LocalWindow window{rules, 4};
  const std::vector<ports::LimitKey> keys{{.rule = 0, .cost = 1}};
  const auto denied = window.acquire(keys, 1, 1, at({}));
  EXPECT_EQ(denied.granted, 0U);
  EXPECT_EQ(denied.retry_after, std::chrono::seconds{1});
}

TEST(LocalWindow, ABucketsShareKeepsItsRateAndBurst) {
  auto bucket = rule(100);
  bucket.algorithm = ports::LimitAlgorithm::kTokenBucket;
  bucket.burst = 8;
  const std::vector rules{bucket};
  const std::vector<ports::LimitKey> keys{{.rule = 0, .cost = 1}};
  LocalWindow window{rules, 4};
  std::uint32_t granted = 0;
  EXPECT_EQ(window.acquire(keys, 1, 99, at({})).granted, 2U) << "never more at once";
  for (int ms = 0; ms < 10'000; ++ms)
    granted += window.acquire(keys, 1, 1, at(milliseconds{ms})).granted;
  EXPECT_LE(granted, 250U);  // a quarter of the rate
  EXPECT_GE(granted, 240U);
}

TEST(LocalWindow, BindsUntilItsGrantsCountNowhere) {
  const std::vector rules{rule(10), rule(10)};
  LocalWindow window{rules, 2};
  const std::vector<ports::LimitKey> first{{.rule = 0, .cost = 1}};
  const std::vector<ports::LimitKey> second{{.rule = 1, .cost = 1}};
  window.record(first, 3, at({}));
  EXPECT_FALSE(window.binds(first, at({}))) << "the backend knows what it granted";
  ASSERT_EQ(window.acquire(first, 1, 1, at({})).granted, 1U);
  EXPECT_TRUE(window.binds(first, at(milliseconds{1'000})));
  EXPECT_FALSE(window.binds(second, at({})));
  EXPECT_FALSE(window.binds(first, at(milliseconds{3'000})));
}

// A refund does not say of which moment's grant it is.
TEST(LocalWindow, ARefundNeverFreesMoreThanItsGrantWould) {
  const std::vector rules{rule(2)};
  LocalWindow window{rules, 1};
  const std::vector<ports::LimitKey> keys{{.rule = 0, .cost = 1}};
  ASSERT_EQ(window.acquire(keys, 1, 1, at({})).granted, 1U);
  ASSERT_EQ(window.acquire(keys, 1, 1, at(milliseconds{900})).granted, 1U);
  window.give_back(keys, 1);
  EXPECT_EQ(window.acquire(keys, 1, 9, at(milliseconds{900})).granted, 1U);
  EXPECT_EQ(window.acquire(keys, 1, 9, at(milliseconds{1'100})).granted, 0U);
}

TEST(LocalWindow, GoesOnWithAnothersCountsWhereverTheRuleIsNow) {
  const std::vector before{rule(10), rule(4)};
  const std::vector after{rule(3), rule(100), rule(10)};
  const std::vector<std::optional<std::uint32_t>> places{2, 0};
  const auto key = [](std::uint32_t place) {
    return std::vector<ports::LimitKey>{{.rule = place, .cost = 1}};
  };
  LocalWindow old{before, 1};
  old.record(key(0), 6, at({}));
  old.record(key(1), 4, at({}));
  LocalWindow window{after, 1};
  window.take_over(old, places);
  EXPECT_FALSE(window.succeeds(key(2), at({})));
  window.bind(at(milliseconds{400}));
  EXPECT_TRUE(window.succeeds(key(2), at(milliseconds{1'399})));
  EXPECT_FALSE(window.succeeds(key(2), at(milliseconds{1'400})));
  EXPECT_FALSE(window.succeeds(key(1), at(milliseconds{400}))) << "nothing was granted under it";
  EXPECT_EQ(window.acquire(key(2), 1, 99, at(milliseconds{400})).granted, 4U);
  const auto denied = window.acquire(key(0), 1, 1, at(milliseconds{400}));
  EXPECT_EQ(denied.granted, 0U) << "four are out, three are allowed";
  EXPECT_EQ(denied.retry_after, milliseconds{600});
}

// Against the definition: no window of one second holds more than the limit.
TEST(LocalWindow, NeverAboveTheLimitInAnyWindow) {
  std::mt19937_64 random{42};
  const std::vector rules{rule(50)};
  LocalWindow window{rules, 1};
  const std::vector<ports::LimitKey> keys{{.rule = 0, .cost = 1}};
  std::vector<nanoseconds> grants;
  nanoseconds now{0};
  for (int i = 0; i < 20'000; ++i) {
    now += nanoseconds{static_cast<std::int64_t>(random() % 8'000'000)};
    if (window.acquire(keys, 1, 1, ports::MonoTime{now}).granted == 1) grants.push_back(now);
  }
  for (std::size_t i = 50; i < grants.size(); ++i) {
    EXPECT_GE(grants[i] - grants[i - 50], std::chrono::seconds{1});
  }
  const auto used =
      static_cast<double>(grants.size()) / (std::chrono::duration<double>(now).count() * 50);
  EXPECT_GT(used, 0.97);
}

}  // namespace
}  // namespace heliograph::plugin
