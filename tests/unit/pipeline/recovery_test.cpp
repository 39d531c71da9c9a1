// Restarts: what was queued, scheduled, retrying and in the air goes on.
#include <gtest/gtest.h>

#include "tests/support/pipeline_world.h"

namespace heliograph::test {
namespace {

using model::InDoubt;
using model::Outcome;
using model::Status;

TEST(Recovery, QueuedScheduledAndRetryingMessagesGoOn) {
  PipelineWorld world;
  world.options.settings.retry = {.min_delay = seconds{60}, .full_jitter = false};
  FakeProvider& provider = world.add_provider("one");
  bool broken = true;
  provider.plan = [&broken](const ports::SendRequest&) {
    SendPlan plan;
    if (broken) plan.outcome = Outcome::kRetry;
    return plan;
  };
  world.start();
  model::NewMessage later = PipelineWorld::message();
  later.send_at = world.clock.wall() + minutes{10};
  world.submit();
  world.submit(later);
  world.run_for(seconds{1});
  EXPECT_EQ(world.status(0), Status::kFailedTemp);
  broken = false;
  world.restart();
  world.run_for(minutes{2});
  EXPECT_EQ(world.status(0), Status::kSent);
  EXPECT_EQ(world.status(1), Status::kScheduled);
  world.run_for(minutes{9});
  EXPECT_EQ(world.status(1), Status::kSent);
}

struct Interrupted {
  const char* name;
  InDoubt policy;
  bool dedupes;
  Status status;
  int reached;
  bool flagged;
};
class InterruptedSend : public testing::TestWithParam<Interrupted> {};

TEST_P(InterruptedSend, IsInDoubt) {
  const Interrupted& c = GetParam();
  PipelineWorld world;
  world.options.settings.in_doubt.policy = c.policy;
  FakeProvider& provider = world.add_provider("one", {.dedupes = c.dedupes});
  provider.plan = [](const ports::SendRequest& request) {
    SendPlan plan;
    plan.latency = request.attempt_number == 1 ? seconds{2} : seconds{0};
    return plan;
  };
  world.start();
  world.submit();
  world.run_for(seconds{1});
  ASSERT_EQ(provider.arrivals.size(), 1u);
  ASSERT_EQ(world.status(0), Status::kSending);
  world.restart();
  world.run_for(minutes{5});
  EXPECT_EQ(world.status(0), c.status);
  EXPECT_EQ(world.reached(world.ids[0]), c.reached);
  EXPECT_EQ(world.stored(0).item.possible_duplicate, c.flagged);
  EXPECT_EQ(world.stored(0).outcomes.front(), Outcome::kUnknown);
}

INSTANTIATE_TEST_SUITE_P(
    Policies, InterruptedSend,
    testing::Values(
        Interrupted{"auto_dedupes", InDoubt::kAuto, true, Status::kSent, 1, false},
        Interrupted{"auto", InDoubt::kAuto, false, Status::kSent, 2, true},
        Interrupted{"resolve_same", InDoubt::kResolveSame, false, Status::kSent, 2, true},
        Interrupted{"at_most_once", InDoubt::kAtMostOnce, false, Status::kUnknown, 1, false}),
    [](const auto& info) { return info.param.name; });

// A second crash while the flagged re-send was in the air must not hide the duplicate.
TEST(Recovery, ACrashDuringTheResendKeepsTheFlag) {
  PipelineWorld world;
  world.options.settings.in_doubt = {.policy = InDoubt::kAtLeastOnce, .wait = seconds{10}};
  FakeProvider& provider = world.add_provider("one");
  provider.plan = [](const ports::SendRequest& request) {
    SendPlan plan;
    plan.latency = request.attempt_number <= 2 ? seconds{2} : seconds{0};
    return plan;
  };
  world.start();
  world.submit();
  world.run_for(seconds{1});
  world.restart();
  world.run_for(seconds{11});
  ASSERT_EQ(world.status(0), Status::kSending);
  world.restart();
  world.run_for(seconds{1});
  EXPECT_TRUE(world.stored(0).item.possible_duplicate);
  world.run_for(minutes{1});
  EXPECT_EQ(world.status(0), Status::kSent);
}

TEST(Recovery, AnOpenCircuitStaysOpen) {
  PipelineWorld world;
  FakeProvider& bad = world.add_provider("bad");
  bad.plan = [](const ports::SendRequest&) {
    SendPlan plan;
    plan.outcome = Outcome::kRefused;
    plan.status_code = 401;
    return plan;
  };
  world.add_provider("good");
  world.start();
  world.submit(PipelineWorld::message(), 4);
  world.run_for(seconds{1});
  ASSERT_EQ(world.provider_status(0).circuit, pipeline::Circuit::kOpen);
  world.restart();
  EXPECT_EQ(world.provider_status(0).circuit, pipeline::Circuit::kOpen);
  EXPECT_EQ(world.provider_status(0).reason, "credentials refused (401)");
  const auto before = bad.arrivals.size();
  world.submit(PipelineWorld::message(), 20);
  world.run_for(seconds{10});
  EXPECT_EQ(bad.arrivals.size(), before);
  EXPECT_EQ(world.count(Status::kSent), 24u);
}

TEST(Recovery, MessagesOfAProviderThatIsGoneWaitAndEnd) {
  PipelineWorld world;
  world.add_provider("kept");
  config::Provider off;
  off.enabled = false;
  world.add_provider("gone", {}, off);
  world.start();
  model::NewMessage pinned = PipelineWorld::message();
  pinned.pinned_provider = "gone";
  pinned.validity = minutes{10};
  world.submit(pinned);
  world.run_for(seconds{1});
  world.crash();
  world.providers.pop_back();
  world.provider_settings.pop_back();
  world.start();
  world.run_for(minutes{9});
  EXPECT_EQ(world.status(0), Status::kQueued);
  world.run_for(minutes{3});
  EXPECT_EQ(world.status(0), Status::kExpired);
}

TEST(Drain, FinishesWhatIsInTheAirAndBeginsNothing) {
  PipelineWorld world;
  config::Provider settings;
  settings.max_in_flight = 4;
  FakeProvider& provider = world.add_provider("one", {}, settings);
  provider.plan = [](const ports::SendRequest&) {
    SendPlan plan;
    plan.latency = seconds{1};
    return plan;
  };
  world.start();
  world.submit(PipelineWorld::message(), 20);
  world.run_for(milliseconds{500});
  bool drained = false;
  world.pipeline->drain(world.clock.mono() + seconds{30}, [&] { drained = true; });
  world.run_for(milliseconds{100});
  EXPECT_FALSE(drained);
  world.run_for(seconds{2});
  EXPECT_TRUE(drained);
  EXPECT_EQ(provider.arrivals.size(), 4u);
  EXPECT_EQ(world.count(Status::kSent), 4u);
  EXPECT_EQ(world.count(Status::kQueued), 16u);
  EXPECT_TRUE(world.distributor->open.empty());
}

TEST(Drain, EndsAtTheDeadlineAndLeavesTheRestInDoubt) {
  PipelineWorld world;
  world.add_provider("one").plan = [](const ports::SendRequest&) {
    SendPlan plan;
    plan.latency = seconds{4};
    return plan;
  };
  world.start();
  world.submit();
  world.run_for(milliseconds{500});
  bool drained = false;
  world.pipeline->drain(world.clock.mono() + seconds{1}, [&] { drained = true; });
  world.run_for(seconds{2});
  EXPECT_TRUE(drained);
  EXPECT_EQ(world.status(0), Status::kSending);
}

TEST(Drain, WithNothingInTheAirIsAtOnce) {
  PipelineWorld world;
  world.add_provider("one");
  world.start();
  bool drained = false;
  world.pipeline->drain(world.clock.mono() + seconds{30}, [&] { drained = true; });
  EXPECT_FALSE(drained) << "not from inside the call";
  world.run_for(milliseconds{1});
  EXPECT_TRUE(drained);
}

}  // namespace
}  // namespace heliograph::test
