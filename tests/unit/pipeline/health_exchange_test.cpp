// Health between gateways: two whole pipelines on one fake backend.
#include <gtest/gtest.h>

#include <map>

#include "tests/support/pipeline_world.h"

namespace heliograph::pipeline {
namespace {

using namespace std::chrono_literals;
using test::PipelineWorld;
using test::WorldOptions;

// The backend: sums without a window, which no test here outlives.
class FakeSharedWindow final : public ports::SharedWindow {
 public:
  std::map<std::string, ports::SharedTotals> totals;
  std::optional<ports::SharedFailure> failing;
  int exchanges = 0;
  int resets = 0;

  void exchange(std::chrono::nanoseconds window, std::chrono::nanoseconds bucket,
                std::vector<ports::SharedCounts> items,
                base::UniqueFunction<void(Answer)> done) override {
    ++exchanges;
    EXPECT_EQ(window, 30 * bucket);
    if (failing) return done(std::unexpected(*failing));
    std::vector<ports::SharedTotals> answer;
    for (const auto& item : items) {
      auto& sum = totals[item.key];
      sum.ok += item.ok;
      sum.failed += item.failed;
      answer.push_back(sum);
    }
    done(std::move(answer));
  }
  void reset(const std::string& key) override {
    ++resets;
    totals.erase(key);
  }
};

class HealthExchangeTest : public testing::Test {
 protected:
  static WorldOptions options() {
    WorldOptions made;
    made.settings.health.window = 60s;
    made.settings.health.cooldown = 5s;
    made.settings.health.min_attempts = 10;
    made.settings.health.failure_threshold = 0.5;
    made.settings.health.probes = 1;
    return made;
  }
  HealthExchangeTest() {
    for (PipelineWorld* world : {&one, &two}) {
      world->add_provider("p");
      world->shared_window = &backend;
      world->start();
    }
  }
  void run_for(std::chrono::nanoseconds time) {
    for (auto left = time; left > 0ns; left -= 100ms) {
      one.run_for(100ms);
      two.run_for(100ms);
    }
  }
  static void fail(PipelineWorld& world, bool on) {
    world.providers[0]->plan = [on](const auto&) {
      return test::SendPlan{.outcome = on ? model::Outcome::kRetry : model::Outcome::kSent};
    };
  }
  FakeSharedWindow backend;
  PipelineWorld one{options()};
  PipelineWorld two{options()};
};

TEST_F(HealthExchangeTest, AProviderThatFailsAtOneIsUnhealthyAtAll) {
  fail(one, true);
  one.submit(PipelineWorld::message(), 12);
  run_for(500ms);
  EXPECT_EQ(one.provider_status(0).circuit, Circuit::kOpen);
  EXPECT_EQ(two.provider_status(0).circuit, Circuit::kClosed);
  run_for(2s);
  const auto status = two.provider_status(0);
  EXPECT_EQ(status.circuit, Circuit::kOpen);
  EXPECT_TRUE(status.reason.contains("at all gateways together")) << status.reason;
  EXPECT_EQ(two.providers[0]->arrivals.size(), 0U);
}

TEST_F(HealthExchangeTest, EachAttemptIsToldOnce) {
  one.submit(PipelineWorld::message(), 20);
  two.submit(PipelineWorld::message(), 5);
  run_for(5s);
  EXPECT_EQ(backend.totals["p"].ok, 25U);
  EXPECT_EQ(backend.totals["p"].failed, 0U);
  EXPECT_LE(backend.exchanges, 10) << "once a second, whatever is sent";
}

TEST_F(HealthExchangeTest, WhatCouldNotBeToldIsToldLater) {
  backend.failing = ports::SharedFailure::kNotCounted;
  one.submit(PipelineWorld::message(), 20);
  run_for(3s);
  EXPECT_TRUE(backend.totals.empty());
  EXPECT_EQ(one.provider_status(0).window_successes, 20U) << "its own counts go on";
  backend.failing.reset();
  run_for(2s);
  EXPECT_EQ(backend.totals["p"].ok, 20U);
}

TEST_F(HealthExchangeTest, WhatMayHaveBeenCountedIsNotToldAgain) {
  backend.failing = ports::SharedFailure::kMaybeCounted;
  one.submit(PipelineWorld::message(), 20);
  run_for(2s);
  backend.failing.reset();
  run_for(2s);
  EXPECT_EQ(backend.totals["p"].ok, 0U);
}

TEST_F(HealthExchangeTest, FoundHealthyAgainTheOldFailuresCountNowhere) {
  fail(one, true);
  one.submit(PipelineWorld::message(), 12);
  run_for(2s);
  ASSERT_EQ(one.provider_status(0).circuit, Circuit::kOpen);
  fail(one, false);
  run_for(20s);
  EXPECT_EQ(one.provider_status(0).circuit, Circuit::kClosed);
  EXPECT_GE(backend.resets, 1);
  EXPECT_LT(backend.totals["p"].failed, 3U);
}

}  // namespace
}  // namespace heliograph::pipeline
