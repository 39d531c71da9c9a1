#include "tests/unit/plugin/reload_fixture.h"

namespace heliograph::plugin {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using ReplacementTest = ReloadTest;

TEST_F(ReplacementTest, NothingDifferentKeepsEveryInstance) {
  run();
  auto* const before = world.host->provider("p1");
  const auto replacement = prepare();
  EXPECT_THAT(replacement->changes(), IsEmpty());
  EXPECT_EQ(replacement->provider_slots().at(0).provider, before);
  commit(*replacement);
  replacement->retire(kPatience);
  EXPECT_EQ(world.host->provider("p1"), before);
  EXPECT_FALSE(world.log.has("destroyed"));
  EXPECT_THAT(states(), ElementsAre("p1 1 running", "p2 1 running"));
}

TEST_F(ReplacementTest, GatewaySideSettingsKeepTheInstance) {
  run();
  auto& settings = wanted.providers.front();
  settings.weight = 7;
  settings.max_in_flight = 3;
  settings.receipts = false;
  settings.config.where = "test.toml:99: [provider.config]";  // the table moved in the file
  auto* const before = world.host->provider("p1");
  EXPECT_TRUE(before->traits().receipts);
  const auto replacement = prepare();
  EXPECT_THAT(replacement->changes(), IsEmpty());
  EXPECT_EQ(replacement->provider_slots().at(0).settings.weight, 7U);
  EXPECT_EQ(world.host->provider_slots().at(0).settings.weight, 1U) << "not before commit";
  commit(*replacement);
  replacement->retire(kPatience);
  EXPECT_EQ(world.host->provider("p1"), before);
  EXPECT_EQ(world.host->provider_slots().at(0).settings.max_in_flight, 3U);
  EXPECT_FALSE(world.loop.run([&] { return before->traits().receipts; }));
}

TEST_F(ReplacementTest, AChangedTableIsAnotherInstance) {
  run();
  set_mode(wanted.providers.front(), "drains");
  auto* const before = world.host->provider("p1");
  const auto replacement = prepare();
  EXPECT_THAT(told(*replacement), ElementsAre("replaced p1 2"));
  EXPECT_THAT(states(), ElementsAre("p1 1 running", "p2 1 running")) << "not before commit";
  commit(*replacement);
  EXPECT_THAT(states(), ElementsAre("p1 2 running", "p2 1 running", "p1 1 draining"));
  EXPECT_NE(world.host->provider("p1"), before);
  replacement->retire(kPatience);
  EXPECT_THAT(states(), ElementsAre("p1 2 running", "p2 1 running"));
  EXPECT_TRUE(world.log.has("destroyed"));
  EXPECT_TRUE(world.send(1, "sent"));
  EXPECT_EQ(world.events.result(1).outcome, model::Outcome::kSent);
}

TEST_F(ReplacementTest, AReplacedFileIsAnotherGeneration) {
  const TempFolder folder;
  const auto file = folder.path() / "probe.so";
  std::filesystem::copy_file(test_plugin("probe"), file);
  world.options.plugins.files.front().file = file.string();
  run();
  std::filesystem::copy_file(test_plugin("probe_next"), file,
                             std::filesystem::copy_options::overwrite_existing);
  const auto replacement = prepare();  // the configuration is the same
  EXPECT_THAT(told(*replacement),
              ElementsAre("replaced distributor 2", "replaced p1 2", "replaced p2 2"));
  EXPECT_EQ(world.host->statuses().at(1).version, "1.2.3");
  commit(*replacement);
  replacement->retire(kPatience);
  const auto status = world.host->statuses().at(1);
  EXPECT_EQ(status.version, "2.0.0");
  EXPECT_EQ(status.generation, 2U);
  EXPECT_TRUE(world.send(1, "sent"));
  EXPECT_EQ(world.events.result(1).outcome, model::Outcome::kSent);
}

TEST_F(ReplacementTest, ASecretThatReadsOtherwiseIsAnotherInstance) {
  world.options.providers.front().config.json = R"({"url":"x","password":"env:PEER"})";
  world.options.environment = {{"PEER", "old"}};
  run();
  wanted.environment = {{"PEER", "new"}};
  EXPECT_THAT(told(*prepare()), ElementsAre("replaced p1 2"));
}

TEST_F(ReplacementTest, AddedAndRemoved) {
  run();
  wanted.providers = {probe("p3"), probe("p2")};
  const auto replacement = prepare();
  EXPECT_THAT(told(*replacement), ElementsAre("added p3 1", "removed p1 1"));
  commit(*replacement);
  EXPECT_EQ(world.host->provider("p1"), nullptr);
  replacement->retire(kPatience);
  EXPECT_THAT(states(), ElementsAre("p3 1 running", "p2 1 running"));
  wanted.providers.push_back(probe("p1"));
  EXPECT_THAT(told(*prepare()), ElementsAre("added p1 2")) << "the name was used before";
}

TEST_F(ReplacementTest, RoutesHaveDistributorsOfTheirOwn) {
  world.options.routes = {"a", "b"};
  run();
  const auto before = world.host->route_distributors();
  wanted.routes = {"b", "c"};
  const auto replacement = prepare();
  EXPECT_THAT(told(*replacement),
              ElementsAre("added distributor of route c 1", "removed distributor of route a 1"));
  const auto after = replacement->route_distributors();
  ASSERT_EQ(after.size(), 2U);
  EXPECT_EQ(after[0], before[1]);
  EXPECT_EQ(&replacement->distributor(), &world.host->distributor());
  commit(*replacement);
  replacement->retire(kPatience);
  EXPECT_EQ(world.host->route_distributors(), after);
}

TEST_F(ReplacementTest, AnotherStrategyIsAnotherInstanceForEveryRoute) {
  world.options.routes = {"a"};
  run();
  wanted.distributor.config = {.json = R"({"mode":"error"})", .where = "t.toml"};
  EXPECT_THAT(told(*prepare()),
              ElementsAre("replaced distributor 2", "replaced distributor of route a 2"));
}

TEST_F(ReplacementTest, EveryProblemIsToldAndNothingHasChanged) {
  run();
  set_mode(wanted.providers[0], "create_fails");
  wanted.providers[1].config.json = "{}";
  wanted.providers.push_back(probe("p3"));
  auto* const before = world.host->provider("p1");
  const auto error = prepare_error();
  EXPECT_THAT(error, HasSubstr("does not please the probe"));
  EXPECT_THAT(error, HasSubstr("url: is required"));
  EXPECT_EQ(world.host->provider("p1"), before);
  EXPECT_THAT(states(), ElementsAre("p1 1 running", "p2 1 running"));
  EXPECT_TRUE(world.send(1, "sent"));
  EXPECT_EQ(world.events.result(1).outcome, model::Outcome::kSent);
}

TEST_F(ReplacementTest, NothingIsStartedForAnEndThatIsNear) {
  run();
  wanted.providers.push_back(probe("p3"));
  world.host->give_up_preparing();
  EXPECT_EQ(prepare_error(), "the gateway is stopping");
  EXPECT_THAT(states(), ElementsAre("p1 1 running", "p2 1 running"));
}

TEST_F(ReplacementTest, OneThatDoesNotStartEndsTheOthersThatWereMade) {
  run();
  set_mode(wanted.providers[0], "drains");
  set_mode(wanted.providers[1], "start_fails");
  EXPECT_THAT(prepare_error(), HasSubstr("peer says no"));
  EXPECT_TRUE(world.log.has("stopped"));
  EXPECT_TRUE(world.send(1, "sent"));
  EXPECT_EQ(world.events.result(1).outcome, model::Outcome::kSent);
  wanted.providers = world.options.providers;
  EXPECT_THAT(prepare()->changes(), IsEmpty()) << "another try is possible";
}

TEST_F(ReplacementTest, WhatWorksIsNotLeftOutEvenIfItIsNotRequired) {
  world.options.providers[0].required = false;
  run();
  set_mode(wanted.providers[0], "start_fails");
  EXPECT_THAT(prepare_error(), HasSubstr("peer says no"));
}

TEST_F(ReplacementTest, ANewOneThatIsNotRequiredIsLeftOut) {
  run();
  wanted.providers.push_back(probe("p3", R"({"url":"x","mode":"start_fails"})"));
  wanted.providers.back().required = false;
  reload();
  EXPECT_EQ(world.host->provider("p3"), nullptr);
  EXPECT_THAT(world.host->problems(), ElementsAre(HasSubstr("peer says no")));
  EXPECT_THAT(world.host->provider_slots().at(2).failure, HasSubstr("peer says no"));
}

TEST_F(ReplacementTest, WhatWasLeftOutIsTriedAgain) {
  world.options.providers[1] = probe("p2", R"({"url":"x","mode":"start_fails"})");
  world.options.providers[1].required = false;
  run();
  ASSERT_EQ(world.host->problems().size(), 1U);
  set_mode(wanted.providers[1], "plain");
  reload();
  EXPECT_THAT(world.host->problems(), IsEmpty());
  EXPECT_THAT(states(), ElementsAre("p1 1 running", "p2 1 running"));
}

TEST_F(ReplacementTest, AQuarantinedOneIsReplacedAlthoughNothingDiffers) {
  run();
  EXPECT_TRUE(world.send(1, "panic"));
  EXPECT_EQ(world.events.result(1).outcome, model::Outcome::kUnknown);
  ASSERT_EQ(world.state("p1"), "quarantined");
  const auto replacement = prepare();
  EXPECT_THAT(told(*replacement), ElementsAre("replaced p1 2"));
  commit(*replacement);
  replacement->retire(kPatience);
  EXPECT_THAT(world.host->problems(), IsEmpty());
  EXPECT_TRUE(world.send(2, "sent"));
  EXPECT_EQ(world.events.result(2).outcome, model::Outcome::kSent);
}

TEST_F(ReplacementTest, AChannelThatARunningPluginLacksIsRefused) {
  run();
  wanted.providers[0].channels = {model::Channel::kEmail};
  EXPECT_THAT(prepare_error(), HasSubstr("does not carry email"));
}

TEST_F(ReplacementTest, DroppedItLeavesNoTrace) {
  run();
  set_mode(wanted.providers[0], "drains");
  auto* const before = world.host->provider("p1");
  prepare().reset();
  EXPECT_TRUE(world.log.has("destroyed"));
  EXPECT_EQ(world.host->provider("p1"), before);
  EXPECT_THAT(states(), ElementsAre("p1 1 running", "p2 1 running"));
  EXPECT_TRUE(world.send(1, "sent"));
  EXPECT_EQ(world.events.result(1).outcome, model::Outcome::kSent);
}

// ---- what is in flight ----

TEST_F(ReplacementTest, WhatIsInFlightEndsAtTheOldInstance) {
  set_mode(world.options.providers[0], "drains");
  run();
  ASSERT_TRUE(world.send(1, "hold"));
  set_mode(wanted.providers[0], "plain");
  const auto replacement = prepare();
  auto* const old = world.host->provider("p1");
  commit(*replacement);
  EXPECT_FALSE(world.events.has_result(1));
  EXPECT_TRUE(world.send(2, "sent"));
  EXPECT_EQ(world.events.result(2).outcome, model::Outcome::kSent);
  replacement->retire(kPatience);
  EXPECT_EQ(world.events.result(1).outcome, model::Outcome::kSent);
  EXPECT_FALSE(send_through(old, 3, "sent")) << "the handle is there, and closed";
}

TEST_F(ReplacementTest, RetireWaitsForWhatAPluginFinishesByItself) {
  run();
  ASSERT_TRUE(world.send(1, "timer"));
  set_mode(wanted.providers[0], "drains");
  reload();
  EXPECT_EQ(world.events.result(1).outcome, model::Outcome::kSent);
}

TEST_F(ReplacementTest, OneThatIsForgottenAfterItsCommitRetiresAtOnce) {
  run();
  wanted.providers = {probe("p2")};
  {
    const auto replacement = prepare();
    commit(*replacement);
  }
  EXPECT_THAT(states(), ElementsAre("p2 1 running"));
  EXPECT_TRUE(world.log.has("destroyed"));
  EXPECT_THAT(prepare()->changes(), IsEmpty());
}

TEST_F(ReplacementTest, WhatTheOldOneLeavesUnfinishedIsUnknown) {
  set_mode(world.options.providers[0], "keeps_sends");
  run();
  ASSERT_TRUE(world.send(1, "hold"));
  wanted.providers = {probe("p2")};
  reload(milliseconds{20});
  EXPECT_EQ(world.events.result(1).outcome, model::Outcome::kUnknown);
  EXPECT_EQ(world.events.results_total(), 1U);
}

TEST_F(ReplacementTest, OneThatDoesNotStopIsKeptInMemoryAndShown) {
  set_mode(world.options.providers[0], "stop_hangs");
  world.options.budgets.stop = milliseconds{50};
  run();
  wanted.providers = {probe("p2")};
  reload();
  EXPECT_THAT(states(), ElementsAre("p2 1 running", "p1 1 abandoned"));
  EXPECT_THAT(world.host->problems(), IsEmpty()) << "nothing is asked of it";
  wanted.providers.push_back(probe("p1"));
  reload();
  EXPECT_THAT(states(), ElementsAre("p2 1 running", "p1 2 running", "p1 1 abandoned"));
}

// The key is that of the new instance: the old one must not stop or slow it.
TEST_F(ReplacementTest, WindowAndQuarantineOfTheOldOneAreNotTold) {
  run();
  auto* const old = world.host->provider("p1");
  set_mode(wanted.providers[0], "drains");
  const auto replacement = prepare();
  commit(*replacement);
  ASSERT_TRUE(send_through(old, 1, "window"));
  EXPECT_EQ(world.events.result(1).outcome, model::Outcome::kSent);
  ASSERT_TRUE(send_through(old, 2, "panic"));
  EXPECT_EQ(world.events.result(2).outcome, model::Outcome::kUnknown);
  ASSERT_TRUE(world.send(3, "emit"));  // comes later than both
  EXPECT_EQ(world.events.result(3).outcome, model::Outcome::kSent);
  EXPECT_EQ(world.events.window(), 5U) << "the new one's, not 7";
  EXPECT_FALSE(world.events.has_quarantine());
  replacement->retire(kPatience);
}

TEST_F(ReplacementTest, IngressGoesToTheNewInstance) {
  run();
  wanted.providers = {probe("p3")};
  const auto status_of = [this](const std::string& provider) {
    auto answered = std::make_shared<std::promise<unsigned>>();
    auto answer = answered->get_future();
    ports::IngressRequest request;
    request.provider = provider;
    request.peer_is_local = true;
    request.body = "peer-9";
    world.host->ingress().handle(
        std::move(request), world.loop,
        [answered](ports::IngressAnswer given) { answered->set_value(given.status); });
    return answer.wait_for(kPatience) == std::future_status::ready ? answer.get() : 0;
  };
  EXPECT_EQ(status_of("p1"), 200U);
  EXPECT_EQ(status_of("p3"), 404U);
  const auto replacement = prepare();
  commit(*replacement);
  EXPECT_EQ(status_of("p1"), 200U) << "receipts for what it still has in hand";
  EXPECT_EQ(status_of("p3"), 200U);
  replacement->retire(kPatience);
  EXPECT_EQ(status_of("p1"), 404U);
  EXPECT_EQ(status_of("p3"), 200U);
}

TEST_F(ReplacementTest, WhatPastGenerationsCountedGoesOn) {
  run();
  const auto sends = [this] {
    double total = 0;
    for (const auto& value : world.host->metrics()) {
      const auto& labels = value.description.labels;
      if (labels.at(1).second == "p1" && value.description.name == "sends") total += value.value;
    }
    return total;
  };
  for (std::uint64_t generation = 1; generation <= 3; ++generation) {
    ASSERT_TRUE(world.send(generation, "sent"));
    EXPECT_EQ(sends(), static_cast<double>(generation));
    set_mode(wanted.providers[0], "plain " + std::to_string(generation));
    reload();
    EXPECT_EQ(sends(), static_cast<double>(generation)) << "a counter does not go back";
  }
  EXPECT_EQ(world.host->metrics().size(), 3U) << "p1 as it was, p1 and p2";
  wanted.providers.erase(wanted.providers.begin());
  reload();
  EXPECT_EQ(world.host->metrics().size(), 1U) << "p2; p1 was removed, and its series with it";
}

TEST_F(ReplacementTest, ANinthFileOfAPluginIsRefused) {
  run();
  const TempFolder folder;
  const auto original = read_file(test_plugin("probe"));
  const std::string text(reinterpret_cast<const char*>(original.data()), original.size());
  const auto install_build = [&](int n) {
    // What follows an ELF image is not of it, but of its digest.
    wanted.plugins.files.front().file =
        folder.write("probe" + std::to_string(n) + ".so", text + std::to_string(n)).string();
  };
  for (int n = 2; n <= 8; ++n) {
    install_build(n);
    ASSERT_EQ(prepare_error(), "") << n;
  }
  install_build(9);
  EXPECT_THAT(prepare_error(), HasSubstr("probe9.so would be the ninth file loaded for the"));
  install_build(8);
  reload();
  EXPECT_TRUE(world.send(1, "sent")) << "what is in memory may be used again";
  EXPECT_EQ(world.events.result(1).outcome, model::Outcome::kSent);
}

// Many reloads while messages go: each send that was taken has one result.
TEST_F(ReplacementTest, UnderLoadEverySendHasOneResult) {
  run();
  std::atomic<bool> over{false};
  std::atomic<std::uint64_t> taken{0};
  std::thread sender([&] {
    for (std::uint64_t ticket = 1; !over; ++ticket) {
      const auto* text = ticket % 3 == 0 ? "timer" : "sent";
      if (world.send(ticket, text)) ++taken;
    }
  });
  for (int i = 0; i < 20; ++i) {
    set_mode(wanted.providers[0], "plain " + std::to_string(i));
    install(i % 2 == 0 ? "probe_next" : "probe");
    reload();
  }
  over = true;
  sender.join();
  EXPECT_TRUE(world.events.wait_results(taken));
  world.host->stop();
  world.loop.run([] {});
  EXPECT_EQ(world.events.results_total(), taken);
  EXPECT_EQ(world.events.unknown(), 0U) << "each was given the time to end";
  EXPECT_GT(taken, 20U);
}

}  // namespace
}  // namespace heliograph::plugin
