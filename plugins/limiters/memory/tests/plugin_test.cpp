// The plugin as the gateway meets it: through its entry, on a fake host.
#include <gtest/gtest.h>

#include <heliograph/testing/testing.hpp>

namespace heliograph::plugins::memory {
namespace {

using sdk::testing::FakeHost;
using sdk::testing::Instance;
using sdk::testing::LimiterDriver;
using sdk::testing::Value;

class MemoryLimiterTest : public ::testing::Test {
 protected:
  void TearDown() override { EXPECT_EQ(host.violations(), FakeHost::kNone); }

  FakeHost host;
  sdk::testing::Plugin plugin{&hg_plugin_entry_v1};
};

TEST_F(MemoryLimiterTest, AnswersAtOnceAndExactly) {
  Instance instance(host, plugin.component("memory"));
  LimiterDriver limiter(instance);
  ASSERT_EQ(
      limiter.set_rules({{.id = "dispatch", .limit = 200}, {.id = "provider", .limit = 50}}).status,
      HG_OK);
  const std::vector<sdk::testing::KeySpec> keys{{"all", 0}, {"provider1", 1}};
  int granted = 0;
  for (int millisecond = 0; millisecond < 10'000; ++millisecond) {
    const auto answer = limiter.acquire(keys);
    ASSERT_EQ(answer.status, HG_OK);
    granted += static_cast<int>(answer.result.granted);
    host.advance(std::chrono::milliseconds{1});
  }
  EXPECT_EQ(granted, 500);
}

TEST_F(MemoryLimiterTest, RetryAfterAndRefund) {
  Instance instance(host, plugin.component("memory"));
  LimiterDriver limiter(instance);
  ASSERT_EQ(limiter.set_rules({{.id = "r", .limit = 2}}).status, HG_OK);
  const auto granted = limiter.acquire({{"k", 0}}, 1, 5);
  ASSERT_EQ(granted.result.granted, 2u);
  host.advance(std::chrono::milliseconds{400});
  const auto denied = limiter.acquire({{"k", 0}});
  EXPECT_EQ(denied.result.granted, 0u);
  EXPECT_EQ(denied.result.denied_key, 0u);
  EXPECT_EQ(denied.result.retry_after_ns, 600'000'000u);
  limiter.refund(granted.result.grant, {{"k", 0}}, 1);
  EXPECT_EQ(limiter.acquire({{"k", 0}}, 1, 5).result.granted, 1u);
}

TEST_F(MemoryLimiterTest, TokenBucket) {
  Instance instance(host, plugin.component("memory"));
  LimiterDriver limiter(instance);
  ASSERT_EQ(
      limiter
          .set_rules({{.id = "r", .limit = 100, .algorithm = HG_LIMIT_TOKEN_BUCKET, .burst = 10}})
          .status,
      HG_OK);
  EXPECT_EQ(limiter.acquire({{"k", 0}}, 1, 1'000).result.granted, 10u);
  EXPECT_EQ(limiter.acquire({{"k", 0}}).result.retry_after_ns, 10'000'000u);
  host.advance(std::chrono::milliseconds{50});
  EXPECT_EQ(limiter.acquire({{"k", 0}}, 1, 1'000).result.granted, 5u);
}

TEST_F(MemoryLimiterTest, RefusesRulesInWords) {
  Instance instance(host, plugin.component("memory"));
  LimiterDriver limiter(instance);
  const auto step = limiter.set_rules({{.id = "r", .algorithm = 99}});
  EXPECT_EQ(step.status, HG_E_UNSUPPORTED);
  EXPECT_EQ(step.text, "rule 'r': algorithm 99 is not one of sliding_window, token_bucket");
  EXPECT_EQ(limiter.set_rules({{.id = "r", .limit = 0}}).status, HG_E_CONFIG);
}

TEST_F(MemoryLimiterTest, CountsAtMostMaxKeysKeys) {
  Instance instance(host, plugin.component("memory"), Value::table({{"max_keys", 2}}));
  LimiterDriver limiter(instance);
  ASSERT_EQ(limiter.set_rules({{.id = "r"}}).status, HG_OK);
  EXPECT_EQ(limiter.acquire({{"a", 0}}).result.granted, 1u);
  EXPECT_EQ(limiter.acquire({{"b", 0}}).result.granted, 1u);
  host.advance(std::chrono::milliseconds{1});
  EXPECT_EQ(limiter.acquire({{"c", 0}}).status, HG_E_LIMIT);
  host.advance(std::chrono::seconds{1});
  EXPECT_EQ(limiter.acquire({{"c", 0}}).result.granted, 1u);
}

}  // namespace
}  // namespace heliograph::plugins::memory
