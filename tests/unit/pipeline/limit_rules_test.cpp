#include <gtest/gtest.h>

#include "core/pipeline/pipeline.h"

namespace heliograph::pipeline {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

config::Provider provider(std::string id, std::optional<config::Limit> limit) {
  config::Provider out;
  out.id = std::move(id);
  out.limit = std::move(limit);
  return out;
}

TEST(LimitRules, NoneWithoutLimits) {
  EXPECT_TRUE(limit_rules({}, {provider("a", std::nullopt)}).empty());
}

TEST(LimitRules, TheDispatchWideOneComesFirst) {
  PipelineSettings settings;
  settings.limits.dispatch = config::Limit{.limit = 200};
  const auto rules = limit_rules(
      settings, {provider("a", std::nullopt), provider("b", config::Limit{.limit = 50})});
  ASSERT_EQ(rules.size(), 2u);
  EXPECT_EQ(rules[0].id, "dispatch");
  EXPECT_EQ(rules[0].limit, 200u);
  EXPECT_EQ(rules[1].id, "b");
  EXPECT_EQ(rules[1].algorithm, ports::LimitAlgorithm::kSlidingWindow);
}

TEST(LimitRules, TheGuardIsTwoPercentButAtLeastTenMilliseconds) {
  const struct {
    milliseconds window, expected;
  } cases[] = {{seconds{1}, milliseconds{1'020}},
               {milliseconds{100}, milliseconds{110}},
               {seconds{60}, milliseconds{61'200}}};
  for (const auto& c : cases) {
    const auto rules =
        limit_rules({}, {provider("a", config::Limit{.limit = 1, .window = c.window})});
    EXPECT_EQ(rules[0].window, c.expected);
  }
}

TEST(LimitRules, AConfiguredGuardHolds) {
  PipelineSettings settings;
  settings.limiter.guard = milliseconds{0};
  const auto rules = limit_rules(settings, {provider("a", config::Limit{.limit = 1})});
  EXPECT_EQ(rules[0].window, seconds{1});
}

TEST(LimitRules, ATokenBucketHasABurstWithoutWhatItsGuardIsWorth) {
  const auto bucket = [](std::uint32_t limit, std::uint32_t burst) {
    return config::Limit{.limit = limit, .algorithm = "token_bucket", .burst = burst};
  };
  const auto rules = limit_rules({}, {provider("a", bucket(100, 0)), provider("b", bucket(100, 30)),
                                      provider("c", bucket(10, 3)), provider("d", bucket(10, 1))});
  EXPECT_EQ(rules[0].burst, 98u);  // 20 ms of 100 a second
  EXPECT_EQ(rules[1].burst, 28u);
  EXPECT_EQ(rules[2].burst, 2u);  // rounded up: never above
  EXPECT_EQ(rules[3].burst, 1u);  // the least there is
}

TEST(LimitRules, ATokenBucketPaysForTheGuardOnce) {
  PipelineSettings settings;
  settings.limiter.guard = milliseconds{250};
  const auto rule = [&settings](std::uint32_t burst) {
    return limit_rules(
               settings,
               {provider("a",
                         config::Limit{.limit = 100, .algorithm = "token_bucket", .burst = burst})})
        .front();
  };
  EXPECT_EQ(rule(100).burst, 75u);
  EXPECT_EQ(rule(100).window, seconds{1}) << "its whole rate";
  EXPECT_EQ(rule(26).window, seconds{1});
  EXPECT_EQ(rule(20).burst, 1u) << "too small to pay with";
  EXPECT_EQ(rule(20).window, milliseconds{1'250}) << "so the rate does";
}

TEST(LimitRules, ASmallBurstKeepsWhatTheBucketCannotDoWithout) {
  const auto burst = [](std::uint32_t limit, std::uint32_t wanted, const char* unit) {
    const auto rules = limit_rules({}, {provider("a", config::Limit{.limit = limit,
                                                                    .algorithm = "token_bucket",
                                                                    .burst = wanted,
                                                                    .unit = unit})});
    return rules[0].burst;
  };
  EXPECT_EQ(burst(1000, 10, "parts"), 10u) << "a message of ten parts costs ten";
  EXPECT_EQ(burst(2, 2, "parts"), 2u);
  EXPECT_EQ(burst(1000, 100, "parts"), 80u);
  EXPECT_EQ(burst(1000, 30, "parts"), 24u) << "the largest text";
  EXPECT_EQ(burst(1000, 20, "messages"), 5u) << "what refills while the loop pauses";
}

}  // namespace
}  // namespace heliograph::pipeline
