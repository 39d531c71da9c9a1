// A pipeline takes over from another while messages are under way: nothing is lost, nothing is sent
// twice, and what the old one knew holds on.
#include "core/pipeline/pipeline_relay.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "tests/support/pipeline_world.h"

namespace heliograph::test {
namespace {

using model::Outcome;
using model::Status;

class RelayWorld : public PipelineWorld {
 public:
  explicit RelayWorld(WorldOptions given = {}) : PipelineWorld(std::move(given)) {}
  ~RelayWorld() {
    for (auto& provider : providers) provider->events = nullptr;
    relay.reset();
    loop.forget_all();
  }

  void begin() {
    relay = std::make_unique<pipeline::PipelineRelay>(loop);
    relay->start(make_pipeline());
    for (auto& provider : providers) provider->events = relay.get();
    store.start(*relay);
  }
  // Puts what is configured now in the place of what serves; `gap` lies between the new one's
  // reading and the moment from which it serves.
  void exchange(bool keep_limiter = false, milliseconds gap = {}, base::Task in_the_gap = {}) {
    distributors_before.push_back(std::move(distributor));
    if (!keep_limiter) limiters_before.push_back(std::move(limiter));
    options.settings.tickets_after = relay->tickets_after();
    auto reading = relay->listen(make_pipeline(keep_limiter));
    if (in_the_gap) in_the_gap();
    run_for(gap);
    relay->swap(std::move(reading), {});
    for (auto& provider : providers) provider->events = relay.get();
  }
  void expect_each_sent_once() {
    for (const model::MessageId id : ids) {
      ASSERT_EQ(store.at(id).item.status, Status::kSent) << id.to_string();
      ASSERT_EQ(reached(id), 1) << id.to_string();
    }
  }

  std::unique_ptr<pipeline::PipelineRelay> relay;
  std::vector<std::unique_ptr<FakeDistributor>> distributors_before;
  std::vector<std::unique_ptr<FakeLimiter>> limiters_before;
};

config::Provider with_window(std::uint32_t max_in_flight) {
  config::Provider settings;
  settings.max_in_flight = max_in_flight;
  return settings;
}

std::size_t most_in_a_second(const std::vector<Arrival>& arrivals) {
  std::size_t most = 0;
  for (std::size_t first = 0, last = 0; last < arrivals.size(); ++last) {
    while (arrivals[last].at - arrivals[first].at >= seconds{1}) ++first;
    most = std::max(most, last - first + 1);
  }
  return most;
}

TEST(PipelineRelay, ExchangesUnderLoadLoseNothingAndSendNothingTwice) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    WorldOptions options;
    options.seed = seed;
    RelayWorld world(options);
    const auto slow = [](const ports::SendRequest&) {
      return SendPlan{.latency = milliseconds{40}};
    };
    world.add_provider("one", {}, with_window(20)).plan = slow;
    world.begin();
    for (int round = 0; round < 6; ++round) {
      world.submit(PipelineWorld::message(), 60);
      world.run_for(milliseconds{7});
      if (world.relay->retiring()) world.run_for(milliseconds{100});
      ASSERT_FALSE(world.relay->retiring());
      if (round < 3)
        world.add_provider("more" + std::to_string(round), {}, with_window(20)).plan = slow;
      world.exchange(false, milliseconds{round * 9});
      world.submit(PipelineWorld::message(), 20);
    }
    world.run_for(seconds{20});
    EXPECT_EQ(world.ids.size(), 480u);
    world.expect_each_sent_once();
    EXPECT_FALSE(world.relay->retiring());
    EXPECT_EQ(world.relay->stats().in_flight, 0u);
    EXPECT_GE(world.relay->stats().begun, 480u);
    for (const auto& provider : world.providers) EXPECT_GT(provider->arrivals.size(), 0u);
    for (const auto& before : world.distributors_before)
      EXPECT_TRUE(before->open.empty()) << "every pick is answered";
  }
}

TEST(PipelineRelay, WhatIsInHandCountsInTheNewWindow) {
  RelayWorld world;
  auto& one = world.add_provider("one", {}, with_window(4));
  one.plan = [](const ports::SendRequest&) { return SendPlan{.latency = milliseconds{500}}; };
  world.begin();
  world.submit(PipelineWorld::message(), 40);
  for (int round = 0; round < 5; ++round) {
    world.run_for(milliseconds{600});
    if (!world.relay->retiring()) world.exchange();
  }
  world.run_for(seconds{20});
  EXPECT_EQ(one.in_flight_max, 4u);
  world.expect_each_sent_once();
}

TEST(PipelineRelay, WhatAProviderAnnouncedHoldsWhateverIsConfigured) {
  RelayWorld world;
  auto& one = world.add_provider("one", {}, with_window(4));
  one.plan = [](const ports::SendRequest&) { return SendPlan{.latency = milliseconds{500}}; };
  world.begin();
  // As many as are configured, and more: it holds where the configuration comes to allow it.
  world.relay->on_window(one.key(), 6);
  for (const std::uint32_t configured : {4u, 8u, 5u}) {
    world.provider_settings[0].max_in_flight = configured;
    world.exchange();
    one.in_flight_max = 0;
    world.submit(PipelineWorld::message(), 30);
    world.run_for(seconds{20});
    EXPECT_EQ(one.in_flight_max, std::min(configured, 6u));
  }
  world.expect_each_sent_once();
}

TEST(PipelineRelay, ALimitThatIsLoweredHoldsFromThen) {
  RelayWorld world;
  config::Provider limited;
  limited.limit = config::Limit{.limit = 50};
  auto& one = world.add_provider("one", {}, limited);
  world.begin();
  world.submit(PipelineWorld::message(), 200);
  world.run_for(milliseconds{500});
  const std::size_t before = one.arrivals.size();
  world.provider_settings[0].limit->limit = 10;
  world.exchange();
  world.run_for(seconds{30});
  world.expect_each_sent_once();
  EXPECT_LE(most_in_a_second(
                {one.arrivals.begin() + static_cast<std::ptrdiff_t>(before), one.arrivals.end()}),
            10u);
}

TEST(PipelineRelay, AKeptLimiterGoesOnWithoutAGap) {
  RelayWorld world;
  config::Provider limited;
  limited.limit = config::Limit{.limit = 50};
  auto& one = world.add_provider("one", {}, limited);
  world.begin();
  world.submit(PipelineWorld::message(), 1'000);
  for (int round = 0; round < 10; ++round) {
    world.run_for(seconds{1});
    ASSERT_FALSE(world.relay->retiring());
    world.exchange(true);
  }
  EXPECT_LE(most_in_a_second(one.arrivals), 50u);
  EXPECT_GE(one.arrivals.size(), 10u * 50 * 95 / 100);
}

TEST(PipelineRelay, AnAttemptWithoutAPermitGoesBackAndIsSentByTheNewOne) {
  RelayWorld world;
  config::Provider limited;
  limited.limit = config::Limit{.limit = 50};
  auto& one = world.add_provider("one", {}, limited);
  world.begin();
  world.limiter->answer_delay = [] { return milliseconds{200}; };
  world.submit();
  world.run_for(milliseconds{50});  // begun, and the limiter thinks
  EXPECT_EQ(world.status(0), Status::kSending);
  world.provider_settings[0].limit->burst = 1;
  world.exchange();
  world.run_for(seconds{5});
  world.expect_each_sent_once();
  EXPECT_EQ(world.limiters_before[0]->refunded, 1);
  EXPECT_EQ(world.limiter->granted, 1);
  EXPECT_EQ(one.arrivals.size(), 1u);
}

TEST(PipelineRelay, AFailureInTheOldOneIsRetriedByTheNewOne) {
  RelayWorld world;
  auto& one = world.add_provider("one");
  one.plan = [](const ports::SendRequest& request) {
    return SendPlan{.outcome = request.attempt_number == 1 ? Outcome::kRetry : Outcome::kSent,
                    .latency = milliseconds{300},
                    .reached = request.attempt_number > 1};
  };
  world.begin();
  world.submit(PipelineWorld::message(), 5);
  world.run_for(milliseconds{100});
  world.exchange();
  EXPECT_TRUE(world.relay->retiring());
  world.run_for(minutes{10});
  EXPECT_FALSE(world.relay->retiring());
  world.expect_each_sent_once();
}

// The new one has read where messages wait, and does not serve yet: what leaves the old one's hands
// in that time is told to nobody else.
class WhatEndsInTheGap : public testing::TestWithParam<Outcome> {};

TEST_P(WhatEndsInTheGap, IsSentByTheNewOne) {
  WorldOptions options;
  RelayWorld world(options);
  auto& one = world.add_provider("one");
  one.plan = [](const ports::SendRequest& request) {
    return SendPlan{.outcome = request.attempt_number == 1 ? GetParam() : Outcome::kSent,
                    .latency = milliseconds{100},
                    .reached = request.attempt_number > 1};
  };
  world.begin();
  world.submit();
  world.run_for(milliseconds{50});
  ASSERT_EQ(world.status(0), Status::kSending);
  world.exchange(false, milliseconds{100});
  EXPECT_NE(world.status(0), Status::kSending) << "its attempt has ended in the gap";
  world.run_for(minutes{30});
  world.expect_each_sent_once();
}

INSTANTIATE_TEST_SUITE_P(PipelineRelay, WhatEndsInTheGap,
                         testing::Values(Outcome::kRetry, Outcome::kThrottled, Outcome::kUnknown));

TEST(PipelineRelay, WhatIsAcceptedAndFailsInTheGapIsSentByTheNewOne) {
  RelayWorld world;
  auto& one = world.add_provider("one");
  one.plan = [](const ports::SendRequest& request) {
    return SendPlan{.outcome = request.attempt_number == 1 ? Outcome::kRetry : Outcome::kSent,
                    .latency = milliseconds{10},
                    .reached = request.attempt_number > 1};
  };
  world.begin();
  world.exchange(false, milliseconds{50}, [&world] { world.submit(); });
  EXPECT_EQ(world.status(0), Status::kFailedTemp) << "accepted, begun and failed in the gap";
  world.run_for(minutes{30});
  world.expect_each_sent_once();
}

TEST(PipelineRelay, WhatOperatorsSaidAndHealthSawHoldsOn) {
  RelayWorld world;
  world.add_provider("one");
  auto& two = world.add_provider("two");
  two.plan = [](const ports::SendRequest&) {
    return SendPlan{.outcome = Outcome::kUnknown, .reached = false};
  };
  world.begin();
  const auto statuses = [&world] {
    std::vector<pipeline::ProviderStatus> all;
    world.relay->providers(world.loop,
                           [&](std::vector<pipeline::ProviderStatus> list) { all = list; });
    world.run_for(milliseconds{10});
    return all;
  };
  world.relay->act("one", pipeline::ProviderAction::kDisable, world.loop, [](auto) {});
  world.submit(PipelineWorld::message(), 30);
  world.run_for(seconds{5});
  const auto before = statuses();
  ASSERT_GT(before[1].window_failures + before[1].window_timeouts, 0u);
  world.exchange();
  const auto after = statuses();
  EXPECT_FALSE(after[0].enabled);
  EXPECT_EQ(after[1].circuit, before[1].circuit);
  EXPECT_EQ(after[1].window_failures, before[1].window_failures);
  EXPECT_EQ(after[1].outcomes, before[1].outcomes);
  EXPECT_EQ(after[1].sends, before[1].sends);
}

TEST(PipelineRelay, AProviderThatIsGoneEndsWhatItHasInHandAndGetsNothingMore) {
  RelayWorld world;
  auto& one = world.add_provider("one");
  auto& two = world.add_provider("two");
  for (auto* provider : {&one, &two})
    provider->plan = [](const ports::SendRequest&) {
      return SendPlan{.latency = milliseconds{200}};
    };
  world.begin();
  world.submit(PipelineWorld::message(), 20);
  world.run_for(milliseconds{50});
  const std::size_t before = two.arrivals.size();
  ASSERT_GT(before, 0u);
  auto kept = std::move(world.providers.back());
  world.providers.pop_back();
  world.provider_settings.pop_back();
  world.exchange();
  world.submit(PipelineWorld::message(), 20);
  world.run_for(seconds{10});
  EXPECT_EQ(two.arrivals.size(), before);
  for (const model::MessageId id : world.ids) {
    EXPECT_EQ(world.store.at(id).item.status, Status::kSent);
    EXPECT_EQ(world.reached(id) + two.reached(id), 1);
  }
}

// The old one's copy of what waits is the new one's too; with the old one gone it is nobody's.
TEST(PipelineRelay, WhatWaitsIsCountedOnceWhateverWasReplaced) {
  RelayWorld world;
  auto& one = world.add_provider("one", {}, with_window(2));
  one.plan = [](const ports::SendRequest&) { return SendPlan{.latency = milliseconds{300}}; };
  world.begin();
  world.submit(PipelineWorld::message(), 50);
  for (int round = 0; round < 4; ++round) {
    world.run_for(milliseconds{700});
    ASSERT_FALSE(world.relay->retiring());
    world.exchange();
    world.run_for(milliseconds{10});
    EXPECT_LE(world.relay->stats().in_memory, 50u + 2u) << round;
  }
  world.run_for(minutes{1});
  world.expect_each_sent_once();
  EXPECT_EQ(world.relay->stats().in_memory, 0u);
  EXPECT_EQ(world.relay->stats().finished, world.relay->stats().begun);
}

TEST(PipelineRelay, ADrainEndsBoth) {
  RelayWorld world;
  world.add_provider("one").plan = [](const ports::SendRequest&) {
    return SendPlan{.latency = milliseconds{300}};
  };
  world.begin();
  world.submit(PipelineWorld::message(), 5);
  world.run_for(milliseconds{50});
  world.exchange();
  world.submit(PipelineWorld::message(), 5);
  world.run_for(milliseconds{50});
  bool drained = false;
  world.relay->drain(world.clock.mono() + seconds{5}, [&drained] { drained = true; });
  world.run_for(milliseconds{100});
  EXPECT_FALSE(drained);
  world.run_for(seconds{1});
  EXPECT_TRUE(drained);
  EXPECT_EQ(world.relay->stats().in_flight, 0u);
}

}  // namespace
}  // namespace heliograph::test
