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
