#include "core/pipeline/health.h"

#include <gtest/gtest.h>

namespace heliograph::pipeline {
namespace {

using model::ClientId;
using model::Outcome;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr model::TimePoint kStart{hours{500'000}};

model::AttemptResult result(Outcome outcome, std::int32_t code = 0) {
  model::AttemptResult out;
  out.outcome = outcome;
  out.status_code = code;
  return out;
}

class HealthTest : public testing::Test {
 protected:
  bool record(Outcome outcome, int client = 1, std::int32_t code = 0, bool probe = false) {
    return health.record(result(outcome, code), ClientId{client}, probe, now);
  }
  void open() {
    for (int i = 0; i < 10; ++i) record(Outcome::kRetry);
    ASSERT_EQ(health.circuit(), Circuit::kOpen);
  }
  void half_open() {
    open();
    now += seconds{300};
    ASSERT_TRUE(health.advance(now));
  }
  config::Health limits;
  Health health{limits};
  model::TimePoint now = kStart;
};

TEST_F(HealthTest, OpensAboveTheThresholdOnly) {
  for (int i = 0; i < 3; ++i) record(Outcome::kSent);
  for (int i = 0; i < 7; ++i) record(Outcome::kRetry);
  EXPECT_TRUE(health.closed()) << "7 of 10 is the threshold, not above it";
  EXPECT_TRUE(record(Outcome::kRetry));
  EXPECT_EQ(health.circuit(), Circuit::kOpen);
  EXPECT_EQ(health.reason(), "8 of 11 attempts failed");
  EXPECT_EQ(health.retry_at(), now + seconds{300});
}

TEST_F(HealthTest, NeedsEnoughAttempts) {
  for (int i = 0; i < 9; ++i) record(Outcome::kUnknown);
  EXPECT_TRUE(health.closed());
  record(Outcome::kUnknown);
  EXPECT_FALSE(health.closed());
}

TEST_F(HealthTest, TheMessagesFaultAndThrottlingDoNotCount) {
  for (int i = 0; i < 100; ++i) {
    record(Outcome::kRejected);
    record(Outcome::kThrottled);
    record(Outcome::kNotTried);
  }
  EXPECT_TRUE(health.closed());
  EXPECT_EQ(health.counts(now).failures, 0u);
  EXPECT_EQ(health.counts(now).throttles, 100u);
}

TEST_F(HealthTest, WhatIsOlderThanTheWindowIsForgotten) {
  for (int i = 0; i < 9; ++i) record(Outcome::kRetry);
  now += seconds{299};
  EXPECT_EQ(health.counts(now).failures, 9u);
  now += seconds{12};
  EXPECT_EQ(health.counts(now).failures, 0u);
  record(Outcome::kRetry);
  EXPECT_TRUE(health.closed());
}

TEST_F(HealthTest, BadCredentialsOpenAtOnce) {
  EXPECT_TRUE(record(Outcome::kRefused, 1, 401));
  EXPECT_EQ(health.circuit(), Circuit::kOpen);
}

TEST_F(HealthTest, ThreeRefusalsInARowFromTwoClientsOpen) {
  record(Outcome::kRefused, 1);
  record(Outcome::kRefused, 1);
  record(Outcome::kRefused, 1);
  EXPECT_TRUE(health.closed()) << "one client alone";
  record(Outcome::kRefused, 2);
  EXPECT_FALSE(health.closed());
}

TEST_F(HealthTest, ARefusalRowIsBrokenByAnyAnswer) {
  for (const Outcome between : {Outcome::kSent, Outcome::kRejected, Outcome::kRetry}) {
    health.reset();
    record(Outcome::kRefused, 1);
    record(Outcome::kRefused, 2);
    record(between);
    record(Outcome::kRefused, 1);
    EXPECT_TRUE(health.closed());
  }
}

TEST_F(HealthTest, HalfOpenAfterTheCooldownWithAnEmptyRing) {
  open();
  now += seconds{299};
  EXPECT_FALSE(health.advance(now));
  EXPECT_EQ(health.next_change(now), kStart + seconds{300});
  now += seconds{1};
  EXPECT_TRUE(health.advance(now));
  EXPECT_EQ(health.circuit(), Circuit::kHalfOpen);
  EXPECT_EQ(health.counts(now).failures, 0u);
}

TEST_F(HealthTest, ProbesGoOneAtATimeWithPauses) {
  half_open();
  EXPECT_TRUE(health.wants_probe(now));
  health.begin_probe(now);
  EXPECT_FALSE(health.wants_probe(now));
  record(Outcome::kSent, 1, 0, true);
  EXPECT_FALSE(health.wants_probe(now));
  EXPECT_EQ(health.next_change(now), now + seconds{15});
  now += seconds{15};
  EXPECT_TRUE(health.wants_probe(now));
}

TEST_F(HealthTest, ThreeGoodProbesClose) {
  half_open();
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(health.closed());
    now += seconds{15};
    health.begin_probe(now);
    record(Outcome::kSent, 1, 0, true);
  }
  EXPECT_TRUE(health.closed());
  EXPECT_EQ(health.reason(), "");
}

TEST_F(HealthTest, AFailedProbeOpensForTwiceAsLongUpToAnHour) {
  half_open();
  for (const auto expected : {minutes{10}, minutes{20}, minutes{40}, minutes{60}, minutes{60}}) {
    health.begin_probe(now);
    EXPECT_TRUE(record(Outcome::kUnknown, 1, 0, true));
    EXPECT_EQ(health.retry_at(), now + expected);
    now += expected;
    ASSERT_TRUE(health.advance(now));
  }
}

TEST_F(HealthTest, AnyOutcomeFreesTheProbeSlot) {
  for (const Outcome outcome : {Outcome::kNotTried, Outcome::kThrottled, Outcome::kRejected}) {
    health.reset();
    now += hours{2};
    half_open();
    health.begin_probe(now);
    EXPECT_FALSE(record(outcome, 1, 0, true));
    now += seconds{15};
    EXPECT_TRUE(health.wants_probe(now));
  }
}

TEST_F(HealthTest, ResultsOfEarlierSendsDecideNothingWhileHalfOpen) {
  half_open();
  for (int i = 0; i < 50; ++i) EXPECT_FALSE(record(Outcome::kRetry));
  EXPECT_EQ(health.circuit(), Circuit::kHalfOpen);
}

TEST_F(HealthTest, AfterAFurtherPauseAnyMessageMayProbe) {
  half_open();
  EXPECT_FALSE(health.takes_any_probe(now));
  EXPECT_EQ(health.next_change(now), now + seconds{15});
  now += seconds{15};
  EXPECT_TRUE(health.takes_any_probe(now));
  EXPECT_EQ(health.next_change(now), model::kNever);
}

TEST_F(HealthTest, TheStateSurvivesAsText) {
  record(Outcome::kSent);
  open();
  const std::string text = health.to_text(now);
  Health later{limits};
  ASSERT_TRUE(later.restore(text, now + seconds{100}));
  EXPECT_EQ(later.circuit(), Circuit::kOpen);
  EXPECT_EQ(later.retry_at(), now + seconds{300});
  EXPECT_EQ(later.reason(), health.reason());
  EXPECT_EQ(later.counts(now).failures, health.counts(now).failures);
  EXPECT_TRUE(later.advance(now + seconds{300}));
}

TEST_F(HealthTest, AStepOfTheClockDoesNotExtendAnOpening) {
  open();
  Health later{limits};
  ASSERT_TRUE(later.restore(health.to_text(now), now - hours{100}));
  EXPECT_LE(*later.retry_at(), now - hours{100} + hours{1});
}

TEST_F(HealthTest, TextThatIsNotUnderstoodChangesNothing) {
  for (const char* text : {"", "1", "2 0 0 0 0 0 0 0 0 ", "1 7 0 0 0 0 0 0 0 ", "1 1 x", "hello",
                           "1 1 0 0 0 -5 0 0 0 x", "1 1 99999999999999999999 0 0 0 0 0 0 "}) {
    Health fresh{limits};
    EXPECT_FALSE(fresh.restore(text, now)) << text;
    EXPECT_TRUE(fresh.closed());
  }
}

TEST_F(HealthTest, OpensByWhatAllGatewaysSawTogether) {
  record(Outcome::kRetry);
  EXPECT_FALSE(health.hear({.successes = 2, .failures = 5}, now)) << "8 are too few";
  EXPECT_TRUE(health.hear({.successes = 2, .failures = 8}, now));
  EXPECT_EQ(health.circuit(), Circuit::kOpen);
  EXPECT_EQ(health.reason(), "9 of 11 attempts failed at all gateways together");
  EXPECT_FALSE(health.hear({.successes = 0, .failures = 99}, now)) << "it is open already";
}

TEST_F(HealthTest, AFailureHereCountsBesideWhatWasHeard) {
  for (int i = 0; i < 2; ++i) record(Outcome::kSent);
  EXPECT_FALSE(health.hear({.successes = 1, .failures = 7}, now));
  EXPECT_TRUE(record(Outcome::kRetry)) << "8 of 11";
}

TEST_F(HealthTest, OthersSuccessesDoNotHideOurOwnFailures) {
  health.hear({.successes = 1'000, .failures = 0}, now);
  open();
  EXPECT_EQ(health.reason(), "10 of 10 attempts failed");
}

TEST_F(HealthTest, WhatWasHeardIsForgottenWhenNothingFollows) {
  health.hear({.successes = 3, .failures = 7}, now);
  now += seconds{4};
  EXPECT_FALSE(record(Outcome::kRetry)) << "only our own one";
}

TEST_F(HealthTest, ABeginningAnewForgetsWhatWasHeard) {
  health.hear({.successes = 3, .failures = 7}, now);
  const auto era = health.era();
  health.reset();
  EXPECT_NE(health.era(), era);
  EXPECT_EQ(health.clean_starts(), 1U);
  EXPECT_FALSE(record(Outcome::kRetry));
  open();
  const auto opened = health.era();
  now += seconds{300};
  ASSERT_TRUE(health.advance(now));
  EXPECT_NE(health.era(), opened);
  EXPECT_EQ(health.clean_starts(), 1U) << "half-open is not healthy";
  EXPECT_FALSE(health.hear({.successes = 0, .failures = 99}, now));
  EXPECT_EQ(health.circuit(), Circuit::kHalfOpen);
}

TEST_F(HealthTest, SeenCountsForGood) {
  record(Outcome::kSent);
  for (int i = 0; i < 3; ++i) record(Outcome::kUnknown);
  record(Outcome::kRejected);
  health.reset();
  EXPECT_EQ(health.seen().successes, 1U);
  EXPECT_EQ(health.seen().failures, 3U);
}

TEST(CircuitWords, AreTheApis) {
  EXPECT_EQ(to_string(Circuit::kClosed), "closed");
  EXPECT_EQ(to_string(Circuit::kOpen), "open");
  EXPECT_EQ(to_string(Circuit::kHalfOpen), "half_open");
}

}  // namespace
}  // namespace heliograph::pipeline
