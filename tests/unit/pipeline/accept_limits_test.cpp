#include "core/pipeline/accept_limits.h"

#include <gtest/gtest.h>

namespace heliograph::pipeline {
namespace {

using ports::MonoTime;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr MonoTime kNow{seconds{100}};

model::Client client(std::int64_t id) {
  model::Client out;
  out.id = model::ClientId{id};
  return out;
}

config::Limits limits_of(std::optional<config::Limit> total,
                         std::optional<config::ClientRate> each = {}) {
  config::Limits out;
  out.total = std::move(total);
  out.client = each;
  return out;
}

TEST(AcceptLimits, WithoutLimitsEverythingPasses) {
  AcceptLimits limits({});
  LimitState state{.policy = "old"};
  for (int i = 0; i < 1'000; ++i) EXPECT_FALSE(limits.admit(client(1), true, kNow, &state));
  EXPECT_EQ(state.policy, "");
}

TEST(AcceptLimits, TheTotalHoldsOverAllClients) {
  AcceptLimits limits(limits_of(config::Limit{.limit = 3, .window = seconds{1}}));
  LimitState state;
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(limits.admit(client(i), true, kNow, &state));
  EXPECT_EQ(state.policy, "total");
  EXPECT_EQ(state.limit, 3u);
  EXPECT_EQ(state.remaining, 0u);
  EXPECT_EQ(state.window_seconds, 1u);
  EXPECT_GE(state.reset_seconds, 1u);
  const auto limited = limits.admit(client(9), true, kNow + milliseconds{400}, &state);
  ASSERT_TRUE(limited);
  EXPECT_GE(limited->retry_after, milliseconds{600});
  EXPECT_LE(limited->retry_after, milliseconds{602});
  EXPECT_EQ(state.remaining, 0u) << "also told when refused";
  EXPECT_FALSE(
      limits.admit(client(9), true, kNow + milliseconds{400} + limited->retry_after, nullptr));
}

TEST(AcceptLimits, EachClientHasItsOwnBucket) {
  AcceptLimits limits(limits_of({}, config::ClientRate{.rate = 10, .burst = 2}));
  for (int i = 0; i < 2; ++i) {
    EXPECT_FALSE(limits.admit(client(1), true, kNow, nullptr));
    EXPECT_FALSE(limits.admit(client(2), true, kNow, nullptr));
  }
  LimitState state;
  EXPECT_TRUE(limits.admit(client(1), true, kNow, &state));
  EXPECT_EQ(state.policy, "client");
  EXPECT_EQ(state.limit, 2u);
  EXPECT_FALSE(limits.admit(client(1), false, kNow, nullptr)) << "facades share one client";
  EXPECT_FALSE(limits.admit(client(1), true, kNow + milliseconds{100}, nullptr));
}

TEST(AcceptLimits, AClientsOwnRateHolds) {
  AcceptLimits limits(limits_of({}, config::ClientRate{.rate = 1, .burst = 1}));
  model::Client fast = client(1);
  fast.rate = 1'000;
  fast.burst = 50;
  for (int i = 0; i < 50; ++i) EXPECT_FALSE(limits.admit(fast, true, kNow, nullptr)) << i;
  EXPECT_TRUE(limits.admit(fast, true, kNow, nullptr));
  fast.burst = 60;  // changed by an operator: a fresh bucket
  EXPECT_FALSE(limits.admit(fast, true, kNow, nullptr));
}

TEST(AcceptLimits, WhatIsGivenBackMayBeTakenAgain) {
  AcceptLimits limits(limits_of(config::Limit{.limit = 1, .window = seconds{60}},
                                config::ClientRate{.rate = 0.01, .burst = 1}));
  EXPECT_FALSE(limits.admit(client(1), true, kNow, nullptr));
  EXPECT_TRUE(limits.admit(client(1), true, kNow, nullptr));
  limits.give_back(model::ClientId{1}, true);
  EXPECT_FALSE(limits.admit(client(1), true, kNow, nullptr));
}

TEST(AcceptLimits, ARefusalTakesNothing) {
  AcceptLimits limits(limits_of(config::Limit{.limit = 10, .window = seconds{60}},
                                config::ClientRate{.rate = 0.01, .burst = 1}));
  EXPECT_FALSE(limits.admit(client(1), true, kNow, nullptr));
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(limits.admit(client(1), true, kNow, nullptr));
  LimitState state;
  EXPECT_FALSE(limits.admit(client(2), true, kNow, &state));
  for (int i = 0; i < 8; ++i) EXPECT_FALSE(limits.admit(client(10 + i), true, kNow, nullptr));
  EXPECT_TRUE(limits.admit(client(99), true, kNow, nullptr));
}

TEST(AcceptLimits, TheTightestIsTold) {
  AcceptLimits limits(limits_of(config::Limit{.limit = 100, .window = seconds{1}},
                                config::ClientRate{.rate = 4, .burst = 4}));
  LimitState state;
  EXPECT_FALSE(limits.admit(client(1), true, kNow, &state));
  EXPECT_EQ(state.policy, "client");
  EXPECT_EQ(state.remaining, 3u);
  for (int i = 0; i < 60; ++i) EXPECT_FALSE(limits.admit(client(1), false, kNow, &state));
  EXPECT_EQ(state.policy, "total");
}

TEST(AcceptLimits, TheTotalsUseIsShown) {
  EXPECT_FALSE(AcceptLimits({}).total_use(kNow));
  AcceptLimits limits(limits_of(config::Limit{.limit = 3, .window = seconds{1}}));
  limits.admit(client(1), true, kNow, nullptr);
  limits.admit(client(2), true, kNow, nullptr);
  auto use = limits.total_use(kNow);
  ASSERT_TRUE(use);
  EXPECT_EQ(use->limit.limit, 3u);
  EXPECT_EQ(use->count, 2u);
  EXPECT_FALSE(use->limited());
  limits.admit(client(1), true, kNow, nullptr);
  use = limits.total_use(kNow + milliseconds{200});
  EXPECT_EQ(use->count, 3u);
  EXPECT_TRUE(use->limited());
  EXPECT_GE(use->retry_after, milliseconds{800});
  EXPECT_LE(use->retry_after, milliseconds{801});
  EXPECT_EQ(limits.total_use(kNow + seconds{2})->count, 0u);
}

TEST(AcceptLimits, ATokenBucketsUseIsWhatItLacks) {
  AcceptLimits limits(limits_of(
      config::Limit{.limit = 10, .window = seconds{1}, .algorithm = "token_bucket", .burst = 4}));
  for (int i = 0; i < 4; ++i) limits.admit(client(1), true, kNow, nullptr);
  EXPECT_EQ(limits.total_use(kNow)->quota, 4u);
  EXPECT_EQ(limits.total_use(kNow)->count, 4u);
  EXPECT_TRUE(limits.total_use(kNow)->limited());
  EXPECT_EQ(limits.total_use(kNow + milliseconds{100})->count, 3u);
  EXPECT_FALSE(limits.total_use(kNow + milliseconds{100})->limited());
}

}  // namespace
}  // namespace heliograph::pipeline
