#include <gmock/gmock.h>

#include "tests/unit/plugin/harness.h"

namespace heliograph::plugin {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

class LifecycleTest : public ::testing::Test {
 protected:
  // What load() and start() say; empty: nothing is wrong.
  std::string run(const std::string& mode) {
    world.options.providers = {probe_mode(mode)};
    try {
      world.run();
      return "";
    } catch (const PluginError& error) {
      return error.what();
    }
  }
  Host world;
};

TEST_F(LifecycleTest, StartStopDestroyInOrder) {
  EXPECT_EQ(run("plain"), "");
  EXPECT_EQ(world.state("p1"), "running");
  world.host->stop();
  EXPECT_TRUE(world.log.has("stopped"));
  EXPECT_TRUE(world.log.has("destroyed"));
  EXPECT_EQ(world.state("p1"), "stopped");
  world.host->stop();  // again: nothing
}

TEST_F(LifecycleTest, StartThatCompletesLater) {
  EXPECT_EQ(run("start_later"), "");
  EXPECT_EQ(world.state("p1"), "running");
}

TEST_F(LifecycleTest, StartThatCompletesInside) {
  EXPECT_EQ(run("start_inside"), "");
  EXPECT_EQ(world.state("p1"), "running");
}

TEST_F(LifecycleTest, StartThatAsksAnHttpServerFirst) {
  EXPECT_EQ(run("http://ok/"), "");
  EXPECT_EQ(world.state("p1"), "running");
}

TEST_F(LifecycleTest, RequestOfStartThatTheClientRefuses) {
  EXPECT_THAT(run("http://busy/"), HasSubstr("start failed: HG_E_IO"));
  EXPECT_TRUE(world.log.has("start heard: refused: HG_E_BUSY"));
}

TEST_F(LifecycleTest, RequestOfAStartThatTimesOutIsCancelled) {
  world.options.budgets.start = milliseconds{30};
  EXPECT_THAT(run("http://slow/"), HasSubstr("start did not complete"));
  EXPECT_TRUE(world.log.has("start heard: cancelled"));
  EXPECT_TRUE(world.log.has("destroyed"));
}

TEST_F(LifecycleTest, StartThatFails) {
  const auto error = run("start_fails");
  EXPECT_THAT(error, HasSubstr("provider 'p1', plugin 'probe' (test.toml:7: [provider.config])"));
  EXPECT_THAT(error, HasSubstr("start failed: peer says no (HG_E_IO)"));
  EXPECT_TRUE(world.log.has("destroyed"));
  EXPECT_FALSE(world.log.has(" stopped")) << "it was never up";
}

TEST_F(LifecycleTest, StartThatNeverCompletesIsFollowedByStop) {
  world.options.budgets.start = milliseconds{30};
  EXPECT_THAT(run("start_never"), HasSubstr("start did not complete within 30 ms"));
  EXPECT_TRUE(world.log.has("stopped"));
  EXPECT_TRUE(world.log.has("destroyed"));
}

TEST_F(LifecycleTest, CreateThatFails) {
  EXPECT_THAT(run("create_fails"), HasSubstr("create failed: mode: does not please the probe"));
}

TEST_F(LifecycleTest, CreateThatThrows) {
  EXPECT_THAT(run("create_panics"), HasSubstr("caught std::logic_error: oops (HG_E_PANIC)"));
}

TEST_F(LifecycleTest, CreateThatHangsIsAbandoned) {
  world.options.budgets.create = milliseconds{50};
  EXPECT_THAT(run("create_hangs"), HasSubstr("create did not return within 50 ms: abandoned"));
}

TEST_F(LifecycleTest, StopThatHangsIsAbandonedAndTheRestGoesOn) {
  world.options.budgets.stop = milliseconds{50};
  EXPECT_EQ(run("stop_hangs"), "");
  EXPECT_TRUE(world.send(1, "hold"));
  world.host->stop();
  EXPECT_EQ(world.state("p1"), "abandoned");
  EXPECT_EQ(world.state("distributor"), "stopped");
  EXPECT_EQ(world.events.result(1).outcome, model::Outcome::kUnknown);
  EXPECT_TRUE(world.log.has("stop did not return within 50 ms"));
}

TEST_F(LifecycleTest, CapsWithoutChannel) {
  EXPECT_THAT(run("no_channel"), HasSubstr("its caps() name no channel"));
}

TEST_F(LifecycleTest, ChannelThatThePluginDoesNotCarry) {
  auto provider = probe("p1");
  provider.channels = {model::Channel::kSms, model::Channel::kEmail};
  world.options.providers = {provider};
  try {
    world.run();
    FAIL();
  } catch (const PluginError& error) {
    EXPECT_THAT(error.what(), HasSubstr("plugin 'probe' does not carry email"));
  }
}

TEST_F(LifecycleTest, LoopFunctionsAreRefusedInCreate) {
  EXPECT_EQ(run("create_timer"), "");
  EXPECT_TRUE(world.log.has("timer in create refused"));
  EXPECT_EQ(world.faults("p1", "wrong_thread"), 1U);
}

TEST_F(LifecycleTest, PostsOfCreateRunOnceTheLoopRuns) {
  EXPECT_EQ(run("create_posts"), "");
  EXPECT_TRUE(world.log.wait_for("post of create ran"));
}

TEST_F(LifecycleTest, HttpTableWithoutUseOfTheClient) {
  world.options.providers = {
      probe("p1", R"({"url":"x","mode":"no_http","http":{"connections":2}})")};
  try {
    world.run();
    FAIL();
  } catch (const PluginError& error) {
    EXPECT_THAT(error.what(), HasSubstr("unknown key 'http'"));
  }
}

TEST_F(LifecycleTest, SdkProviderThatThrowsInItsConstructor) {
  world.options.plugins.files.push_back(
      {.id = "throwing", .file = test_plugin("throwing").string(), .sha256 = {}, .required = true});
  auto provider = probe("p1", R"({"where": "create"})");
  provider.plugin = "throwing";
  world.options.providers = {provider};
  try {
    world.run();
    FAIL();
  } catch (const PluginError& error) {
    EXPECT_THAT(error.what(), HasSubstr("thrown in create"));
    EXPECT_THAT(error.what(), HasSubstr("HG_E_PANIC"));
  }
}

}  // namespace
}  // namespace heliograph::plugin
