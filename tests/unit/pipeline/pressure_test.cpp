// Backlogs, small windows, floods of hints, and fairness between lanes, clients and classes.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "tests/support/pipeline_world.h"

namespace heliograph::test {
namespace {

using model::Lane;
using model::Status;

// Things happen in order and nothing is lost, whatever fits into memory.
TEST(Pressure, ABacklogLargerThanTheWindowDrainsInOrder) {
  for (const std::size_t window : {4u, 16u, 64u, 1'000u}) {
    PipelineWorld world;
    world.options.settings.queue.window = window;
    FakeProvider& provider = world.add_provider("one");
    world.start();
    for (int i = 0; i < 20; ++i) {
      world.submit(PipelineWorld::message(), 40);
      world.run_for(milliseconds{3});
    }
    std::size_t most = 0;
    for (int i = 0; i < 4'000 && world.count(Status::kSent) < 800; ++i) {
      world.run_for(milliseconds{5});
      most = std::max<std::size_t>(most, world.pipeline->stats().in_memory);
    }
    EXPECT_EQ(world.count(Status::kSent), 800u) << window;
    EXPECT_LE(most, window);
    EXPECT_EQ(provider.arrivals.size(), 800u);
    const auto row = [](const Arrival& arrival) { return arrival.item.id.row(); };
    EXPECT_TRUE(std::ranges::is_sorted(provider.arrivals, {}, row)) << window;
  }
}

TEST(Pressure, WithoutAnyHintTheStoreIsStillRead) {
  PipelineWorld world;
  world.options.settings.queue.window = 32;
  world.add_provider("one");
  world.store.hints = false;
  world.start();
  world.submit(PipelineWorld::message(), 100);
  world.run_for(seconds{1});
  EXPECT_EQ(world.count(Status::kSent), 0u) << "nobody has told it";
  world.restart();
  world.run_for(seconds{5});
  EXPECT_EQ(world.count(Status::kSent), 100u);
}

TEST(Pressure, AFloodOfHintsCostsReadsNotMemory) {
  PipelineWorld world;
  world.options.settings.queue.window = 64;
  world.add_provider("one");
  world.start();
  world.submit(PipelineWorld::message(), 2'000);
  world.run_for(minutes{1});
  EXPECT_EQ(world.count(Status::kSent), 2'000u);
  EXPECT_GT(world.pipeline->stats().hints_dropped, 0u);
}

// Messages that one provider has failed wait for the other, which asks for a pause again and again:
// they must not fill the memory that others need.
TEST(Pressure, MessagesThatCanOnlyWaitGoBackToTheStore) {
  PipelineWorld world;
  world.options.settings.queue.window = 16;
  world.options.settings.health.min_attempts = 10'000;
  FakeProvider& pausing = world.add_provider("pausing");
  bool well = false;
  pausing.plan = [&well](const ports::SendRequest&) {
    SendPlan plan;
    plan.outcome = well ? model::Outcome::kSent : model::Outcome::kThrottled;
    plan.retry_after = seconds{30};
    return plan;
  };
  world.add_provider("failing").plan = [](const ports::SendRequest&) {
    SendPlan plan;
    plan.outcome = model::Outcome::kRetry;
    return plan;
  };
  FakeProvider& other = world.add_provider("other", {}, [] {
    config::Provider settings;
    settings.weight = 0;  // for pinned messages only
    return settings;
  }());
  world.start();
  world.submit(PipelineWorld::message(), 60);
  world.run_for(seconds{45});
  EXPECT_LE(world.pipeline->stats().in_memory, 8u);
  for (const auto& [row, stored] : world.store.rows()) EXPECT_LE(stored.item.attempts, 1);
  model::NewMessage pinned = PipelineWorld::message();
  pinned.pinned_provider = "other";
  world.submit(pinned, 30);
  world.run_for(seconds{1});
  EXPECT_EQ(other.arrivals.size(), 30u);
  well = true;
  world.run_for(minutes{2});
  EXPECT_EQ(world.count(Status::kSent), 90u);
}

TEST(Fairness, AClientWithABacklogDoesNotKeepAnotherWaiting) {
  PipelineWorld world;
  world.options.settings.queue.window = 100;
  config::Provider settings;
  settings.limit = config::Limit{.limit = 100};
  FakeProvider& provider = world.add_provider("one", {}, settings);
  world.start();
  world.submit(PipelineWorld::message(1), 2'000);
  world.run_for(seconds{2});
  const auto before = provider.arrivals.size();
  world.submit(PipelineWorld::message(2), 100);
  world.run_for(seconds{2} + milliseconds{500});
  std::map<std::int64_t, int> sent;
  for (std::size_t i = before; i < provider.arrivals.size(); ++i)
    ++sent[static_cast<std::int64_t>(provider.arrivals[i].item.client)];
  EXPECT_GE(sent[2], 95) << "they take turns";
}

TEST(Fairness, UrgentGoesFirstAndBulkDoesNotStarve) {
  PipelineWorld world;
  config::Provider settings;
  settings.limit = config::Limit{.limit = 130};
  FakeProvider& provider = world.add_provider("one", {}, settings);
  world.start();
  for (const Lane lane : {Lane::kBulk, Lane::kNormal, Lane::kUrgent}) {
    model::NewMessage message = PipelineWorld::message();
    message.lane = lane;
    world.submit(message, 1'000);
  }
  world.run_for(seconds{5});
  std::map<Lane, int> sent;
  for (const Arrival& arrival : provider.arrivals) ++sent[arrival.item.lane];
  const double all = static_cast<double>(provider.arrivals.size());
  EXPECT_NEAR(sent[Lane::kUrgent] / all, 8.0 / 13, 0.02);
  EXPECT_NEAR(sent[Lane::kNormal] / all, 4.0 / 13, 0.02);
  EXPECT_NEAR(sent[Lane::kBulk] / all, 1.0 / 13, 0.02);
}

TEST(Fairness, ABlockedClassDoesNotFillTheWindow) {
  PipelineWorld world;
  world.options.settings.queue.window = 40;
  config::Provider settings;
  settings.enabled = false;
  world.add_provider("off", {}, settings);
  FakeProvider& on = world.add_provider("on");
  world.start();
  model::NewMessage blocked = PipelineWorld::message();
  blocked.pinned_provider = "off";
  world.submit(blocked, 500);
  world.run_for(seconds{1});
  world.submit(PipelineWorld::message(), 200);
  world.run_for(seconds{5});
  EXPECT_EQ(on.arrivals.size(), 200u);
  EXPECT_EQ(world.count(Status::kQueued), 500u);
  world.pipeline->act("off", pipeline::ProviderAction::kEnable, world.loop, [](const auto&) {});
  world.run_for(seconds{20});
  EXPECT_EQ(world.count(Status::kSent), 700u);
}

TEST(Pressure, TheLoopDoesNotSpinWhileEverythingIsBlocked) {
  PipelineWorld world;
  world.options.settings.queue.window = 40;
  config::Provider settings;
  settings.enabled = false;
  world.add_provider("off", {}, settings);
  world.start();
  world.submit(PipelineWorld::message(), 300);
  world.run_for(seconds{5});
  const std::uint64_t before = world.loop.steps();
  world.run_for(minutes{20});
  EXPECT_LT(world.loop.steps() - before, 800u);
}

}  // namespace
}  // namespace heliograph::test
