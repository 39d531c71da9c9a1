// The in-doubt matrix: what the provider does x policy x whether it dedupes, and how often the
// recipient gets the message.
#include <gtest/gtest.h>

#include "tests/support/pipeline_world.h"

namespace heliograph::test {
namespace {

using model::InDoubt;
using model::Outcome;
using model::Status;

struct DoubtCase {
  const char* name;
  InDoubt policy;
  bool dedupes;
  std::size_t sends;  // to the first provider and to the second
  std::size_t sends_elsewhere;
  Status status;
  bool flagged;
};

class Doubt : public testing::TestWithParam<DoubtCase> {};

// The first provider takes the message and never answers; the second is well.
TEST_P(Doubt, AProviderThatNeverAnswers) {
  const DoubtCase& c = GetParam();
  PipelineWorld world;
  world.options.settings.in_doubt.policy = c.policy;
  world.options.settings.health.min_attempts = 100;
  config::Provider settings;
  settings.timeout = seconds{1};
  FakeProvider& silent = world.add_provider("silent", {.dedupes = c.dedupes}, settings);
  silent.plan = [](const ports::SendRequest& request) {
    SendPlan plan;
    plan.never_answers = !request.resend;
    return plan;
  };
  config::Provider off;
  off.enabled = false;
  world.add_provider("other", {}, off);
  world.start();
  world.submit();
  world.run_for(milliseconds{100});
  world.pipeline->act("other", pipeline::ProviderAction::kEnable, world.loop, [](const auto&) {});
  world.run_for(minutes{10});
  EXPECT_EQ(silent.arrivals.size(), c.sends);
  EXPECT_EQ(world.providers[1]->arrivals.size(), c.sends_elsewhere);
  EXPECT_EQ(world.status(0), c.status);
  EXPECT_EQ(world.stored(0).item.possible_duplicate, c.flagged);
  if (world.reached(world.ids[0]) > 1) EXPECT_TRUE(world.stored(0).item.possible_duplicate);
}

INSTANTIATE_TEST_SUITE_P(
    Matrix, Doubt,
    testing::Values(
        DoubtCase{"auto_dedupes", InDoubt::kAuto, true, 2, 0, Status::kSent, false},
        DoubtCase{"auto", InDoubt::kAuto, false, 1, 1, Status::kSent, true},
        DoubtCase{"resolve_same", InDoubt::kResolveSame, false, 2, 0, Status::kSent, true},
        DoubtCase{"resolve_same_dedupes", InDoubt::kResolveSame, true, 2, 0, Status::kSent, false},
        DoubtCase{"at_least_once", InDoubt::kAtLeastOnce, false, 1, 1, Status::kSent, true},
        DoubtCase{"at_most_once", InDoubt::kAtMostOnce, true, 1, 0, Status::kUnknown, false}),
    [](const auto& info) { return info.param.name; });

TEST(DoubtAndReceipts, AReceiptDuringTheWaitSavesTheDuplicate) {
  PipelineWorld world;
  world.options.settings.in_doubt = {.policy = InDoubt::kAtLeastOnce, .wait = seconds{30}};
  config::Provider settings;
  settings.timeout = seconds{1};
  FakeProvider& silent = world.add_provider("silent", {.receipts = true}, settings);
  silent.plan = [](const ports::SendRequest&) {
    SendPlan plan;
    plan.never_answers = true;
    plan.receipts = {{seconds{5}, model::ReceiptState::kDelivered}};
    return plan;
  };
  world.start();
  world.submit();
  world.run_for(minutes{5});
  EXPECT_EQ(silent.arrivals.size(), 1u);
  EXPECT_EQ(world.status(0), Status::kDelivered);
  EXPECT_FALSE(world.stored(0).item.possible_duplicate);
}

TEST(DoubtAndReceipts, AnEarlyReceiptIsAppliedWithTheResult) {
  PipelineWorld world;
  FakeProvider& fast = world.add_provider("fast", {.receipts = true});
  fast.plan = [](const ports::SendRequest&) {
    SendPlan plan;
    plan.latency = milliseconds{200};
    plan.receipts = {{milliseconds{10}, model::ReceiptState::kDelivered},
                     {milliseconds{10}, model::ReceiptState::kDelivered}};
    return plan;
  };
  world.start();
  world.submit();
  world.run_for(seconds{2});
  EXPECT_EQ(world.status(0), Status::kDelivered);
  EXPECT_EQ(world.stored(0).resolutions, 1);
  EXPECT_EQ(world.pipeline->stats().in_memory, 0u);
}

TEST(DoubtAndBudget, ExhaustedWhileInDoubtStaysUnknownWithItsHold) {
  PipelineWorld world;
  world.options.settings.retry = {.min_delay = milliseconds{100}, .max_attempts = 3};
  config::Provider settings;
  settings.timeout = milliseconds{500};
  FakeProvider& silent = world.add_provider("silent", {.dedupes = true}, settings);
  silent.plan = [](const ports::SendRequest&) {
    SendPlan plan;
    plan.never_answers = true;
    return plan;
  };
  world.start();
  world.submit();
  world.run_for(minutes{5});
  EXPECT_EQ(silent.arrivals.size(), 3u);
  EXPECT_FALSE(silent.arrivals[0].resend);
  EXPECT_TRUE(silent.arrivals[1].resend);
  EXPECT_TRUE(silent.arrivals[2].resend);
  EXPECT_EQ(world.status(0), Status::kUnknown);
  EXPECT_EQ(world.stored(0).hold, model::HoldAction::kKeep);
}

TEST(DoubtAndValidity, OverWhileInDoubtIsUnknown) {
  PipelineWorld world;
  world.options.settings.in_doubt.wait = minutes{30};
  config::Provider settings;
  settings.timeout = seconds{1};
  world.add_provider("silent", {}, settings).plan = [](const ports::SendRequest&) {
    SendPlan plan;
    plan.never_answers = true;
    return plan;
  };
  world.start();
  model::NewMessage message = PipelineWorld::message();
  message.validity = minutes{2};
  world.submit(message);
  world.run_for(minutes{5});
  EXPECT_EQ(world.status(0), Status::kUnknown);
  EXPECT_EQ(world.stored(0).hold, model::HoldAction::kKeep);
}

}  // namespace
}  // namespace heliograph::test
