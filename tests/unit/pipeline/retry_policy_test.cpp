#include "core/pipeline/retry_policy.h"

#include <gtest/gtest.h>

namespace heliograph::pipeline {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Backoff, GrowsByTheFactorUpToTheMaximum) {
  const config::Retry retry{.min_delay = seconds{2},
                            .max_delay = seconds{30},
                            .factor = 2.0,
                            .max_attempts = 9,
                            .full_jitter = false};
  const struct {
    unsigned round;
    seconds delay;
  } cases[] = {{0, seconds{2}},  {1, seconds{2}},  {2, seconds{4}},     {3, seconds{8}},
               {4, seconds{16}}, {5, seconds{30}}, {1'000, seconds{30}}};
  for (const auto& c : cases) EXPECT_EQ(backoff(retry, c.round, 0.3), c.delay) << c.round;
}

TEST(Backoff, FullJitterIsUniformBelowTheDelay) {
  const config::Retry retry{.min_delay = seconds{4}, .factor = 3.0, .full_jitter = true};
  EXPECT_EQ(backoff(retry, 1, 0.0), milliseconds{0});
  EXPECT_EQ(backoff(retry, 1, 0.25), seconds{1});
  EXPECT_EQ(backoff(retry, 2, 0.5), seconds{6});
}

TEST(RetryAfter, IsKeptBetweenOneSecondAndOneHour) {
  EXPECT_EQ(clamp_retry_after(milliseconds{0}), seconds{1});
  EXPECT_EQ(clamp_retry_after(milliseconds{-5}), seconds{1});
  EXPECT_EQ(clamp_retry_after(seconds{90}), seconds{90});
  EXPECT_EQ(clamp_retry_after(hours{48}), hours{1});
}

}  // namespace
}  // namespace heliograph::pipeline
