// Limits at the provider, through the whole pipeline.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/pipeline_world.h"

namespace heliograph::test {
namespace {

using model::Status;

std::vector<ports::MonoTime> times(const FakeProvider& provider) {
  std::vector<ports::MonoTime> at;
  for (const Arrival& arrival : provider.arrivals) at.push_back(arrival.at);
  return at;
}

void expect_within(const std::vector<ports::MonoTime>& at, std::size_t limit, nanoseconds window) {
  for (std::size_t i = limit; i < at.size(); ++i)
    ASSERT_GE(at[i] - at[i - limit], window) << "more than " << limit << " in one window";
}

config::Provider limited(std::uint64_t limit) {
  config::Provider settings;
  settings.limit = config::Limit{.limit = limit};
  return settings;
}

TEST(Limits, NoSlidingSecondAboveTheLimitAndNearlyAllOfItUsed) {
  PipelineWorld world;
  world.add_provider("one", {}, limited(50));
  world.start();
  world.submit(PipelineWorld::message(), 1'200);
  world.run_for(seconds{20});
  const auto at = times(*world.providers[0]);
  expect_within(at, 50, seconds{1});
  EXPECT_GE(at.size(), 20u * 50 * 97 / 100);
  EXPECT_LE(world.limiter->denied, 2) << "denials cost two writes each";
  EXPECT_LE(world.pipeline->stats().not_tried, 2u);
}

TEST(Limits, TheDispatchWideOneHoldsOverAllProviders) {
  PipelineWorld world;
  world.options.settings.limits.dispatch = config::Limit{.limit = 30};
  world.add_provider("a", {}, limited(20));
  world.add_provider("b", {}, limited(20));
  world.start();
  world.submit(PipelineWorld::message(), 400);
  world.run_for(seconds{10});
  std::vector<ports::MonoTime> all;
  for (const auto& provider : world.providers) {
    const auto at = times(*provider);
    expect_within(at, 20, seconds{1});
    all.insert(all.end(), at.begin(), at.end());
  }
  std::ranges::sort(all);
  expect_within(all, 30, seconds{1});
  EXPECT_GE(all.size(), 10u * 30 * 97 / 100);
}

TEST(Limits, OthersTakeOverForALimitedProvider) {
  PipelineWorld world;
  world.add_provider("limited", {}, limited(5));
  world.add_provider("free");
  world.start();
  world.submit(PipelineWorld::message(), 200);
  world.run_for(milliseconds{900});
  EXPECT_EQ(world.count(Status::kSent), 200u);
  EXPECT_EQ(world.providers[0]->arrivals.size(), 5u);
}

TEST(Limits, NobodyElsesPermitsAreSpent) {
  PipelineWorld world;
  world.add_provider("a", {}, limited(100));
  world.add_provider("b", {}, limited(100));
  world.start();
  world.submit(PipelineWorld::message(), 100);
  world.run_for(seconds{2});
  EXPECT_EQ(world.limiter->granted, 100);
}

TEST(Limits, PartsCountAndALongMessageIsNotStarved) {
  PipelineWorld world;
  config::Provider settings = limited(10);
  settings.limit->unit = "parts";
  world.add_provider("one", {}, settings);
  world.start();
  model::NewMessage small = PipelineWorld::message();
  model::NewMessage huge = PipelineWorld::message();
  huge.parts = 25;  // more than the limit: takes all of it
  // One every 100 ms: there is always room for a small one and never for the long one.
  for (int i = 0; i < 60; ++i) {
    world.submit(small);
    if (i == 20) world.submit(huge);
    world.run_for(milliseconds{100});
  }
  world.run_for(seconds{8});
  EXPECT_EQ(world.count(Status::kSent), 61u);
  const auto& arrivals = world.providers[0]->arrivals;
  const auto found =
      std::ranges::find_if(arrivals, [](const Arrival& a) { return a.item.parts == 25; });
  ASSERT_NE(found, arrivals.end()) << "the long one never found room";
  EXPECT_LE(found - arrivals.begin(), 45);
  for (const Arrival& from : arrivals) {
    std::uint64_t units = 0;
    for (const Arrival& arrival : arrivals)
      if (arrival.at >= from.at && arrival.at < from.at + seconds{1})
        units += std::min<std::uint64_t>(10, arrival.item.parts);
    ASSERT_LE(units, 10u);
  }
}

TEST(Limits, AnswersThatComeLaterAreWaitedForWithoutHoldingUpTheLoop) {
  PipelineWorld world;
  world.add_provider("one", {}, limited(50));
  world.start();
  world.limiter->answer_delay = [] { return nanoseconds{milliseconds{2}}; };
  world.submit(PipelineWorld::message(), 300);
  world.run_for(seconds{7});
  EXPECT_EQ(world.count(Status::kSent), 300u);
  expect_within(times(*world.providers[0]), 50, seconds{1});
}

TEST(Limits, APermitThatIsTooOldIsGivenBack) {
  PipelineWorld world;
  world.add_provider("one", {}, limited(50));
  world.start();
  bool slow = true;
  world.limiter->answer_delay = [&slow] {
    return nanoseconds{slow ? milliseconds{40} : milliseconds{1}};
  };
  world.submit();
  world.run_for(seconds{1});
  EXPECT_TRUE(world.providers[0]->arrivals.empty());
  EXPECT_EQ(world.providers[0]->missed, 0) << "nor was it asked";
  EXPECT_GE(world.limiter->refunded, 3);
  slow = false;
  world.run_for(seconds{1});
  EXPECT_EQ(world.status(0), Status::kSent);
  EXPECT_EQ(world.stored(0).item.attempts, 1);
}

// A provider whose first `colds` sends wait for a connection, far longer than a permit is fresh.
FakeProvider& add_cold_provider(PipelineWorld& world, int colds) {
  FakeProvider& provider = world.add_provider("one", {}, limited(50));
  provider.plan = [colds](const ports::SendRequest&) mutable {
    SendPlan plan;
    if (colds-- > 0) plan.ready_after = milliseconds{30};
    return plan;
  };
  return provider;
}

TEST(Limits, APermitThatAgesBeforeTheSendBeginsIsTakenAgain) {
  PipelineWorld world;
  const FakeProvider& provider = add_cold_provider(world, 2);
  world.start();
  world.submit();
  world.run_for(seconds{1});
  EXPECT_EQ(provider.missed, 2);
  EXPECT_EQ(world.limiter->refunded, 2);
  EXPECT_EQ(world.limiter->granted, 3);
  EXPECT_EQ(world.status(0), Status::kSent);
  EXPECT_EQ(world.stored(0).item.attempts, 1);
  EXPECT_EQ(world.stored(0).outcomes, std::vector{model::Outcome::kSent});
  EXPECT_EQ(world.pipeline->stats().begun, 1u) << "the store need not hear of it";
  EXPECT_EQ(world.pipeline->stats().not_tried, 0u);
}

TEST(Limits, AfterThreeAgedPermitsTheMessageWaitsAsIfNotTried) {
  PipelineWorld world;
  const FakeProvider& provider = add_cold_provider(world, 3);
  world.start();
  world.submit();
  for (int i = 0; i < 1'000 && world.pipeline->stats().not_tried == 0; ++i)
    world.run_for(milliseconds{1});
  world.run_for(milliseconds{10});  // the undoing is committed; the provider still rests
  EXPECT_EQ(provider.missed, 3);
  EXPECT_EQ(world.limiter->refunded, 3);
  EXPECT_EQ(world.limiter->granted, 3);
  EXPECT_EQ(world.status(0), Status::kQueued);
  EXPECT_EQ(world.stored(0).item.attempts, 0);
  EXPECT_EQ(world.stored(0).item.attempt_number, 0);
  EXPECT_TRUE(world.stored(0).outcomes.empty());
  EXPECT_EQ(world.stored(0).resolutions, 0) << "no money moves";
  EXPECT_EQ(world.provider_status(0).in_flight, 0u);
  EXPECT_EQ(world.provider_status(0).window_failures, 0u);
  EXPECT_EQ(world.distributor->outcomes[model::Outcome::kNotTried], 1);
  world.run_for(seconds{1});
  EXPECT_EQ(world.status(0), Status::kSent);
  EXPECT_EQ(world.stored(0).item.attempts, 1);
  EXPECT_EQ(world.pipeline->stats().begun, 2u);
}

TEST(Limits, AProbeWhosePermitsAgedFreesItsSlot) {
  PipelineWorld world;
  world.options.settings.health = {.min_attempts = 3, .cooldown = seconds{20}, .probes = 1};
  world.options.settings.retry = {.min_delay = seconds{1}, .max_attempts = 50};
  FakeProvider& provider = world.add_provider("one", {}, limited(50));
  bool broken = true;
  int colds = 3;
  provider.plan = [&](const ports::SendRequest&) {
    SendPlan plan;
    if (broken) plan.outcome = model::Outcome::kRetry;
    if (!broken && colds-- > 0) plan.ready_after = milliseconds{30};
    return plan;
  };
  world.start();
  world.submit(PipelineWorld::message(), 3);
  world.run_for(seconds{10});
  ASSERT_EQ(world.provider_status(0).circuit, pipeline::Circuit::kOpen);
  broken = false;
  world.run_for(minutes{2});
  EXPECT_EQ(provider.missed, 3);
  EXPECT_EQ(world.count(Status::kSent), 3u);
}

TEST(Limits, HoldWhileConnectionsAreSlowNowAndThen) {
  PipelineWorld world;
  FakeProvider& provider = world.add_provider("one", {}, limited(50));
  int sends = 0;
  provider.plan = [&sends](const ports::SendRequest&) {
    SendPlan plan;
    // More than the guard: written in spite of it, two windows' permits would meet.
    if (++sends % 7 == 0) plan.ready_after = milliseconds{60};
    if (sends % 7 == 3) plan.ready_after = milliseconds{4};
    return plan;
  };
  world.start();
  world.submit(PipelineWorld::message(), 500);
  world.run_for(seconds{13});
  EXPECT_EQ(world.count(Status::kSent), 500u);
  auto at = times(provider);
  std::ranges::sort(at);
  expect_within(at, 50, seconds{1});
  EXPECT_GT(provider.missed, 50);
  EXPECT_EQ(world.limiter->refunded, provider.missed);
  EXPECT_LE(world.limiter->denied, 5);
}

TEST(Limits, WithoutALimitASendMayBeginWhenItCan) {
  PipelineWorld world;
  FakeProvider& provider = world.add_provider("one");
  provider.plan = [](const ports::SendRequest&) {
    SendPlan plan;
    plan.ready_after = milliseconds{100};
    return plan;
  };
  world.start();
  world.submit();
  world.run_for(seconds{1});
  EXPECT_EQ(provider.missed, 0);
  EXPECT_EQ(world.status(0), Status::kSent);
}

TEST(Limits, AProviderThatSaysNotTriedIsDoubted) {
  PipelineWorld world;
  FakeProvider& provider = world.add_provider("one", {}, limited(50));
  provider.plan = [](const ports::SendRequest&) {
    SendPlan plan;
    plan.outcome = model::Outcome::kNotTried;
    return plan;
  };
  world.start();
  world.submit();
  world.run_for(milliseconds{200});
  ASSERT_EQ(world.stored(0).outcomes.size(), 1u);
  EXPECT_EQ(world.stored(0).outcomes[0], model::Outcome::kUnknown);
  EXPECT_EQ(world.limiter->refunded, 0);
}

TEST(Limits, AFailedBackendDelaysAndLosesNothing) {
  PipelineWorld world;
  world.add_provider("one", {}, limited(50));
  world.start();
  world.limiter->failing = true;
  world.submit(PipelineWorld::message(), 10);
  world.run_for(seconds{30});
  EXPECT_EQ(world.count(Status::kQueued), 10u);
  EXPECT_LT(world.pipeline->stats().not_tried, 400u) << "asked once a second, not in a loop";
  world.limiter->failing = false;
  world.run_for(seconds{5});
  EXPECT_EQ(world.count(Status::kSent), 10u);
}

// The moment at which a permit can be had may be one while the dispatcher is at work for another
// reason: after it has looked for what it can do, and before it sets its timer.
TEST(Limits, APermitThatCanBeHadWhileTheDispatcherLooksIsNotForgotten) {
  PipelineWorld world;
  config::Provider settings = limited(1);
  settings.limit->window = milliseconds{10};  // and a guard as long
  world.add_provider("reason", {}, settings);
  world.add_provider("one", {}, limited(1'000));
  world.start();
  world.clock.creep(std::chrono::microseconds{100});
  model::NewMessage reason = PipelineWorld::message();
  reason.pinned_provider = "reason";
  model::NewMessage denied = PipelineWorld::message();
  denied.pinned_provider = "one";
  for (int i = 0; i < 300; ++i) {
    world.submit(reason);  // the dispatcher looks when its window ends
    world.run_for(milliseconds{8});
    world.limiter->denials.emplace_back(milliseconds{5} + std::chrono::microseconds{30 * i});
    world.submit(denied);
    world.run_for(milliseconds{200});
    ASSERT_EQ(world.count(Status::kSent), world.ids.size()) << "round " << i;
  }
}

TEST(Limits, ARefusedSendGivesItsPermitBack) {
  PipelineWorld world;
  FakeProvider& provider = world.add_provider("one", {}, limited(5));
  int refusals = 1;
  provider.plan = [&refusals](const ports::SendRequest&) {
    SendPlan plan;
    plan.busy = refusals-- > 0;
    return plan;
  };
  world.start();
  world.submit();
  world.run_for(seconds{1});
  EXPECT_EQ(world.status(0), Status::kSent);
  EXPECT_EQ(world.limiter->granted, 2);
  EXPECT_EQ(world.limiter->refunded, 1);
}

}  // namespace
}  // namespace heliograph::test
