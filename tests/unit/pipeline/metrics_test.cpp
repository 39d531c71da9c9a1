// What the pipeline counts of attempts, permits and of messages at the door.
#include <gtest/gtest.h>

#include "core/pipeline/pipeline_metrics.h"
#include "tests/support/pipeline_world.h"
#include "tests/support/recorded_metrics.h"

namespace heliograph::test {
namespace {

using model::Outcome;

auto always(SendPlan plan) {
  return [plan](const ports::SendRequest&) { return plan; };
}

class PipelineMetrics : public testing::Test {
 protected:
  PipelineMetrics() { world.metrics = &metrics; }

  std::uint64_t attempts(const char* provider, const char* outcome) {
    return metrics.count("heliograph_attempts_total",
                         {{"provider", provider}, {"outcome", outcome}});
  }
  std::uint64_t permits(const char* result) {
    return metrics.count("heliograph_limiter_permits_total",
                         {{"provider", "one"}, {"result", result}});
  }

  RecordedMetrics metrics;
  PipelineWorld world;
};

TEST_F(PipelineMetrics, EachAttemptIsCountedWithItsOutcomeAndEachRetry) {
  world.options.settings.retry.max_attempts = 3;
  world.options.settings.health.min_attempts = 1'000;
  world.add_provider("bad").plan = always({.outcome = Outcome::kRetry});
  world.start();
  world.submit(PipelineWorld::message(), 2);
  world.run_for(minutes{30});
  EXPECT_EQ(attempts("bad", "retry"), 6U);
  EXPECT_EQ(attempts("bad", "sent"), 0U);
  EXPECT_EQ(metrics.count("heliograph_retries_total", {{"provider", "bad"}}), 4U);
  EXPECT_EQ(metrics.recorded("heliograph_attempt_seconds", {{"provider", "bad"}}).first, 6U);
  // The first attempts alone.
  EXPECT_EQ(metrics.recorded("heliograph_accept_to_send_seconds", {{"lane", "normal"}}).first, 2U);
}

TEST_F(PipelineMetrics, TheWayToTheSendDoesNotHoldTheProvidersTime) {
  world.add_provider("slow").plan = always({.latency = seconds{3}});
  world.start();
  world.submit();
  world.run_for(seconds{10});
  EXPECT_EQ(attempts("slow", "sent"), 1U);
  const auto waited = metrics.recorded("heliograph_accept_to_send_seconds", {{"lane", "normal"}});
  EXPECT_EQ(waited.first, 1U);
  EXPECT_LT(waited.second, 1.0);
  const auto took = metrics.recorded("heliograph_attempt_seconds", {{"provider", "slow"}});
  EXPECT_GE(took.second, 3.0);
}

TEST_F(PipelineMetrics, AMessageForLaterWaitsFromWhenItIsDue) {
  world.add_provider("one");
  world.start();
  auto later = PipelineWorld::message();
  later.send_at = world.clock.wall() + minutes{5};
  world.submit(later);
  world.run_for(minutes{6});
  const auto waited = metrics.recorded("heliograph_accept_to_send_seconds", {{"lane", "normal"}});
  EXPECT_EQ(waited.first, 1U);
  EXPECT_LT(waited.second, 2.0);
}

TEST_F(PipelineMetrics, WaitingForALimitIsPartOfTheWay) {
  config::Provider settings;
  settings.limit = config::Limit{.limit = 1};
  world.add_provider("one", {}, settings);
  world.start();
  world.submit(PipelineWorld::message(), 4);
  world.run_for(seconds{10});
  EXPECT_EQ(permits("granted"), 4U + permits("refunded"));
  const auto waited = metrics.recorded("heliograph_accept_to_send_seconds", {{"lane", "normal"}});
  EXPECT_EQ(waited.first, 4U);
  EXPECT_GE(waited.second, 1.0 + 2.0 + 3.0);
  EXPECT_EQ(metrics.recorded("heliograph_limiter_wait_seconds", {{"provider", "one"}}).first,
            permits("granted") + permits("denied"));
}

TEST(AttemptMetrics, AnotherProviderAtAPlaceIsAnotherSeries) {
  RecordedMetrics metrics;
  pipeline::AttemptMetrics attempts(metrics);
  const auto ended = [&](const char* id) {
    attempts.ended(attempts.of(0, id), {}, {Outcome::kSent, model::TimePoint{}, seconds{1}});
  };
  ended("old");
  ended("new");
  ended("new");
  const auto sent = [&](const char* id) {
    return metrics.count("heliograph_attempts_total", {{"provider", id}, {"outcome", "sent"}});
  };
  EXPECT_EQ(sent("old"), 1U);
  EXPECT_EQ(sent("new"), 2U);
}

TEST(IntakeMetrics, EachAnswerIsCountedOnce) {
  RecordedMetrics metrics;
  const pipeline::IntakeMetrics intake(metrics);
  const auto answered = [&](const ports::AcceptResult& result) {
    intake.answered(model::Channel::kSms, model::Lane::kBulk, result);
  };
  ports::Accepted accepted;
  answered(accepted);
  accepted.replayed = true;
  answered(accepted);
  answered(ports::InsufficientCredit{});
  answered(ports::OptedOut{});
  answered(ports::IdempotencyMismatch{});
  answered(ports::Overloaded{.reason = "queue full"});
  answered(ports::Overloaded{.reason = "disk full"});
  answered(ports::Overloaded{.reason = "writer busy"});
  answered(ports::NotReplayed{});  // a limit was met: whoever knows that counts it
  EXPECT_EQ(
      metrics.count("heliograph_messages_accepted_total", {{"channel", "sms"}, {"lane", "bulk"}}),
      1U);
  EXPECT_EQ(metrics.count("heliograph_messages_replayed_total"), 1U);
  for (const char* reason :
       {"no_credit", "opted_out", "idempotency_mismatch", "queue_full", "disk_full", "busy"}) {
    EXPECT_EQ(metrics.count("heliograph_messages_refused_total", {{"reason", reason}}), 1U)
        << reason;
  }
  EXPECT_EQ(metrics.count("heliograph_messages_refused_total", {{"reason", "rate_limited"}}), 0U);
}

}  // namespace
}  // namespace heliograph::test
