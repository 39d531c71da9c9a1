// Failures, health and fail over, through the whole pipeline.
#include <gtest/gtest.h>

#include "tests/support/pipeline_world.h"

namespace heliograph::test {
namespace {

using model::Outcome;
using model::Status;
using pipeline::Circuit;

auto always(SendPlan plan) {
  return [plan](const ports::SendRequest&) { return plan; };
}

TEST(Retry, AFailureGoesToAnotherProviderAtOnce) {
  PipelineWorld world;
  world.add_provider("bad").plan = always({.outcome = Outcome::kRetry});
  world.add_provider("good");
  world.start();
  world.submit(PipelineWorld::message(), 6);
  world.run_for(milliseconds{500});
  EXPECT_EQ(world.count(Status::kSent), 6u);
  EXPECT_EQ(world.providers[0]->arrivals.size(), 3u) << "half of them were picked for it first";
  EXPECT_EQ(world.providers[1]->arrivals.size(), 6u);
}

TEST(Retry, DeadLetterAfterExactlyMaxAttempts) {
  for (const int max : {1, 3, 5}) {
    PipelineWorld world;
    world.options.settings.retry.max_attempts = max;
    world.options.settings.health.min_attempts = 1'000;
    world.add_provider("a").plan = always({.outcome = Outcome::kRetry});
    world.add_provider("b").plan = always({.outcome = Outcome::kRetry});
    world.start();
    world.submit();
    world.run_for(minutes{30});
    EXPECT_EQ(world.status(0), Status::kFailedPerm);
    EXPECT_EQ(world.stored(0).reason, model::FailReason::kAttemptsExhausted);
    EXPECT_EQ(world.stored(0).hold, model::HoldAction::kRelease);
    EXPECT_EQ(world.providers[0]->arrivals.size() + world.providers[1]->arrivals.size(),
              static_cast<std::size_t>(max));
  }
}

TEST(Retry, RoundsAreSeparatedByTheBackoff) {
  PipelineWorld world;
  world.options.settings.retry = {
      .min_delay = seconds{10}, .factor = 2, .max_attempts = 3, .full_jitter = false};
  FakeProvider& only = world.add_provider("only");
  only.plan = always({.outcome = Outcome::kRetry});
  world.start();
  world.submit();
  world.run_for(minutes{5});
  ASSERT_EQ(only.arrivals.size(), 3u);
  EXPECT_NEAR(std::chrono::duration<double>(only.arrivals[1].at - only.arrivals[0].at).count(), 10,
              0.1);
  EXPECT_NEAR(std::chrono::duration<double>(only.arrivals[2].at - only.arrivals[1].at).count(), 20,
              0.1);
}

TEST(Retry, OneThatIsDueWhileTheDispatcherLooksIsNotForgotten) {
  PipelineWorld world;
  world.options.settings.retry = {
      .min_delay = milliseconds{5}, .factor = 1, .max_attempts = 100, .full_jitter = false};
  world.options.settings.health.min_attempts = 10'000;
  bool fail = false;
  world.add_provider("only").plan = [&fail](const ports::SendRequest&) {
    SendPlan plan;
    fail = !fail;
    if (fail) plan.outcome = Outcome::kRetry;
    return plan;
  };
  world.start();
  world.clock.creep(std::chrono::microseconds{100});
  for (std::size_t i = 0; i < 300; ++i) {
    world.submit();
    world.run_for(milliseconds{200});
    ASSERT_EQ(world.status(i), Status::kSent) << "message " << i;
  }
}

TEST(Retry, RetryingStopsWithTheValidity) {
  PipelineWorld world;
  world.options.settings.retry = {
      .min_delay = seconds{30}, .factor = 1, .max_attempts = 100, .full_jitter = false};
  world.add_provider("only").plan = always({.outcome = Outcome::kRetry});
  world.start();
  model::NewMessage message = PipelineWorld::message();
  message.validity = seconds{75};
  world.submit(message);
  world.run_for(minutes{5});
  EXPECT_EQ(world.status(0), Status::kExpired);
  EXPECT_EQ(world.providers[0]->arrivals.size(), 3u);
}

TEST(Retry, AThrottledProviderIsPausedAndTheMessageGoesElsewhere) {
  PipelineWorld world;
  world.add_provider("slow").plan =
      always({.outcome = Outcome::kThrottled, .retry_after = seconds{60}});
  world.add_provider("good");
  world.start();
  world.submit(PipelineWorld::message(), 20);
  world.run_for(milliseconds{500});
  EXPECT_EQ(world.count(Status::kSent), 20u);
  const auto before = world.providers[0]->arrivals.size();
  EXPECT_TRUE(world.provider_status(0).paused_until.has_value());
  world.submit(PipelineWorld::message(), 20);
  world.run_for(seconds{30});
  EXPECT_EQ(world.providers[0]->arrivals.size(), before) << "it asked for a minute";
  EXPECT_EQ(world.count(Status::kSent), 40u);
  for (std::size_t i = 0; i < 40; ++i) EXPECT_EQ(world.stored(i).item.attempts, 1);
}

TEST(Retry, ThrottlingAloneBurnsNoAttempts) {
  PipelineWorld world;
  FakeProvider& only = world.add_provider("only");
  int throttles = 12;
  only.plan = [&throttles](const ports::SendRequest&) {
    return SendPlan{.outcome = throttles-- > 0 ? Outcome::kThrottled : Outcome::kSent};
  };
  world.start();
  world.submit();
  world.run_for(minutes{1});
  EXPECT_EQ(world.status(0), Status::kSent);
  EXPECT_EQ(world.stored(0).item.attempts, 1);
  EXPECT_EQ(world.stored(0).outcomes.size(), 13u);
}

TEST(HealthOfProviders, UnhealthyAboveTheThresholdAndBackByProbes) {
  PipelineWorld world;
  world.options.settings.health.cooldown = seconds{60};
  FakeProvider& flaky = world.add_provider("flaky");
  bool broken = true;
  flaky.plan = [&broken](const ports::SendRequest&) {
    return SendPlan{.outcome = broken ? Outcome::kRetry : Outcome::kSent};
  };
  world.add_provider("good");
  world.start();
  world.submit(PipelineWorld::message(), 60);
  world.run_for(seconds{5});
  EXPECT_EQ(world.count(Status::kSent), 60u);
  EXPECT_EQ(world.provider_status(0).circuit, Circuit::kOpen);
  const auto before = flaky.arrivals.size();
  for (int i = 0; i < 5; ++i) {
    world.submit(PipelineWorld::message(), 10);
    world.run_for(seconds{10});
  }
  EXPECT_EQ(flaky.arrivals.size(), before) << "open: nothing goes there";
  broken = false;
  for (int i = 0; i < 60 && world.provider_status(0).circuit != Circuit::kClosed; ++i) {
    world.submit(PipelineWorld::message(), 10);
    world.run_for(seconds{1});
  }
  EXPECT_EQ(world.provider_status(0).circuit, Circuit::kClosed);
  EXPECT_EQ(flaky.arrivals.size(), before + 3) << "three probes close it, one at a time";
}

TEST(HealthOfProviders, AllUnhealthyMeansWaitingWithoutBurningAttempts) {
  PipelineWorld world;
  world.options.settings.health = {.min_attempts = 5, .cooldown = seconds{30}};
  world.options.settings.retry = {.min_delay = milliseconds{100}, .max_attempts = 5};
  FakeProvider& only = world.add_provider("only");
  bool broken = true;
  only.plan = [&broken](const ports::SendRequest&) {
    return SendPlan{.outcome = broken ? Outcome::kRetry : Outcome::kSent};
  };
  world.start();
  world.submit(PipelineWorld::message(), 5);
  world.run_for(seconds{20});
  EXPECT_EQ(world.provider_status(0).circuit, Circuit::kOpen);
  const auto before = only.arrivals.size();
  world.submit(PipelineWorld::message(), 50);
  world.run_for(seconds{8});
  EXPECT_EQ(only.arrivals.size(), before);
  broken = false;
  world.run_for(minutes{5});
  EXPECT_EQ(world.count(Status::kSent), 55u);
}

TEST(HealthOfProviders, RetriedMessagesAloneBringAProviderBack) {
  PipelineWorld world;
  world.options.settings.health = {.min_attempts = 3, .cooldown = seconds{20}, .probes = 1};
  world.options.settings.retry = {.min_delay = seconds{1}, .max_attempts = 50};
  FakeProvider& only = world.add_provider("only");
  bool broken = true;
  only.plan = [&broken](const ports::SendRequest&) {
    return SendPlan{.outcome = broken ? Outcome::kRetry : Outcome::kSent};
  };
  world.start();
  world.submit(PipelineWorld::message(), 3);
  world.run_for(seconds{10});
  ASSERT_EQ(world.provider_status(0).circuit, Circuit::kOpen);
  broken = false;
  world.run_for(minutes{2});
  EXPECT_EQ(world.count(Status::kSent), 3u);
}

TEST(HealthOfProviders, RefusedCredentialsOpenTheCircuitAtOnce) {
  PipelineWorld world;
  world.add_provider("refusing").plan = always({.outcome = Outcome::kRefused, .status_code = 401});
  world.add_provider("good");
  world.start();
  world.submit(PipelineWorld::message(), 2);
  world.run_for(seconds{1});
  EXPECT_EQ(world.provider_status(0).circuit, Circuit::kOpen);
  EXPECT_EQ(world.count(Status::kSent), 2u);
}

}  // namespace
}  // namespace heliograph::test
