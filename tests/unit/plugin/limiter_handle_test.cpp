#include "tests/unit/plugin/harness.h"

namespace heliograph::plugin {
namespace {

using std::chrono::milliseconds;

class LimiterHandleTest : public ::testing::Test {
 protected:
  void run(const std::string& mode, const std::string& on_failure = "closed") {
    world.options.limiter.config = {.json = R"({"mode":")" + mode + "\"}", .where = "t.toml"};
    world.options.limiter.on_failure = on_failure;
    world.options.rules = {{.id = "dispatch", .window = std::chrono::seconds{1}, .limit = 200},
                           {.id = "p1", .window = std::chrono::seconds{1}, .limit = 5}};
    world.run();
  }
  ports::LimitAnswer acquire(std::uint32_t max = 3) {
    auto answered = std::make_shared<std::promise<ports::LimitAnswer>>();
    auto later = answered->get_future();
    auto now = world.loop.run([&] {
      const ports::LimitRequest request{.keys = keys,
                                        .min_items = 1,
                                        .max_items = max,
                                        .now = world.clock.mono(),
                                        .deadline = {}};
      return world.host->limiter()->acquire(
          request, [answered](ports::LimitAnswer answer) { answered->set_value(answer); });
    });
    pended = !now;
    if (now) return *now;
    EXPECT_EQ(later.wait_for(kPatience), std::future_status::ready);
    return later.get();
  }
  Host world;
  std::vector<ports::LimitKey> keys{{.rule = 0, .cost = 1}, {.rule = 1, .cost = 1}};
  bool pended = false;
};

TEST_F(LimiterHandleTest, RulesAreToldBeforeStart) {
  run("plain");
  EXPECT_TRUE(world.log.has("rule dispatch 200"));
  EXPECT_TRUE(world.log.has("rule p1 5"));
}

TEST_F(LimiterHandleTest, AnswerInsideTheCall) {
  run("plain");
  const auto answer = acquire();
  EXPECT_FALSE(pended);
  EXPECT_EQ(answer.granted, 3U);
  EXPECT_EQ(answer.grant, 4711U);
  EXPECT_FALSE(answer.failed);
}

TEST_F(LimiterHandleTest, DenialSaysWhenAndWhichKey) {
  run("denies");
  const auto answer = acquire();
  EXPECT_EQ(answer.granted, 0U);
  EXPECT_EQ(answer.retry_after, milliseconds{250});
  EXPECT_EQ(answer.denied_key, 1U);
  EXPECT_FALSE(answer.failed);
}

TEST_F(LimiterHandleTest, AnswerLater) {
  run("later");
  const auto answer = acquire();
  EXPECT_TRUE(pended);
  EXPECT_EQ(answer.granted, 1U);
  EXPECT_EQ(world.faults("limiter", "double_completion"), 1U);
  EXPECT_FALSE(world.log.has("a double completion was taken"));
}

TEST_F(LimiterHandleTest, TooMuchGrantedCountsAsWhatWasAsked) {
  run("too_much");
  EXPECT_EQ(acquire().granted, 3U);
  EXPECT_EQ(world.faults("limiter", "bad_grant"), 1U);
}

TEST_F(LimiterHandleTest, FailureClosed) {
  run("fails", "closed");
  const auto answer = acquire();
  EXPECT_TRUE(answer.failed);
  EXPECT_EQ(answer.granted, 0U);
  EXPECT_EQ(answer.retry_after, std::chrono::seconds{1});
}

TEST_F(LimiterHandleTest, FailureOpen) {
  run("fails", "open");
  const auto answer = acquire();
  EXPECT_TRUE(answer.failed);
  EXPECT_EQ(answer.granted, 3U);
}

TEST_F(LimiterHandleTest, FailureLocalShareNeverExceedsTheLimit) {
  run("fails", "local_share");
  EXPECT_EQ(acquire(3).granted, 3U);
  EXPECT_EQ(acquire(3).granted, 2U);
  const auto denied = acquire(1);
  EXPECT_EQ(denied.granted, 0U);
  EXPECT_EQ(denied.denied_key, 1U);
  EXPECT_TRUE(denied.failed);
}

TEST_F(LimiterHandleTest, LocalShareOfSeveralWaitsForWhatTheOthersGotThenTakesItsPart) {
  world.options.limiter.instances = 2;
  run("fails", "local_share");
  const auto first = acquire(3);
  EXPECT_EQ(first.granted, 0U) << "the others' latest grants are not known here";
  EXPECT_TRUE(first.failed);
  EXPECT_EQ(first.retry_after, milliseconds{100}) << "one late answer is no outage";
  const auto asked_again = [&] { return acquire(3).granted; };
  std::uint32_t granted = 0;
  const auto asked_first = std::chrono::steady_clock::now();
  const auto until = asked_first + kPatience;
  while (granted == 0 && std::chrono::steady_clock::now() < until) granted = asked_again();
  EXPECT_EQ(granted, 2U) << "half of five";
  EXPECT_GE(std::chrono::steady_clock::now() - asked_first, milliseconds{900});
  EXPECT_EQ(asked_again(), 0U);
}

TEST_F(LimiterHandleTest, BackFromLocalShareTheShareStillBinds) {
  run("fails_then_grants", "local_share");
  EXPECT_EQ(acquire(3).granted, 3U);
  const auto back = acquire(7);  // the plugin would grant it
  EXPECT_EQ(back.granted, 0U);
  EXPECT_FALSE(back.failed);
  EXPECT_EQ(back.denied_key, 1U);
  EXPECT_TRUE(world.log.wait_for("refund 4711 dispatch 2 7"));
  EXPECT_EQ(acquire(2).granted, 2U);
  EXPECT_EQ(acquire(1).granted, 0U);
}

class SharedWindowTest : public LimiterHandleTest {
 protected:
  ports::SharedWindow::Answer exchange(const std::string& key) {
    auto answered = std::make_shared<std::promise<ports::SharedWindow::Answer>>();
    auto later = answered->get_future();
    world.loop.run([&] {
      world.host->shared_window()->exchange(
          std::chrono::seconds{30}, std::chrono::seconds{1}, {{key, 4, 3}},
          [answered](ports::SharedWindow::Answer answer) { answered->set_value(answer); });
    });
    EXPECT_EQ(later.wait_for(kPatience), std::future_status::ready);
    return later.get();
  }
};

TEST_F(SharedWindowTest, AnswersAtOnceAndLater) {
  run("plain");
  for (const char* key : {"now", "later"}) {
    const auto answer = exchange(key);
    ASSERT_TRUE(answer.has_value()) << key;
    EXPECT_EQ(answer->at(0).ok, 8U);
    EXPECT_EQ(answer->at(0).failed, 6U);
  }
  EXPECT_TRUE(world.log.has("exchange 30"));
  EXPECT_FALSE(world.log.has("a double completion was taken"));
}

TEST_F(SharedWindowTest, FailureSaysWhetherItMayHaveCounted) {
  run("plain");
  EXPECT_EQ(exchange("io").error(), ports::SharedFailure::kNotCounted);
  EXPECT_EQ(exchange("never").error(), ports::SharedFailure::kMaybeCounted);
}

TEST_F(SharedWindowTest, ResetNamesTheKey) {
  run("plain");
  world.loop.run([&] { world.host->shared_window()->reset("p1"); });
  EXPECT_TRUE(world.log.wait_for("forget p1"));
}

TEST_F(LimiterHandleTest, LocalGrantIsRefundedLocally) {
  run("fails", "local_share");
  const auto answer = acquire(5);
  EXPECT_EQ(answer.granted, 5U);
  EXPECT_EQ(acquire(1).granted, 0U);
  world.loop.run([&] { world.host->limiter()->refund(answer.grant, keys, 2); });
  EXPECT_EQ(acquire(5).granted, 2U);
  EXPECT_FALSE(world.log.has("refund"));
}

TEST_F(LimiterHandleTest, FailureAfterPending) {
  run("fails_later", "closed");
  EXPECT_TRUE(acquire().failed);
  EXPECT_TRUE(pended);
}

TEST_F(LimiterHandleTest, NeverAnsweredIsFailedAtTheDeadline) {
  run("never", "closed");
  const auto answer = acquire();
  EXPECT_TRUE(pended);
  EXPECT_TRUE(answer.failed);
  EXPECT_TRUE(world.log.has("cancelled"));
}

TEST_F(LimiterHandleTest, LateAnswerIsStaleForThePlugin) {
  run("late", "closed");
  EXPECT_TRUE(acquire().failed);
  EXPECT_TRUE(world.log.has("late completion is stale"));
}

TEST_F(LimiterHandleTest, PanicQuarantinesAndThePolicyGoesOn) {
  run("panics", "open");
  EXPECT_TRUE(acquire().failed);
  EXPECT_EQ(acquire().granted, 3U);
  EXPECT_EQ(world.state("limiter"), "quarantined");
}

TEST_F(LimiterHandleTest, RefundNamesGrantAndKeys) {
  run("plain");
  const auto answer = acquire();
  world.loop.run([&] { world.host->limiter()->refund(answer.grant, keys, 2); });
  EXPECT_TRUE(world.log.wait_for("refund 4711 dispatch 2 2"));
}

TEST_F(LimiterHandleTest, StopAnswersForWhatIsPending) {
  world.options.budgets.acquire = std::chrono::minutes{5};
  run("never", "closed");
  auto answered = std::make_shared<std::promise<ports::LimitAnswer>>();
  auto later = answered->get_future();
  world.loop.run([&] {
    const ports::LimitRequest request{
        .keys = keys, .min_items = 1, .max_items = 1, .now = world.clock.mono(), .deadline = {}};
    return world.host->limiter()->acquire(
        request, [answered](ports::LimitAnswer answer) { answered->set_value(answer); });
  });
  world.host->stop();
  ASSERT_EQ(later.wait_for(kPatience), std::future_status::ready);
  EXPECT_TRUE(later.get().failed);
}

TEST_F(LimiterHandleTest, RefusedRulesStopTheStart) {
  world.options.limiter.config = {.json = R"({"mode":"refuses_rules"})", .where = "t.toml:3"};
  world.options.rules = {{.id = "p1", .window = std::chrono::seconds{1}, .limit = 5}};
  world.load();
  world.loop.start();
  try {
    world.host->start([](const auto&) { return model::ProviderKey{1}; });
    FAIL();
  } catch (const PluginError& error) {
    EXPECT_TRUE(std::string{error.what()}.contains("no token buckets here")) << error.what();
  }
}

TEST_F(LimiterHandleTest, WithoutRulesTheDefaultIsNotLoaded) {
  world.options.limiter = {};  // no such file is where the world's plugins are
  world.run();
  EXPECT_EQ(world.host->limiter(), nullptr);
  EXPECT_EQ(world.host->statuses().front().kind, "distributor");
}

// It may share health.
TEST_F(LimiterHandleTest, WithoutRulesAChosenOneIsLoadedAndNotAsked) {
  world.run();
  EXPECT_EQ(world.host->limiter(), nullptr);
  EXPECT_EQ(world.host->statuses().front().kind, "limiter");
}

TEST_F(LimiterHandleTest, AChosenOneThatIsNotThereIsAnErrorWithoutRulesToo) {
  world.options.limiter.plugin = "not there at all";
  try {
    world.load();
    FAIL();
  } catch (const PluginError& error) {
    EXPECT_TRUE(std::string{error.what()}.contains("not there at all")) << error.what();
  }
}

}  // namespace
}  // namespace heliograph::plugin
