// The limit of requests by address and path: exact enough, and bounded whatever comes.
#include "core/api/facades/request_window.h"

#include <gtest/gtest.h>

#include <deque>
#include <random>

namespace heliograph::api {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

ports::MonoTime at(milliseconds time) { return ports::MonoTime{seconds{1'000} + time}; }

TEST(RequestWindowTest, CountsDownAndRefusesWithTheTimeToWait) {
  RequestWindow window(3, seconds{60});
  for (const std::uint32_t left : {2u, 1u, 0u}) {
    const auto verdict = window.take("127.0.0.1", 1, at(milliseconds{0}));
    EXPECT_TRUE(verdict.allowed);
    EXPECT_EQ(verdict.remaining, left);
  }
  const auto refused = window.take("127.0.0.1", 1, at(seconds{10}));
  EXPECT_FALSE(refused.allowed);
  EXPECT_EQ(refused.remaining, 0u);
  EXPECT_GE(refused.retry_after, seconds{50});
  EXPECT_LE(refused.retry_after, seconds{51}) << "one slice late at most";
  EXPECT_FALSE(window.take("127.0.0.1", 1, at(seconds{59})).allowed);
  EXPECT_TRUE(window.take("127.0.0.1", 1, at(seconds{10} + refused.retry_after)).allowed);
}

TEST(RequestWindowTest, AddressesAndPathsAreCountedApart) {
  RequestWindow window(1, seconds{60});
  EXPECT_TRUE(window.take("192.0.2.1", 1, at({})).allowed);
  EXPECT_FALSE(window.take("192.0.2.1", 1, at({})).allowed);
  EXPECT_TRUE(window.take("192.0.2.1", 2, at({})).allowed);
  EXPECT_TRUE(window.take("192.0.2.2", 1, at({})).allowed);
  EXPECT_FALSE(window.take("::ffff:192.0.2.1", 1, at({})).allowed) << "the same address";
}

TEST(RequestWindowTest, ASubscribersIpv6AddressesAreOne) {
  RequestWindow window(1, seconds{60});
  EXPECT_TRUE(window.take("2001:db8:1:2::1", 1, at({})).allowed);
  EXPECT_FALSE(window.take("2001:db8:1:2:ffff::9", 1, at({})).allowed);
  EXPECT_TRUE(window.take("2001:db8:1:3::1", 1, at({})).allowed);
}

TEST(RequestWindowTest, NoPeriodHasMoreThanTheLimitAndNearlyAllOfItCanBeUsed) {
  constexpr std::uint32_t kLimit = 20;
  RequestWindow window(kLimit, seconds{6});
  std::mt19937 random(7);
  std::uniform_int_distribution<int> pause(1, 400);
  std::deque<milliseconds> allowed;
  milliseconds now{0};
  std::size_t all = 0;
  while (now < seconds{600}) {
    now += milliseconds{pause(random)};
    if (!window.take("192.0.2.1", 1, at(now)).allowed) continue;
    ++all;
    allowed.push_back(now);
    while (allowed.front() + seconds{6} <= now) allowed.pop_front();
    ASSERT_LE(allowed.size(), kLimit) << now.count();
  }
  EXPECT_GE(all, kLimit * 100 * 95 / 100);
}

TEST(RequestWindowTest, MemoryIsBoundedAndWhoWasQuietLongestMakesRoom) {
  RequestWindow window(1, seconds{60}, 3);
  EXPECT_TRUE(window.take("192.0.2.1", 1, at({})).allowed);
  EXPECT_TRUE(window.take("192.0.2.2", 1, at({})).allowed);
  EXPECT_TRUE(window.take("192.0.2.3", 1, at({})).allowed);
  EXPECT_FALSE(window.take("192.0.2.1", 1, at({})).allowed) << "known, and the latest again";
  EXPECT_TRUE(window.take("192.0.2.4", 1, at({})).allowed) << "in the place of 192.0.2.2";
  EXPECT_EQ(window.keys(), 3u);
  EXPECT_FALSE(window.take("192.0.2.1", 1, at({})).allowed);
  EXPECT_TRUE(window.take("192.0.2.2", 1, at({})).allowed) << "forgotten";
  for (int i = 0; i < 10'000; ++i) window.take("198.51.100." + std::to_string(i), 1, at({}));
  EXPECT_EQ(window.keys(), 3u);
}

TEST(RequestWindowTest, AClockReadBeforeTheLockWasTakenHarmsNothing) {
  RequestWindow window(2, seconds{60});
  EXPECT_TRUE(window.take("192.0.2.1", 1, at(seconds{5})).allowed);
  EXPECT_TRUE(window.take("192.0.2.1", 1, at(seconds{4})).allowed);
  EXPECT_FALSE(window.take("192.0.2.1", 1, at(seconds{4})).allowed);
  EXPECT_FALSE(window.take("192.0.2.1", 1, at(seconds{60})).allowed);
  EXPECT_TRUE(window.take("192.0.2.1", 1, at(seconds{65})).allowed);
}

TEST(RequestWindowTest, ALongSilenceForgetsEverything) {
  RequestWindow window(1, seconds{1});
  EXPECT_TRUE(window.take("192.0.2.1", 1, at({})).allowed);
  EXPECT_EQ(window.take("192.0.2.1", 1, at(seconds{3'600})).remaining, 0u);
  EXPECT_FALSE(RequestWindow(0, seconds{1}).enabled());
}

}  // namespace
}  // namespace heliograph::api
