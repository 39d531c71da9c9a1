#include "core/pipeline/in_flight_keys.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace heliograph::pipeline {
namespace {

TEST(InFlightKeys, OneClaimAtATime) {
  InFlightKeys keys;
  const InFlightKeys::Key key{1, 2, 3};
  auto first = keys.claim(key);
  ASSERT_TRUE(first);
  EXPECT_FALSE(keys.claim(key));
  EXPECT_TRUE(keys.claim({9}));
  EXPECT_EQ(keys.size(), 1u) << "the second key was given free at once";
  first.reset();
  EXPECT_TRUE(keys.claim(key));
}

TEST(InFlightKeys, AMovedClaimHoldsOnce) {
  InFlightKeys keys;
  auto first = keys.claim({7});
  {
    const InFlightKeys::Claim moved = *std::move(first);
    first.reset();
    EXPECT_EQ(keys.size(), 1u);
  }
  EXPECT_EQ(keys.size(), 0u);
}

TEST(InFlightKeys, ManyThreadsOneWinner) {
  InFlightKeys keys;
  std::atomic<int> holders{0};
  std::atomic<int> wins{0};
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 2'000; ++i) {
        const auto claim = keys.claim({42});
        if (!claim) continue;
        EXPECT_EQ(++holders, 1);
        ++wins;
        --holders;
      }
    });
  }
  threads.clear();
  EXPECT_GT(wins, 0);
  EXPECT_EQ(keys.size(), 0u);
}

}  // namespace
}  // namespace heliograph::pipeline
