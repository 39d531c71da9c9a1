// What happens when Redis is not there, comes back, forgets, refuses or hangs.
#include "plugins/limiters/redis/tests/limiter_fixture.h"

namespace heliograph::plugins::redis::test {
namespace {

const std::vector<RuleSpec> kRules{{.id = "p", .limit = 3, .window = milliseconds{300}}};
const std::vector<KeySpec> kKeys{{"p", 0}};

// Until a permit is granted, and how many denials came before.
bool wait_for_grant(Gateway& gateway) {
  return gateway.wait([&] { return gateway.acquire(kKeys).granted == 1; });
}

TEST(RedisFailureTest, StartsWithoutRedisAndFindsItLater) {
  RedisServer server;
  server.kill();
  Gateway gateway(server.url(), kRules);
  EXPECT_EQ(gateway.acquire(kKeys).status, HG_E_IO);
  EXPECT_TRUE(gateway.host.logged("Connection refused"));
  server.start();
  EXPECT_TRUE(gateway.wait_until_works(kKeys));
  EXPECT_TRUE(gateway.host.logged("connected to Redis"));
}

TEST(RedisFailureTest, WhatIsPendingWhenItDiesFails) {
  RedisServer server;
  Gateway gateway(server.url(), kRules);
  server.pause();
  const auto answer = gateway.limiter->acquire(kKeys);
  ASSERT_EQ(answer.status, HG_PENDING);
  gateway.host.run();
  server.kill();
  EXPECT_EQ(gateway.result(answer.op).status, HG_E_IO);
  EXPECT_EQ(gateway.acquire(kKeys).status, HG_E_IO);
}

TEST(RedisFailureTest, RestartedWithoutItsDataGrantsNothingForAWindow) {
  RedisServer server;
  Gateway gateway(server.url(), kRules, Value::table());
  ASSERT_TRUE(wait_for_grant(gateway));
  server.kill();
  server.start();
  const auto born = std::chrono::steady_clock::now();
  ASSERT_TRUE(gateway.wait_until_works(kKeys));
  EXPECT_TRUE(gateway.host.logged("Redis has lost its counts"));
  ASSERT_TRUE(wait_for_grant(gateway));
  EXPECT_GE(std::chrono::steady_clock::now() - born, milliseconds{300});
}

TEST(RedisFailureTest, FlushedGrantsNothingForAWindow) {
  RedisServer server;
  Gateway gateway(server.url(), kRules, Value::table());
  ASSERT_TRUE(wait_for_grant(gateway));
  server.command({"FLUSHALL"});
  const auto flushed = std::chrono::steady_clock::now();
  const auto denied = gateway.acquire(kKeys);
  EXPECT_EQ(denied.granted, 0u);
  EXPECT_EQ(denied.retry_after_ns, 300'000'000u);
  ASSERT_TRUE(wait_for_grant(gateway));
  EXPECT_GE(std::chrono::steady_clock::now() - flushed, milliseconds{299});
  EXPECT_TRUE(gateway.host.logged("Redis has lost its counts"));
}

TEST(RedisFailureTest, ForgottenScriptsAreSentAgain) {
  RedisServer server;
  Gateway gateway(server.url(), kRules);
  EXPECT_EQ(gateway.acquire(kKeys).granted, 1u);
  server.command({"SCRIPT", "FLUSH"});
  const auto granted = gateway.acquire(kKeys, 1, 2);
  EXPECT_EQ(granted.granted, 2u);
  server.command({"SCRIPT", "FLUSH"});
  gateway.limiter->refund(granted.grant, kKeys, 1);
  EXPECT_EQ(gateway.acquire(kKeys).granted, 1u);
}

TEST(RedisFailureTest, HangingServerIsGivenUpAfterCommandTimeout) {
  RedisServer server;
  Gateway gateway(server.url(), kRules,
                  Value::table({{"settle", "0s"}, {"command_timeout", "200ms"}}));
  server.pause();
  const auto answer = gateway.limiter->acquire(kKeys);
  gateway.host.run();
  gateway.host.advance(milliseconds{199});
  EXPECT_FALSE(gateway.host.limited(answer.op).has_value());
  gateway.host.advance(milliseconds{2});
  ASSERT_TRUE(gateway.host.limited(answer.op).has_value());
  EXPECT_EQ(gateway.host.limited(answer.op)->status, HG_E_IO);
  EXPECT_TRUE(gateway.host.logged("no answer within command_timeout"));
  server.resume();
  EXPECT_TRUE(gateway.wait_until_works(kKeys));
}

TEST(RedisFailureTest, HangingConnectIsGivenUp) {
  RedisServer server;
  server.pause();
  FakeHost host;
  sdk::testing::Plugin plugin{&hg_plugin_entry_v1};
  {
    Instance instance(host, plugin.component("redis"), Value::table({{"url", server.url()}}));
    hg_op op = 0;
    ASSERT_EQ(instance.begin_start(op).status, HG_PENDING);
    host.run();
    host.advance(std::chrono::seconds{1});
    ASSERT_TRUE(host.step(op).has_value());
    EXPECT_TRUE(host.logged("no connection within connect_timeout"));
  }
  EXPECT_EQ(host.violations(), FakeHost::kNone);
}

TEST(RedisFailureTest, StopEndsAStartThatIsStillPending) {
  RedisServer server;
  server.pause();
  FakeHost host;
  sdk::testing::Plugin plugin{&hg_plugin_entry_v1};
  {
    Instance instance(host, plugin.component("redis"), Value::table({{"url", server.url()}}));
    hg_op op = 0;
    ASSERT_EQ(instance.begin_start(op).status, HG_PENDING);
    EXPECT_EQ(instance.stop().status, HG_OK);
    ASSERT_TRUE(host.step(op).has_value());
    EXPECT_EQ(host.step(op)->status, HG_E_CANCELLED);
  }
  EXPECT_EQ(host.violations(), FakeHost::kNone);
}

TEST(RedisFailureTest, PasswordIsNeededAndNeverShown) {
  RedisServer server({"--requirepass", "topsecret"});
  Gateway without(server.url(), kRules);
  EXPECT_TRUE(without.host.logged("INFO was refused: NOAUTH"));
  const std::string port = std::to_string(server.port());
  Gateway wrong("redis://:wrongsecret@127.0.0.1:" + port, kRules);
  EXPECT_TRUE(wrong.host.logged("AUTH was refused: WRONGPASS"));
  EXPECT_FALSE(wrong.host.logged("wrongsecret"));
  Gateway right("redis://default:topsecret@127.0.0.1:" + port, kRules);
  EXPECT_EQ(right.acquire(kKeys).granted, 1u);
}

TEST(RedisFailureTest, RefusedScriptFailsAndIsToldOnce) {
  RedisServer server;
  Gateway gateway(server.url(), kRules);
  ASSERT_EQ(gateway.acquire(kKeys).granted, 1u);
  server.command({"CONFIG", "SET", "maxmemory", "1"});
  EXPECT_EQ(gateway.acquire(kKeys).status, HG_E_IO);
  EXPECT_EQ(gateway.acquire(kKeys).status, HG_E_IO);
  std::size_t told = 0;
  for (const auto& line : gateway.host.logs()) {
    if (line.text.find("refused a request for permits") != std::string::npos) ++told;
  }
  EXPECT_EQ(told, 1u);
  server.command({"CONFIG", "SET", "maxmemory", "0"});
  EXPECT_EQ(gateway.acquire(kKeys).granted, 1u);
}

TEST(RedisFailureTest, StoppedWithAnAnswerOwed) {
  RedisServer server;
  server.pause();
  server.resume();
  Gateway gateway(server.url(), kRules);
  server.pause();
  const auto answer = gateway.limiter->acquire(kKeys);
  gateway.host.run();
  EXPECT_EQ(gateway.instance->stop().status, HG_OK);
  EXPECT_EQ(gateway.host.limited(answer.op)->status, HG_E_IO);
  server.resume();
}

}  // namespace
}  // namespace heliograph::plugins::redis::test
