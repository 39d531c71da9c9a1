// The plugin as the gateway meets it: through its entry, on a fake host, against a real server.
#include <thread>

#include "plugins/limiters/redis/tests/limiter_fixture.h"

namespace heliograph::plugins::redis::test {
namespace {

const std::vector<RuleSpec> kRules{
    {.id = "dispatch", .limit = 200, .window = std::chrono::hours{1}},
    {.id = "provider1", .limit = 5, .window = std::chrono::hours{1}}};
const std::vector<KeySpec> kBoth{{"dispatch", 0}, {"provider1", 1}};

TEST(RedisLimiterTest, GrantsAndDeniesOverAllKeys) {
  RedisServer server;
  Gateway gateway(server.url(), kRules);
  const auto granted = gateway.acquire(kBoth, 1, 3);
  EXPECT_EQ(granted.status, HG_OK);
  EXPECT_EQ(granted.granted, 3u);
  EXPECT_EQ(gateway.acquire(kBoth, 1, 9).granted, 2u);
  const auto denied = gateway.acquire(kBoth);
  EXPECT_EQ(denied.status, HG_OK);
  EXPECT_EQ(denied.granted, 0u);
  EXPECT_EQ(denied.denied_key, 1u);
  EXPECT_GT(denied.retry_after_ns, 3'590'000'000'000u);
  EXPECT_LE(denied.retry_after_ns, 3'600'000'000'000u);
  EXPECT_EQ(gateway.acquire({{"dispatch", 0}}, 1, 1'000).granted, 195u);
}

TEST(RedisLimiterTest, KeysAreNamedForOperatorsAndExpire) {
  RedisServer server;
  Gateway gateway(server.url(), kRules);
  gateway.acquire(kBoth);
  gateway.acquire({{"someone", 1}});
  EXPECT_EQ(server.keys(),
            (std::vector<std::string>{"rate_limit::birth", "rate_limit:dispatch",
                                      "rate_limit:provider1", "rate_limit:provider1:someone"}));
  for (const std::string& key : server.keys()) EXPECT_GT(server.number({"PTTL", key}), 0) << key;
}

TEST(RedisLimiterTest, PrefixAndDatabase) {
  RedisServer server;
  Gateway gateway(server.url() + "/3", kRules, Value::table({{"settle", "0s"}, {"prefix", "hg/"}}));
  gateway.acquire({{"provider1", 1}});
  EXPECT_TRUE(server.keys().empty());
  server.command({"SELECT", "3"});
  EXPECT_EQ(server.keys(), (std::vector<std::string>{"hg/:birth", "hg/provider1"}));
}

TEST(RedisLimiterTest, RequestsOfOneTurnBecomeOneCall) {
  RedisServer server;
  Gateway gateway(server.url(), kRules);
  const auto calls = [&] { return server.text({"INFO", "commandstats"}); };
  server.command({"CONFIG", "RESETSTAT"});
  std::vector<hg_op> ops;
  for (int i = 0; i < 8; ++i) ops.push_back(gateway.limiter->acquire(kBoth).op);
  std::uint32_t granted = 0;
  for (const hg_op op : ops) granted += gateway.result(op).granted;
  EXPECT_EQ(granted, 5u);
  // In the order in which they came.
  EXPECT_EQ(gateway.result(ops[4]).granted, 1u);
  EXPECT_EQ(gateway.result(ops[5]).granted, 0u);
  EXPECT_NE(calls().find("cmdstat_evalsha:calls=1,"), std::string::npos) << calls();
}

TEST(RedisLimiterTest, GatewaysShareTheLimit) {
  RedisServer server;
  Gateway one(server.url(), kRules);
  Gateway two(server.url(), kRules);
  EXPECT_EQ(one.acquire(kBoth, 1, 3).granted, 3u);
  EXPECT_EQ(two.acquire(kBoth, 1, 3).granted, 2u);
  EXPECT_EQ(one.acquire(kBoth).granted, 0u);
}

TEST(RedisLimiterTest, RefundAndRefundOfWhatNobodyWaitsFor) {
  RedisServer server;
  Gateway gateway(server.url(), kRules);
  const auto granted = gateway.acquire(kBoth, 5, 5);
  gateway.limiter->refund(granted.grant, kBoth, 2);
  EXPECT_EQ(gateway.acquire(kBoth, 1, 5).granted, 2u);
  gateway.limiter->refund(granted.grant, kBoth, 3);
  const auto late = gateway.limiter->acquire(kBoth, 1, 3);
  gateway.limiter->cancel(late.op);
  EXPECT_EQ(gateway.result(late.op).granted, 3u);
  EXPECT_EQ(gateway.acquire(kBoth, 1, 5).granted, 3u);
}

TEST(RedisLimiterTest, TokenBucketAndParts) {
  RedisServer server;
  Gateway gateway(server.url(), {{.id = "b",
                                  .limit = 10,
                                  .window = std::chrono::hours{1},
                                  .algorithm = HG_LIMIT_TOKEN_BUCKET,
                                  .burst = 4}});
  EXPECT_EQ(gateway.acquire({{"b", 0, 3}}, 1, 9).granted, 1u);
  const auto denied = gateway.acquire({{"b", 0, 3}});
  EXPECT_EQ(denied.granted, 0u);
  // Two units are missing, at ten an hour.
  EXPECT_NEAR(static_cast<double>(denied.retry_after_ns), 720e9, 1e9);
  EXPECT_EQ(gateway.acquire({{"b", 0, 5}}).status, HG_E_LIMIT);
}

TEST(RedisLimiterTest, ChangedRulesKeepTheCounts) {
  RedisServer server;
  Gateway gateway(server.url(), kRules);
  EXPECT_EQ(gateway.acquire(kBoth, 1, 9).granted, 5u);
  auto rules = kRules;
  rules[1].limit = 7;
  EXPECT_EQ(gateway.limiter->set_rules(rules).status, HG_OK);
  EXPECT_EQ(gateway.acquire(kBoth, 1, 9).granted, 2u);
}

TEST(RedisLimiterTest, RefusesRulesInWords) {
  RedisServer server;
  Gateway gateway(server.url(), kRules);
  const auto step = gateway.limiter->set_rules({{.id = "r", .algorithm = 99}});
  EXPECT_EQ(step.status, HG_E_UNSUPPORTED);
  EXPECT_EQ(step.text, "rule 'r': algorithm 99 is not one of sliding_window, token_bucket");
  EXPECT_EQ(gateway.limiter->set_rules({{.id = "r", .limit = 0}}).status, HG_E_CONFIG);
  EXPECT_EQ(gateway.limiter->set_rules({{.id = "r"}, {.id = "r"}}).text, "rule 'r' is there twice");
}

TEST(RedisLimiterTest, BadUrlIsAnErrorOfCreate) {
  FakeHost host;
  sdk::testing::Plugin plugin{&hg_plugin_entry_v1};
  try {
    const Instance instance(host, plugin.component("redis"),
                            Value::table({{"url", "rediss://:topsecret@cache"}}));
    FAIL();
  } catch (const sdk::testing::CreateError& error) {
    EXPECT_EQ(std::string(error.what()).rfind("url: rediss:// (TLS)", 0), 0u) << error.what();
    EXPECT_EQ(std::string(error.what()).find("topsecret"), std::string::npos);
  }
}

TEST(RedisLimiterTest, NamesAreLookedUpOffTheLoop) {
  FakeHost host;
  sdk::testing::Plugin plugin{&hg_plugin_entry_v1};
  {
    // Reserved for tests of this kind (RFC 2606): it never has an address.
    Instance instance(host, plugin.component("redis"),
                      Value::table({{"url", "redis://nobody.invalid"}}));
    LimiterDriver limiter(instance);
    ASSERT_EQ(limiter.set_rules(kRules).status, HG_OK);
    hg_op op = 0;
    ASSERT_EQ(instance.begin_start(op).status, HG_PENDING);
    ASSERT_TRUE(host.run_until([&] { return host.logged("the host's name has no address"); }));
    EXPECT_EQ(host.step(op)->status, HG_OK);
    EXPECT_EQ(limiter.acquire(kBoth).status, HG_E_IO);
  }
  EXPECT_EQ(host.violations(), FakeHost::kNone);
}

// Two gateways in real time, as fast as they can: never above the limit in any window, by the
// server's own record of grants.
TEST(RedisLimiterTest, NeverAboveTheLimitInAnyWindow) {
  constexpr std::int64_t kWindowUs = 50'000;
  constexpr std::uint32_t kLimit = 25;
  const std::vector<RuleSpec> rules{
      {.id = "p", .limit = kLimit, .window = std::chrono::microseconds{kWindowUs}}};
  RedisServer server;
  Gateway one(server.url(), rules);
  Gateway two(server.url(), rules);
  std::vector<std::uint64_t> grants;
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{1};
  while (std::chrono::steady_clock::now() < until) {
    for (Gateway* gateway : {&one, &two}) {
      const auto answer = gateway->acquire({{"p", 0}}, 1, 3);
      for (std::uint32_t i = 0; i < answer.granted; ++i) grants.push_back(answer.grant);
    }
  }
  std::sort(grants.begin(), grants.end());
  for (std::size_t i = kLimit; i < grants.size(); ++i) {
    ASSERT_GE(grants[i] - grants[i - kLimit], static_cast<std::uint64_t>(kWindowUs)) << i;
  }
  // At least 95 % of what 20 windows hold.
  EXPECT_GE(grants.size(), kLimit * 19u);
}

}  // namespace
}  // namespace heliograph::plugins::redis::test
