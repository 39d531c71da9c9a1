#include "tests/unit/plugin/reload_fixture.h"

namespace heliograph::plugin {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// The probe's peer takes one of its instances at a time (mode "binds").
class ExclusiveTest : public ReloadTest {
 protected:
  void run(const std::string& build = "probe_exclusive") {
    world.options.plugins.files.front().file = test_plugin(build).string();
    world.options.providers = {probe("p1", R"({"url":"x","mode":"binds"})")};
    ReloadTest::run();
    old = world.host->provider("p1");
  }
  bool sends(std::uint64_t ticket) {
    return world.send(ticket, "sent") &&
           world.events.result(ticket).outcome == model::Outcome::kSent;
  }
  ports::Provider* old = nullptr;
};

TEST_F(ExclusiveTest, OneThatIsNotMustShareItsPeer) {
  run("probe");
  set_mode(wanted.providers[0], "binds again");
  EXPECT_THAT(prepare_error(), HasSubstr("somebody else is bound"));
  EXPECT_TRUE(sends(1));
}

TEST_F(ExclusiveTest, TheOldOneStopsBeforeTheNewOneStarts) {
  run();
  set_mode(wanted.providers[0], "binds again");
  const auto replacement = prepare();
  EXPECT_TRUE(world.events.wait_window(0)) << "nothing is given to a provider that is away";
  EXPECT_FALSE(send_through(old, 1, "sent"));
  commit(*replacement);
  EXPECT_TRUE(world.events.wait_window(5)) << "as the new one's caps say";
  replacement->retire(kPatience);
  EXPECT_THAT(states(), ElementsAre("p1 2 running"));
  EXPECT_TRUE(sends(2));
}

TEST_F(ExclusiveTest, WhatIsInFlightEndsFirst) {
  run();
  ASSERT_TRUE(world.send(1, "timer"));
  set_mode(wanted.providers[0], "binds again");
  const auto replacement = prepare();
  EXPECT_EQ(world.events.result(1).outcome, model::Outcome::kSent);
}

TEST_F(ExclusiveTest, WhatDoesNotEndInTimeIsUnknown) {
  world.options.budgets.handover = std::chrono::milliseconds{20};
  run();
  ASSERT_TRUE(world.send(1, "hold"));
  set_mode(wanted.providers[0], "binds again");
  const auto replacement = prepare();
  EXPECT_EQ(world.events.result(1).outcome, model::Outcome::kUnknown);
}

TEST_F(ExclusiveTest, TheOldOneRunsAgainWhenTheNewOneFails) {
  run();
  set_mode(wanted.providers[0], "start_fails");
  for (std::uint64_t ticket = 1; ticket <= 3; ++ticket) {
    EXPECT_THAT(prepare_error(), HasSubstr("peer says no"));
    EXPECT_EQ(world.host->provider("p1"), old);
    EXPECT_THAT(states(), ElementsAre("p1 1 running"));
    EXPECT_TRUE(world.events.wait_window(5)) << "as its caps say";
    EXPECT_TRUE(sends(ticket));
  }
}

TEST_F(ExclusiveTest, TheOldOneRunsAgainWhenTheReplacementIsDropped) {
  run();
  set_mode(wanted.providers[0], "binds again");
  prepare().reset();
  EXPECT_TRUE(world.events.wait_window(5));
  EXPECT_TRUE(sends(1));
  reload();
  EXPECT_TRUE(sends(2));
}

TEST_F(ExclusiveTest, AnotherNameMayMeanTheSamePeer) {
  run();
  wanted.providers = {probe("p9", R"({"url":"x","mode":"binds"})")};
  reload();
  EXPECT_THAT(states(), ElementsAre("p9 1 running"));
}

TEST_F(ExclusiveTest, OneThatFailsTakesAllBack) {
  world.options.plugins.files.front().file = test_plugin("probe_exclusive").string();
  world.options.providers = {probe("p1"), probe("p2")};
  ReloadTest::run();
  set_mode(wanted.providers[0], "drains");
  set_mode(wanted.providers[1], "start_fails");
  EXPECT_THAT(prepare_error(), HasSubstr("peer says no"));
  EXPECT_THAT(states(), ElementsAre("p1 1 running", "p2 1 running"));
  EXPECT_TRUE(sends(1));
  EXPECT_TRUE(send_through(world.host->provider("p2"), 2, "sent"));
  EXPECT_EQ(world.events.result(2).outcome, model::Outcome::kSent);
}

// The probe's second start in this mode finds its peer gone.
TEST_F(ExclusiveTest, OneThatCannotRunAgainIsQuarantinedAndTold) {
  world.options.plugins.files.front().file = test_plugin("probe_exclusive").string();
  world.options.providers = {probe("p1", R"({"url":"x","mode":"starts_once"})")};
  ReloadTest::run();
  set_mode(wanted.providers[0], "start_fails");
  EXPECT_THAT(prepare_error(), HasSubstr("peer says no"));
  EXPECT_THAT(world.events.wait_quarantine(), HasSubstr("could not be started again"));
  EXPECT_THAT(world.host->problems(), ElementsAre(HasSubstr("the peer is gone")));
  set_mode(wanted.providers[0], "plain");
  reload();
  EXPECT_TRUE(sends(1));
}

}  // namespace
}  // namespace heliograph::plugin
