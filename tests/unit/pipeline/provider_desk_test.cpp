// What operators see of the providers and do to them.
#include <gtest/gtest.h>

#include "tests/support/pipeline_world.h"

namespace heliograph::test {
namespace {

using model::Outcome;
using model::Status;
using pipeline::Circuit;
using pipeline::ProviderAction;
using pipeline::ProviderStatus;

class Desk : public testing::Test {
 protected:
  std::optional<ProviderStatus> act(const std::string& name, ProviderAction action) {
    answered = false;
    answer.reset();
    world.pipeline->act(name, action, world.loop, [this](std::optional<ProviderStatus> status) {
      answered = true;
      answer = std::move(status);
    });
    EXPECT_FALSE(answered);
    world.run_for(milliseconds{20});
    return answer;
  }
  PipelineWorld world;
  bool answered = false;
  std::optional<ProviderStatus> answer;
};

TEST_F(Desk, AnUnknownProviderIsNoProvider) {
  world.add_provider("one");
  world.start();
  EXPECT_FALSE(act("two", ProviderAction::kReset));
  EXPECT_TRUE(answered);
}

TEST_F(Desk, ShowsWhatHappened) {
  world.add_provider("one");
  world.start();
  world.submit(PipelineWorld::message(), 3);
  world.run_for(seconds{1});
  const ProviderStatus status = world.provider_status(0);
  EXPECT_EQ(status.id, "one");
  EXPECT_EQ(status.window_successes, 3u);
  EXPECT_EQ(status.outcomes[static_cast<std::size_t>(Outcome::kSent)], 3u);
  EXPECT_EQ(status.max_in_flight, 64u);
  EXPECT_TRUE(status.healthy());
  EXPECT_TRUE(status.last_used);
  act("one", ProviderAction::kResetStats);
  EXPECT_EQ(world.provider_status(0).outcomes[0], 0u);
  EXPECT_EQ(world.provider_status(0).window_successes, 0u);
}

class Counts : public Desk {
 protected:
  pipeline::Distribution distribution(bool reset = false) {
    std::optional<pipeline::Distribution> found;
    world.pipeline->distribution(reset, world.loop,
                                 [&](pipeline::Distribution given) { found = std::move(given); });
    world.run_for(milliseconds{1});
    return found.value();
  }
};

TEST_F(Counts, SendsAreCountedByProviderUntilTheReset) {
  world.add_provider("one");
  world.add_provider("two");
  world.start();
  const model::TimePoint started = world.clock.wall();
  EXPECT_EQ(distribution().since, started);
  EXPECT_EQ(distribution().last_pick, "");
  world.submit(PipelineWorld::message(), 7);
  model::NewMessage pinned = PipelineWorld::message();
  pinned.pinned_provider = "one";
  world.submit(pinned, 3);
  world.run_for(seconds{1});
  const auto counts = distribution();
  ASSERT_EQ(counts.providers.size(), 2u);
  EXPECT_EQ(counts.providers[0].sends + counts.providers[1].sends, 10u);
  EXPECT_EQ(counts.providers[0].picks + counts.providers[1].picks, 7u) << "nobody chose the pinned";
  EXPECT_EQ(counts.providers[0].sends, counts.providers[0].picks + 3);
  EXPECT_NE(counts.last_pick, "");
  EXPECT_EQ(counts.since, started);

  const auto reset = distribution(true);
  EXPECT_EQ(reset.providers[0].sends + reset.providers[1].picks, 0u);
  EXPECT_EQ(reset.last_pick, "");
  EXPECT_GT(reset.since, started);
  EXPECT_EQ(distribution().since, reset.since);
  EXPECT_TRUE(distribution().providers[0].last_used) << "what providers did is not forgotten";
  world.submit();
  world.run_for(seconds{1});
  EXPECT_EQ(distribution().providers[0].sends + distribution().providers[1].sends, 1u);
}

TEST_F(Counts, WhatIsUndoneIsNoSend) {
  world.add_provider("one").plan = [](const ports::SendRequest&) {
    SendPlan plan;
    plan.busy = true;
    return plan;
  };
  world.start();
  world.submit();
  world.run_for(milliseconds{50});
  EXPECT_EQ(distribution().providers[0].sends, 0u);
}

TEST_F(Counts, TheRunningWindowsAreShown) {
  world.options.settings.limits.dispatch = config::Limit{.limit = 100};
  config::Provider limited;
  limited.limit = config::Limit{.limit = 5};
  world.add_provider("one", {}, limited);
  world.add_provider("free");
  world.start();
  model::NewMessage pinned = PipelineWorld::message();
  pinned.pinned_provider = "one";
  world.submit(pinned, 8);
  world.run_for(milliseconds{100});
  auto counts = distribution();
  ASSERT_TRUE(counts.providers[0].limit);
  EXPECT_EQ(counts.providers[0].limit->count, 5u);
  EXPECT_EQ(counts.providers[0].limit->limit.limit, 5u);
  EXPECT_EQ(counts.providers[0].limit->limit.window, seconds{1}) << "as configured, without guard";
  EXPECT_TRUE(counts.providers[0].limit->limited());
  EXPECT_LE(counts.providers[0].limit->retry_after, milliseconds{1'020});
  EXPECT_FALSE(counts.providers[1].limit);
  ASSERT_TRUE(counts.dispatch_limit);
  EXPECT_EQ(counts.dispatch_limit->count, 5u);
  EXPECT_FALSE(counts.dispatch_limit->limited());
  world.run_for(milliseconds{1'100});
  counts = distribution();
  EXPECT_EQ(counts.providers[0].limit->count, 3u) << "the window has slid on";
  EXPECT_FALSE(counts.providers[0].limit->limited());
}

TEST_F(Desk, DisabledSurvivesARestart) {
  FakeProvider& one = world.add_provider("one");
  world.start();
  ASSERT_TRUE(act("one", ProviderAction::kDisable));
  EXPECT_FALSE(answer->enabled);
  world.restart();
  world.submit();
  world.run_for(seconds{5});
  EXPECT_TRUE(one.arrivals.empty());
  EXPECT_FALSE(world.provider_status(0).enabled);
  act("one", ProviderAction::kEnable);
  world.run_for(seconds{1});
  EXPECT_EQ(world.status(0), Status::kSent);
}

TEST_F(Desk, DrainAnswersWhenNothingIsInFlight) {
  world.add_provider("one").plan = [](const ports::SendRequest&) {
    SendPlan plan;
    plan.latency = seconds{2};
    return plan;
  };
  world.start();
  world.submit(PipelineWorld::message(), 3);
  world.run_for(seconds{1});
  EXPECT_FALSE(act("one", ProviderAction::kDrain));
  EXPECT_FALSE(answered);
  EXPECT_TRUE(world.provider_status(0).draining);
  world.run_for(seconds{2});
  ASSERT_TRUE(answered);
  EXPECT_EQ(answer->in_flight, 0u);
  EXPECT_FALSE(answer->enabled);
}

TEST_F(Desk, DrainIsAnsweredWhenWhatWasBegunIsUndone) {
  world.add_provider("one");
  world.start();
  world.submit();
  // Until the accept is committed and the attempt is being begun.
  while (world.pipeline->stats().in_flight == 0) world.run_for(std::chrono::microseconds{100});
  act("one", ProviderAction::kDrain);
  world.run_for(seconds{1});
  EXPECT_TRUE(answered);
  EXPECT_EQ(world.pipeline->stats().in_flight, 0u);
  EXPECT_TRUE(world.providers[0]->arrivals.empty()) << "sent to a disabled provider";
  EXPECT_EQ(world.stored(0).item.attempts, 0);
}

TEST_F(Desk, ResetClosesTheCircuit) {
  world.add_provider("one").plan = [](const ports::SendRequest& request) {
    SendPlan plan;
    plan.outcome = request.attempt_number == 1 ? Outcome::kRefused : Outcome::kSent;
    plan.status_code = 401;
    return plan;
  };
  world.options.settings.retry.min_delay = milliseconds{100};
  world.start();
  world.submit();
  world.run_for(seconds{2});
  ASSERT_EQ(world.provider_status(0).circuit, Circuit::kOpen);
  act("one", ProviderAction::kReset);
  EXPECT_EQ(answer->circuit, Circuit::kClosed);
  world.run_for(seconds{2});
  EXPECT_EQ(world.status(0), Status::kSent);
}

TEST_F(Desk, AQuarantinedProviderGetsNothing) {
  FakeProvider& bad = world.add_provider("bad");
  world.add_provider("good");
  world.start();
  world.pipeline->on_quarantine(bad.key(), "threw");
  world.submit(PipelineWorld::message(), 10);
  world.run_for(seconds{1});
  EXPECT_TRUE(bad.arrivals.empty());
  EXPECT_EQ(world.count(Status::kSent), 10u);
  EXPECT_EQ(world.provider_status(0).quarantined, "threw");
  EXPECT_FALSE(world.provider_status(0).healthy());
}

TEST_F(Desk, APluginMayCloseAndOpenItsWindow) {
  FakeProvider& one = world.add_provider("one", {.max_in_flight = 2});
  one.plan = [](const ports::SendRequest&) {
    SendPlan plan;
    plan.latency = milliseconds{500};
    return plan;
  };
  world.start();
  EXPECT_EQ(world.provider_status(0).max_in_flight, 2u);
  world.pipeline->on_window(one.key(), 0);
  world.submit(PipelineWorld::message(), 5);
  world.run_for(seconds{5});
  EXPECT_TRUE(one.arrivals.empty());
  world.pipeline->on_window(one.key(), 100'000);
  EXPECT_EQ(world.provider_status(0).max_in_flight, 64u) << "the operator's bound holds";
  world.run_for(seconds{1});
  EXPECT_EQ(world.count(Status::kSent), 5u);
}

TEST(MissingPlugin, ItsProviderIsQuarantined) {
  PipelineWorld world;
  world.add_provider("good");
  world.start();
  std::vector<pipeline::ProviderSlot> slots(1);
  slots[0].settings.id = "broken";
  slots[0].failure = "file not found";
  FakeDistributor distributor;
  pipeline::Pipeline other({}, {world.clock, world.random, world.loop, world.store, distributor},
                           std::move(slots), [](const auto&) {});
  std::vector<ProviderStatus> all;
  other.providers(world.loop, [&](std::vector<ProviderStatus> list) { all = std::move(list); });
  world.run_for(milliseconds{1});
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].quarantined, "file not found");
}

}  // namespace
}  // namespace heliograph::test
