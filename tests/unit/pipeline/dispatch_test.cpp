// The way of a message through the dispatcher, with fakes around the real pipeline.
#include <gtest/gtest.h>

#include "tests/support/pipeline_world.h"

namespace heliograph::test {
namespace {

using model::Outcome;
using model::Status;

TEST(Dispatch, SendsWhatIsAccepted) {
  PipelineWorld world;
  FakeProvider& provider = world.add_provider("one", {.receipts = true});
  world.start();
  world.submit();
  world.run_for(seconds{1});
  ASSERT_EQ(world.ids.size(), 1u);
  EXPECT_EQ(world.status(0), Status::kSent);
  EXPECT_EQ(world.stored(0).hold, model::HoldAction::kKeep);
  ASSERT_EQ(provider.arrivals.size(), 1u);
  EXPECT_EQ(provider.arrivals[0].attempt_number, 1);
  EXPECT_FALSE(provider.arrivals[0].resend);
  EXPECT_EQ(world.pipeline->stats().begun, 1u);
  EXPECT_EQ(world.store.pages_read, 0u) << "a fresh message needs no page";
}

TEST(Dispatch, SentIsFinalAndPaidWithoutReceipts) {
  PipelineWorld world;
  world.add_provider("one", {.receipts = false});
  world.start();
  world.submit();
  world.run_for(seconds{1});
  EXPECT_EQ(world.status(0), Status::kSent);
  EXPECT_EQ(world.stored(0).hold, model::HoldAction::kCapture);
}

TEST(Dispatch, WeightsAreMetWithinOnePercent) {
  PipelineWorld world;
  const std::vector<std::uint32_t> weights{5, 3, 2};
  for (std::size_t i = 0; i < weights.size(); ++i) {
    config::Provider settings;
    settings.weight = weights[i];
    world.add_provider("p" + std::to_string(i), {}, settings);
  }
  world.start();
  world.submit(PipelineWorld::message(), 1000);
  world.run_for(seconds{10});
  EXPECT_NEAR(static_cast<double>(world.providers[0]->arrivals.size()), 500, 10);
  EXPECT_NEAR(static_cast<double>(world.providers[1]->arrivals.size()), 300, 10);
  EXPECT_NEAR(static_cast<double>(world.providers[2]->arrivals.size()), 200, 10);
  EXPECT_TRUE(world.distributor->open.empty()) << "a pick was never answered";
}

// Windows of two and everything queued at once: if a full window excluded its provider the shares
// would become 35/33/32.
TEST(Dispatch, AFullWindowIsNotAnExclusion) {
  PipelineWorld world;
  const std::vector<std::uint32_t> weights{5, 3, 2};
  for (std::size_t i = 0; i < weights.size(); ++i) {
    config::Provider settings;
    settings.weight = weights[i];
    settings.max_in_flight = 2;
    world.add_provider("p" + std::to_string(i), {}, settings);
  }
  world.start();
  world.submit(PipelineWorld::message(), 1000);
  world.run_for(minutes{2});
  EXPECT_NEAR(static_cast<double>(world.providers[0]->arrivals.size()), 500, 10);
  EXPECT_NEAR(static_cast<double>(world.providers[1]->arrivals.size()), 300, 10);
  EXPECT_NEAR(static_cast<double>(world.providers[2]->arrivals.size()), 200, 10);
  for (const auto& provider : world.providers) EXPECT_LE(provider->in_flight_max, 2u);
}

TEST(Dispatch, AProviderThatHangsDoesNotHoldUpTheOthers) {
  PipelineWorld world;
  config::Provider settings;
  settings.max_in_flight = 8;
  FakeProvider& hanging = world.add_provider("hanging", {}, settings);
  hanging.plan = [](const auto&) { return SendPlan{.never_answers = true, .reached = false}; };
  world.add_provider("good", {}, settings);
  world.options.settings.in_doubt.policy = model::InDoubt::kAtMostOnce;
  world.start();
  world.submit(PipelineWorld::message(), 400);
  // The hanging one holds its window for five seconds; half of the rest was picked for it.
  world.run_for(seconds{4});
  EXPECT_GE(world.count(Status::kSent), 380u);
}

TEST(Dispatch, APinnedMessageGoesToItsProviderOnly) {
  PipelineWorld world;
  FakeProvider& first = world.add_provider("first");
  FakeProvider& second = world.add_provider("second");
  second.plan = [](const auto&) { return SendPlan{.outcome = Outcome::kRetry}; };
  world.options.settings.retry = {.min_delay = seconds{1}, .max_attempts = 3, .full_jitter = false};
  world.start();
  model::NewMessage message = PipelineWorld::message();
  message.pinned_provider = "second";
  world.submit(message);
  world.run_for(minutes{1});
  EXPECT_TRUE(first.arrivals.empty());
  EXPECT_EQ(second.arrivals.size(), 3u);
  EXPECT_EQ(world.status(0), Status::kFailedPerm);
  EXPECT_EQ(world.stored(0).reason, model::FailReason::kAttemptsExhausted);
}

TEST(Dispatch, WithoutACarrierAMessageWaitsUntilItsValidityIsOver) {
  PipelineWorld world;
  config::Provider settings;
  settings.enabled = false;
  world.add_provider("off", {}, settings);
  world.start();
  world.submit();
  world.run_for(minutes{59});
  EXPECT_EQ(world.status(0), Status::kQueued);
  EXPECT_EQ(world.stored(0).item.attempts, 0);
  world.run_for(minutes{3});
  EXPECT_EQ(world.status(0), Status::kExpired);
  EXPECT_EQ(world.stored(0).hold, model::HoldAction::kRelease);
}

TEST(Dispatch, AScheduledMessageWaitsForItsTime) {
  PipelineWorld world;
  FakeProvider& provider = world.add_provider("one");
  world.start();
  model::NewMessage message = PipelineWorld::message();
  message.send_at = world.clock.wall() + hours{5};
  world.submit(message);
  world.run_for(hours{4} + minutes{59});
  EXPECT_TRUE(provider.arrivals.empty());
  EXPECT_EQ(world.status(0), Status::kScheduled);
  world.run_for(minutes{1} + seconds{1});
  ASSERT_EQ(provider.arrivals.size(), 1u);
  const model::TimePoint sent =
      world.clock.wall() -
      std::chrono::floor<milliseconds>(world.clock.mono() - provider.arrivals[0].at);
  EXPECT_LE(sent - *message.send_at, milliseconds{50});
}

TEST(Dispatch, ACancelWinsAgainstAMessageInMemory) {
  PipelineWorld world;
  config::Provider settings;
  settings.max_in_flight = 1;
  FakeProvider& provider = world.add_provider("slow", {}, settings);
  provider.plan = [](const auto&) { return SendPlan{.latency = seconds{1}}; };
  world.start();
  world.submit(PipelineWorld::message(), 5);
  world.run_for(milliseconds{100});
  world.store.cancel(std::nullopt, world.ids[4], world.loop, [](ports::CancelResult) {});
  world.run_for(seconds{10});
  EXPECT_EQ(world.status(4), Status::kCancelled);
  EXPECT_EQ(provider.arrivals.size(), 4u);
  EXPECT_EQ(world.count(Status::kSent), 4u);
  EXPECT_TRUE(world.distributor->open.empty());
}

TEST(Dispatch, WhatExpiresInMemoryIsEndedWithoutAnAttempt) {
  PipelineWorld world;
  config::Provider settings;
  settings.max_in_flight = 1;
  world.add_provider("slow", {}, settings).plan = [](const auto&) {
    return SendPlan{.latency = seconds{3}};
  };
  world.start();
  model::NewMessage brief = PipelineWorld::message();
  brief.validity = seconds{2};
  world.submit();
  world.submit(brief, 3);
  world.run_for(seconds{4});
  EXPECT_EQ(world.count(Status::kExpired), 3u);
  EXPECT_EQ(world.store.begins, 1u);
  EXPECT_EQ(world.pipeline->stats().in_memory, 0u);
}

// In memory with its hope on a provider that then goes away: it must turn back to the others.
TEST(Dispatch, WhatWaitsForAProviderThatGoesAwayTurnsToTheOthers) {
  PipelineWorld world;
  FakeProvider& first = world.add_provider("first");
  first.plan = [](const auto& request) {
    return SendPlan{.outcome = request.attempt_number == 1 ? Outcome::kRetry : Outcome::kSent};
  };
  config::Provider rare;
  world.add_provider("busy", {}, rare).plan = [](const auto&) { return SendPlan{.busy = true}; };
  world.start();
  world.submit(PipelineWorld::message(), 4);
  world.run_for(milliseconds{500});
  ASSERT_LT(world.count(Status::kSent), 4u);
  world.pipeline->act("busy", pipeline::ProviderAction::kDisable, world.loop, [](const auto&) {});
  world.run_for(milliseconds{500});
  EXPECT_EQ(world.count(Status::kSent), 4u);
}

TEST(Dispatch, ARequeuedMessageIsSentAgain) {
  PipelineWorld world;
  FakeProvider& provider = world.add_provider("one");
  provider.plan = [](const auto& request) {
    return SendPlan{.outcome = request.attempt_number == 1 ? Outcome::kRejected : Outcome::kSent};
  };
  world.start();
  world.submit();
  world.run_for(seconds{1});
  EXPECT_EQ(world.status(0), Status::kFailedPerm);
  EXPECT_EQ(world.stored(0).hold, model::HoldAction::kRelease);
  world.store.requeue(std::nullopt, world.ids[0], hours{1}, world.loop,
                      [](ports::RequeueResult) {});
  world.run_for(seconds{1});
  EXPECT_EQ(world.status(0), Status::kSent);
  EXPECT_EQ(provider.arrivals.back().attempt_number, 2);
}

TEST(Dispatch, ABusyProviderIsAskedAgainWithoutACountedAttempt) {
  PipelineWorld world;
  FakeProvider& provider = world.add_provider("one");
  int refusals = 3;
  provider.plan = [&refusals](const auto&) { return SendPlan{.busy = refusals-- > 0}; };
  world.start();
  world.submit();
  world.run_for(seconds{2});
  EXPECT_EQ(world.status(0), Status::kSent);
  EXPECT_EQ(world.stored(0).item.attempts, 1);
  EXPECT_EQ(world.pipeline->stats().not_tried, 3u);
}

TEST(Dispatch, ReceiptsAreAnsweredOnceTheyAreDurable) {
  PipelineWorld world;
  world.add_provider("one", {.receipts = true});
  world.start();
  world.submit();
  world.run_for(seconds{1});
  model::Receipt receipt;
  receipt.provider = world.providers[0]->key();
  receipt.state = model::ReceiptState::kDelivered;
  receipt.message_id = world.ids[0];
  std::optional<bool> answered;
  world.pipeline->on_report(receipt.provider, {.receipts = {receipt}},
                            [&](bool ok) { answered = ok; });
  EXPECT_FALSE(answered) << "nothing is durable yet";
  world.run_for(seconds{1});
  EXPECT_EQ(answered, true);
  EXPECT_EQ(world.status(0), Status::kDelivered);
  EXPECT_EQ(world.stored(0).hold, model::HoldAction::kCapture);
}

TEST(Dispatch, AnIdlePipelineSetsNoTimersButTheSweep) {
  PipelineWorld world;
  world.add_provider("one");
  world.start();
  world.submit();
  world.run_for(minutes{10});
  const std::uint64_t before = world.loop.steps();
  world.run_for(minutes{10});
  EXPECT_LT(world.loop.steps() - before, 400u) << "the loop spins";
}

}  // namespace
}  // namespace heliograph::test
