#include "core/pipeline/permit_forecast.h"

#include <gtest/gtest.h>

namespace heliograph::pipeline {
namespace {

using ports::MonoTime;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr MonoTime kNow{seconds{50}};

ports::LimitRule rule(std::uint64_t limit) {
  return {.id = "x",
          .algorithm = ports::LimitAlgorithm::kSlidingWindow,
          .window = seconds{1},
          .limit = limit};
}

TEST(PermitForecast, CountsWhatIsBegunBesideWhatIsGranted) {
  PermitForecast forecast(rule(3), 0, false);
  forecast.want(1);
  forecast.want(1);
  EXPECT_EQ(forecast.when(kNow, 1), kNow);
  forecast.want(1);
  EXPECT_GT(forecast.when(kNow, 1), kNow);
  forecast.unwant(1);
  EXPECT_EQ(forecast.when(kNow, 1), kNow);
  forecast.granted(kNow, 1);
  forecast.granted(kNow, 1);
  EXPECT_EQ(forecast.when(kNow, 1), kNow);
  forecast.want(1);
  forecast.granted(kNow, 1);
  EXPECT_GE(forecast.when(kNow, 1), kNow + seconds{1});
  forecast.refunded(kNow, 1);
  EXPECT_EQ(forecast.when(kNow, 1), kNow);
}

TEST(PermitForecast, ADenialHoldsWhateverTheCopySays) {
  PermitForecast forecast(rule(3), 0, false);
  forecast.denied(kNow + milliseconds{300});
  EXPECT_EQ(forecast.when(kNow, 1), kNow + milliseconds{300});
  forecast.denied(kNow + milliseconds{100});
  EXPECT_EQ(forecast.denied_until(), kNow + milliseconds{300});
  EXPECT_EQ(forecast.when(kNow + milliseconds{300}, 1), kNow + milliseconds{300});
}

TEST(PermitForecast, AfterADenialOneAtATimeThenMore) {
  PermitForecast forecast(rule(100), 0, false);
  const auto fit = [&] {
    int n = 0;
    for (; n < 1'000 && forecast.when(kNow, 1) <= kNow; ++n) forecast.want(1);
    return n;
  };
  EXPECT_EQ(fit(), 100);
  for (int i = 0; i < 100; ++i) forecast.unwant(1);
  forecast.denied(kNow);
  std::vector<int> rounds;
  for (int round = 0; round < 5; ++round) {
    rounds.push_back(fit());
    for (int i = 0; i < rounds.back(); ++i) forecast.granted(kNow, 1);
  }
  EXPECT_EQ(rounds, (std::vector<int>{1, 2, 6, 18, 54}));
  forecast.hold(kNow);  // kept for a long message: nobody has denied anything
  EXPECT_EQ(fit(), 19);
}

TEST(PermitForecast, APartCostsAUnitAndAtMostTheLimit) {
  PermitForecast per_part(rule(5), 3, true);
  EXPECT_EQ(per_part.key(1).cost, 1u);
  EXPECT_EQ(per_part.key(4).cost, 4u);
  EXPECT_EQ(per_part.key(40).cost, 5u);
  EXPECT_EQ(per_part.key(0).cost, 1u);
  EXPECT_EQ(per_part.key(1).rule, 3u);
  PermitForecast per_message(rule(5), 0, false);
  EXPECT_EQ(per_message.key(4).cost, 1u);
}

TEST(PermitForecast, ABucketCostsAtMostItsBurst) {
  ports::LimitRule bucket = rule(100);
  bucket.algorithm = ports::LimitAlgorithm::kTokenBucket;
  bucket.burst = 4;
  PermitForecast forecast(bucket, 0, true);
  EXPECT_EQ(forecast.key(9).cost, 4u);
  forecast.want(4);
  EXPECT_GT(forecast.when(kNow, 4), kNow);
}

}  // namespace
}  // namespace heliograph::pipeline
