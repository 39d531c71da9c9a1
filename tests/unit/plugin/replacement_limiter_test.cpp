#include <algorithm>

#include "tests/unit/plugin/reload_fixture.h"

namespace heliograph::plugin {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Windows of an hour: nothing leaves them while a test runs.
ports::LimitRule rule(const std::string& id, std::uint64_t limit) {
  return {.id = id, .window = std::chrono::hours{1}, .limit = limit};
}

class LimiterReloadTest : public ReloadTest {
 protected:
  LimiterReloadTest() {
    world.options.limiter.plugin = "memory";
    world.options.plugins.files.push_back(
        {.id = "memory", .file = MEMORY_LIMITER, .sha256 = {}, .required = true});
    world.options.rules = {rule("p1", 5)};
  }
  void use_probe(const std::string& json, const std::string& on_failure = "closed") {
    world.options.limiter.plugin = "probe";
    world.options.limiter.config = {.json = json, .where = "t.toml"};
    world.options.limiter.on_failure = on_failure;
  }
  // How many of `max` messages are granted under the rule at `place`.
  std::uint32_t take(std::uint32_t max, std::uint32_t place = 0) {
    return acquire(world.host->limiter(), max, place).granted;
  }
  ports::LimitAnswer acquire(ports::Limiter* limiter, std::uint32_t max, std::uint32_t place = 0) {
    const std::vector<ports::LimitKey> keys{{.rule = place, .cost = 1}};
    return world.loop.run([&] {
      const ports::LimitRequest request{.keys = keys,
                                        .min_items = 1,
                                        .max_items = max,
                                        .now = world.clock.mono(),
                                        .deadline = {}};
      return limiter->acquire(request, [](const ports::LimitAnswer&) {}).value();
    });
  }
  void refund(ports::Limiter* limiter, const ports::LimitAnswer& grant, std::uint32_t items,
              std::uint32_t place = 0) {
    const std::vector<ports::LimitKey> keys{{.rule = place, .cost = 1}};
    world.loop.run([&] { limiter->refund(grant.grant, keys, items); });
  }
};

TEST_F(LimiterReloadTest, NothingDifferentKeepsThePortToo) {
  run();
  auto* const before = world.host->limiter();
  EXPECT_EQ(take(4), 4U);
  reload();
  EXPECT_EQ(world.host->limiter(), before);
  EXPECT_EQ(take(4), 1U);
}

TEST_F(LimiterReloadTest, OtherRulesKeepTheInstanceAndItsCounts) {
  run();
  auto* const before = world.host->limiter();
  EXPECT_EQ(take(4), 4U);
  wanted.rules = {rule("dispatch", 100), rule("p1", 6)};
  const auto replacement = prepare();
  EXPECT_THAT(told(*replacement), ElementsAre("changed limiter 1"));
  auto* const after = replacement->limiter();
  EXPECT_NE(after, before);
  commit(*replacement);
  replacement->retire(kPatience);
  EXPECT_EQ(world.host->limiter(), after);
  EXPECT_EQ(take(9, 1), 2U);
  EXPECT_EQ(take(9, 1), 0U);
  EXPECT_EQ(take(200, 0), 100U);
}

TEST_F(LimiterReloadTest, TheOldPortDeniesAndTakesItsPermitsBack) {
  run();
  auto* const before = world.host->limiter();
  const auto permit = acquire(before, 4);
  wanted.rules = {rule("dispatch", 100), rule("p1", 6)};
  reload();
  const auto denied = acquire(before, 1);
  EXPECT_EQ(denied.granted, 0U);
  EXPECT_GT(denied.retry_after, milliseconds{0});
  refund(before, permit, 3);  // p1 was the first rule then
  EXPECT_EQ(take(9, 1), 5U);
  wanted.rules = {rule("p1", 7), rule("dispatch", 100)};
  reload();
  refund(before, permit, 1);
  EXPECT_EQ(take(9, 0), 2U) << "two reloads later";
  wanted.rules = {rule("dispatch", 100)};
  reload();
  refund(before, permit, 1);  // of a rule that is gone: nothing
  EXPECT_EQ(take(200), 100U);
}

TEST_F(LimiterReloadTest, NothingIsGrantedWhileRulesChange) {
  run();
  EXPECT_EQ(take(3), 3U);
  auto* const before = world.host->limiter();
  const auto permit = acquire(before, 1);
  wanted.rules = {rule("p1", 50)};
  auto replacement = prepare();
  const auto denied = acquire(before, 1);
  EXPECT_EQ(denied.granted, 0U);
  EXPECT_FALSE(denied.failed);
  EXPECT_LE(denied.retry_after, milliseconds{10});
  refund(before, permit, 1);  // waits for the rules
  replacement.reset();
  EXPECT_EQ(world.host->limiter(), before);
  EXPECT_EQ(take(9), 2U) << "the old limit";
}

TEST_F(LimiterReloadTest, RefusedRulesLeaveTheOldOnes) {
  use_probe(R"({"mode":"refuses_new_rules"})");
  run();
  auto* const before = world.host->limiter();
  wanted.rules = {rule("p1", 6)};
  EXPECT_THAT(prepare_error(), HasSubstr("no other rules here"));
  EXPECT_EQ(world.host->limiter(), before);
  EXPECT_FALSE(acquire(before, 1).failed);
  wanted.rules = world.options.rules;
  EXPECT_THAT(prepare()->changes(), IsEmpty());
}

// The pipeline's permits that are asked for are answered before the rules change.
TEST_F(LimiterReloadTest, WhatIsAskedForIsAnsweredFirst) {
  use_probe(R"({"mode":"never"})", "closed");
  run();
  std::atomic<bool> answered{false};
  const std::vector<ports::LimitKey> keys{{.rule = 0, .cost = 1}};
  world.loop.run([&] {
    const ports::LimitRequest request{
        .keys = keys, .min_items = 1, .max_items = 1, .now = world.clock.mono(), .deadline = {}};
    world.host->limiter()->acquire(request, [&](const ports::LimitAnswer&) { answered = true; });
  });
  wanted.rules = {rule("p1", 6)};
  const auto replacement = prepare();
  EXPECT_TRUE(answered);
  EXPECT_TRUE(world.log.has("rule p1 6"));
}

TEST_F(LimiterReloadTest, AnotherInstanceIsHeldToWhatWasGranted) {
  run();
  auto* const before = world.host->limiter();
  EXPECT_EQ(take(4), 4U);
  wanted.limiter.config = {.json = R"({"max_keys":77})", .where = "t.toml"};
  wanted.rules = {rule("dispatch", 100), rule("p1", 7)};
  const auto replacement = prepare();
  EXPECT_THAT(told(*replacement), ElementsAre("replaced limiter 2"));
  commit(*replacement);
  EXPECT_EQ(acquire(before, 1).granted, 0U);
  replacement->retire(kPatience);
  EXPECT_EQ(take(9, 1), 3U);
  EXPECT_EQ(take(9, 1), 0U);
  reload();
  EXPECT_EQ(take(9, 1), 0U);
  wanted.limiter.config = {.json = R"({"max_keys":78})", .where = "t.toml"};
  reload();
  EXPECT_EQ(take(9, 1), 0U) << "the third knows what the first granted";
}

TEST_F(LimiterReloadTest, LimitsThatComeAndGo) {
  world.options.rules.clear();
  world.options.limiter = {};
  run();
  EXPECT_EQ(world.host->limiter(), nullptr);
  wanted.limiter.plugin = "memory";
  wanted.rules = {rule("p1", 2)};
  reload();
  ASSERT_NE(world.host->limiter(), nullptr);
  EXPECT_EQ(take(9), 2U);
  wanted.rules.clear();
  reload();
  EXPECT_EQ(world.host->limiter(), nullptr);
}

TEST_F(LimiterReloadTest, AnotherPolicyHoldsFromTheCommit) {
  use_probe(R"({"mode":"fails"})", "closed");
  run();
  auto* const before = world.host->limiter();
  EXPECT_EQ(take(1), 0U);
  wanted.limiter.on_failure = "open";
  const auto replacement = prepare();
  EXPECT_THAT(told(*replacement), ElementsAre("changed limiter 1"));
  EXPECT_EQ(replacement->limiter(), before) << "no rule has changed";
  EXPECT_EQ(take(1), 0U);
  commit(*replacement);
  replacement->retire(kPatience);
  EXPECT_EQ(take(1), 1U);
}

// In real time: whatever is swapped, no window holds more than the limit.
TEST_F(LimiterReloadTest, NoWindowIsExceededByReloads) {
  constexpr std::size_t kLimit = 40;
  constexpr milliseconds kWindow{200};
  world.options.rules = {{.id = "p1", .window = kWindow, .limit = kLimit}};
  run();
  std::vector<ports::MonoTime> grants;  // on the loop
  std::atomic<bool> over{false};
  std::thread sender([&] {
    const std::vector<ports::LimitKey> keys{{.rule = 0, .cost = 1}};
    while (!over) {
      world.loop.run([&] {
        const auto now = world.clock.mono();
        const ports::LimitRequest request{
            .keys = keys, .min_items = 1, .max_items = 3, .now = now, .deadline = {}};
        const auto answer =
            world.host->limiter()->acquire(request, [](const ports::LimitAnswer&) {});
        grants.insert(grants.end(), answer->granted, now);
      });
    }
  });
  const auto enough = [&] { return world.loop.run([&] { return grants.size(); }) > 6 * kLimit; };
  for (int i = 0; !enough(); ++i) {
    wanted.limiter.config = {.json = R"({"max_keys":)" + std::to_string(100 + i) + "}",
                             .where = "t.toml"};
    if (i % 2 == 0) {  // of the same limit, by way of on_rules
      wanted.limiter.config = world.options.limiter.config;
      wanted.rules.emplace_back(rule("other" + std::to_string(i), 5));
    }
    reload();
  }
  over = true;
  sender.join();
  for (std::size_t i = kLimit; i < grants.size(); ++i) {
    ASSERT_GE(grants[i] - grants[i - kLimit], kWindow) << i;
  }
}

}  // namespace
}  // namespace heliograph::plugin
