// hg.shared-window/1 of the plugin: counts of several gateways under one key.
#include "plugins/limiters/redis/tests/limiter_fixture.h"

namespace heliograph::plugins::redis::test {
namespace {

using sdk::testing::CountsSpec;

struct Totals {
  hg_status status = HG_OK;
  std::vector<hg_window_totals> values;
};

Totals exchange(Gateway& gateway, const std::vector<CountsSpec>& items,
                milliseconds window = milliseconds{60'000}) {
  const auto call = gateway.limiter->exchange(items, window, window / 30);
  if (call.status != HG_PENDING) return {call.status, {}};
  EXPECT_TRUE(gateway.host.run_until([&] { return gateway.host.step(call.op).has_value(); }));
  return {gateway.host.step(call.op)->status, *call.totals};
}

TEST(SharedCountsTest, AddsAndReadsInOneGo) {
  RedisServer server;
  Gateway one(server.url(), {});
  Gateway two(server.url(), {});
  auto totals = exchange(one, {{"provider1", 10, 3}, {"provider2", 0, 0}});
  ASSERT_EQ(totals.status, HG_OK);
  EXPECT_EQ(totals.values[0].ok, 10u);
  EXPECT_EQ(totals.values[0].failed, 3u);
  EXPECT_EQ(totals.values[1].ok, 0u);
  totals = exchange(two, {{"provider1", 1, 20}});
  EXPECT_EQ(totals.values[0].ok, 11u);
  EXPECT_EQ(totals.values[0].failed, 23u);
  EXPECT_EQ(exchange(one, {{"provider1", 0, 0}}).values[0].failed, 23u);
}

TEST(SharedCountsTest, KeysAreNamedForOperatorsAndExpire) {
  RedisServer server;
  Gateway gateway(server.url(), {});
  exchange(gateway, {{"provider1", 1, 0}, {"idle", 0, 0}});
  EXPECT_EQ(server.keys(),
            (std::vector<std::string>{"health:provider1:counts", "rate_limit::birth"}));
  const auto left = server.number({"PTTL", "health:provider1:counts"});
  EXPECT_GT(left, 55'000);
  EXPECT_LE(left, 62'001);
}

TEST(SharedCountsTest, WhatHasLeftTheWindowIsForgotten) {
  RedisServer server;
  Gateway gateway(server.url(), {});
  const milliseconds window{300};
  exchange(gateway, {{"p", 5, 5}}, window);
  EXPECT_TRUE(
      gateway.wait([&] { return exchange(gateway, {{"p", 0, 0}}, window).values[0].ok == 0; }));
}

TEST(SharedCountsTest, ResetForgetsForAll) {
  RedisServer server;
  Gateway one(server.url(), {});
  Gateway two(server.url(), {});
  exchange(one, {{"p", 0, 9}});
  EXPECT_EQ(two.limiter->reset_shared("p"), HG_OK);
  EXPECT_EQ(exchange(two, {{"p", 0, 0}}).values[0].failed, 0u);
}

TEST(SharedCountsTest, SaysWhetherItMayHaveCounted) {
  RedisServer server;
  Gateway gateway(server.url(), {});
  server.pause();
  const auto call =
      gateway.limiter->exchange({{"p", 1, 1}}, milliseconds{3'000}, milliseconds{100});
  ASSERT_EQ(call.status, HG_PENDING);
  server.kill();
  ASSERT_TRUE(gateway.host.run_until([&] { return gateway.host.step(call.op).has_value(); }));
  EXPECT_EQ(gateway.host.step(call.op)->status, HG_E_DEADLINE);
  EXPECT_EQ(exchange(gateway, {{"p", 1, 1}}).status, HG_E_IO);
}

}  // namespace
}  // namespace heliograph::plugins::redis::test
