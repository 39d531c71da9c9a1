// Routing rules through the whole pipeline: sets, weights, and messages that outlive their rule.
#include <gtest/gtest.h>

#include "tests/support/pipeline_world.h"

namespace heliograph::test {
namespace {

using model::Outcome;
using model::Status;

config::Route route(std::string name, std::vector<config::RouteProvider> providers,
                    std::vector<std::string> prefixes = {}) {
  config::Route made;
  made.name = std::move(name);
  made.providers = std::move(providers);
  made.prefixes = std::move(prefixes);
  return made;
}

model::NewMessage routed(std::string name) {
  model::NewMessage message = PipelineWorld::message();
  message.route = std::move(name);
  return message;
}

struct RoutingWorld : PipelineWorld {
  RoutingWorld() {
    for (const char* name : {"a", "b", "c"}) add_provider(name);
  }
  std::size_t arrived(std::size_t i) const { return providers[i]->arrivals.size(); }
};

TEST(Routing, ARulesSetAndItsOwnWeightsHold) {
  RoutingWorld world;
  world.options.settings.routes = {route("west", {{"a", 3, {}}, {"b", 1, {}}}, {"+1"})};
  world.start();
  world.submit(routed("west"), 40);
  world.submit(PipelineWorld::message(2), 1);  // asked anew: the rule fits
  world.run_for(seconds{1});
  EXPECT_EQ(world.count(Status::kSent), 41u);
  EXPECT_NEAR(static_cast<double>(world.arrived(0)), 31, 1);
  EXPECT_NEAR(static_cast<double>(world.arrived(1)), 10, 1);
  EXPECT_EQ(world.arrived(2), 0u);
}

TEST(Routing, WhatNoRuleFitsGoesToAllOfTheChannel) {
  RoutingWorld world;
  world.options.settings.routes = {route("asia", {{"a", {}, {}}}, {"+880"})};
  world.start();
  world.submit(PipelineWorld::message(), 30);
  world.run_for(seconds{1});
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(world.arrived(i), 10u);
}

TEST(Routing, AFailureStaysWithinTheSet) {
  for (const bool by_name : {true, false}) {
    RoutingWorld world;
    world.options.settings.routes = {route("west", {{"a", {}, {}}, {"b", {}, {}}}, {"+1"})};
    world.options.settings.retry.max_attempts = 4;
    world.options.settings.health.min_attempts = 1'000;
    const auto fail = [](const ports::SendRequest&) {
      return SendPlan{.outcome = Outcome::kRetry};
    };
    world.providers[0]->plan = fail;
    world.providers[1]->plan = fail;
    world.start();
    world.submit(by_name ? routed("west") : PipelineWorld::message());
    world.run_for(minutes{30});
    EXPECT_EQ(world.status(0), Status::kFailedPerm);
    EXPECT_EQ(world.arrived(0), 2u);
    EXPECT_EQ(world.arrived(1), 2u);
    EXPECT_EQ(world.arrived(2), 0u);
    const auto& arrivals = world.providers[0]->arrivals;
    ASSERT_EQ(arrivals.size(), 2u);
    EXPECT_GT(arrivals[1].at - arrivals[0].at, milliseconds{0});
  }
}

TEST(Routing, APinIsStrongerThanAnyRule) {
  RoutingWorld world;
  world.options.settings.routes = {route("west", {{"a", {}, {}}}, {"+1"})};
  world.start();
  model::NewMessage message = PipelineWorld::message();
  message.pinned_provider = "c";
  world.submit(message, 3);
  world.run_for(seconds{1});
  EXPECT_EQ(world.arrived(2), 3u);
}

// Waiting messages meet a configuration in which their rule is another one or none.
struct Restarted : RoutingWorld {
  // Accepted under a rule "old" to provider a, which takes nothing until the restart.
  explicit Restarted(std::vector<config::Route> routes_after, std::int64_t client = 1) {
    options.settings.routes = {route("old", {{"a", {}, {}}}, {"+1"})};
    start();
    model::NewMessage message = routed("old");
    message.client = model::ClientId{client};
    message.send_at = clock.wall() + minutes{5};
    submit(message, 12);
    run_for(seconds{1});
    EXPECT_EQ(count(Status::kScheduled), 12u);
    options.settings.routes = std::move(routes_after);
    store.names = {{model::ClientId{1}, "one"}, {model::ClientId{2}, "two"}};
    restart();
    run_for(minutes{6});
    EXPECT_EQ(count(Status::kSent), 12u);
  }
};

TEST(Routing, ARuleThatChangedHoldsAsItIsNow) {
  Restarted world({route("old", {{"b", {}, {}}}, {"+880"})});
  EXPECT_EQ(world.arrived(1), 12u) << "by its name, whatever its conditions have become";
}

TEST(Routing, WithoutItsRuleAMessageIsRoutedByTheOthers) {
  config::Route wrong = route("wrong", {{"a", {}, {}}});
  wrong.clients = {"one"};
  Restarted world({wrong, route("new", {{"b", {}, {}}, {"c", {}, {}}}, {"+1415"})}, 2);
  EXPECT_EQ(world.arrived(0), 0u);
  EXPECT_EQ(world.arrived(1), 6u);
  EXPECT_EQ(world.arrived(2), 6u);
}

TEST(Routing, ARuleMayNameTheClientOfAMessageThatIsRoutedAgain) {
  config::Route own = route("own", {{"c", {}, {}}});
  own.clients = {"two"};
  Restarted world({own}, 2);
  EXPECT_EQ(world.arrived(2), 12u);
}

TEST(Routing, WithoutAnyRuleItGoesToAll) {
  Restarted world({});
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(world.arrived(i), 4u);
}

// Messages that were accepted without a rule share a class, whatever rule fits them now.
struct MixedClass : RoutingWorld {
  MixedClass() {
    options.settings.queue.window = 400;  // fewer than wait for the one that is slow or off
    options.settings.routes = {route("west", {{"a", {}, {}}}, {"+1"}),
                               route("asia", {{"b", {}, {}}}, {"+880"})};
  }
  void submit_both(int west, int asia) {
    submit(PipelineWorld::message(), west);
    model::NewMessage message = PipelineWorld::message();
    message.to = "+8801921317475";
    submit(message, asia);
  }
};

TEST(Routing, AProviderThatIsSlowHoldsUpItsOwnAlone) {
  MixedClass world;
  world.providers[0]->plan = [](const ports::SendRequest&) {
    return SendPlan{.latency = minutes{1}};
  };
  world.start();
  world.submit_both(2'000, 50);
  world.run_for(seconds{10});
  EXPECT_EQ(world.arrived(1), 50u);
}

TEST(Routing, AProviderThatIsOffHoldsUpItsOwnAlone) {
  MixedClass world;
  world.start();
  world.pipeline->act("a", pipeline::ProviderAction::kDisable, world.loop, [](const auto&) {});
  world.submit_both(5'000, 50);
  world.run_for(minutes{2});
  EXPECT_EQ(world.arrived(0), 0u);
  EXPECT_EQ(world.arrived(1), 50u);
}

}  // namespace
}  // namespace heliograph::test
