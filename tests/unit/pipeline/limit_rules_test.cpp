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

TEST(LimitRules, ATokenBucketHasABurst) {
  const auto rules = limit_rules(
      {}, {provider("a", config::Limit{.limit = 10, .algorithm = "token_bucket"}),
           provider("b", config::Limit{.limit = 10, .algorithm = "token_bucket", .burst = 3})});
  EXPECT_EQ(rules[0].burst, 10u);
  EXPECT_EQ(rules[1].burst, 3u);
}

}  // namespace
}  // namespace heliograph::pipeline
