#include <dlfcn.h>
#include <heliograph/abi/abi.h>

#include "tests/unit/plugin/harness.h"

namespace heliograph::plugin {
namespace {

using model::Outcome;
using std::chrono::milliseconds;

class ProviderHandleTest : public ::testing::Test {
 protected:
  void run(const config::Provider& provider = probe("p1")) {
    world.options.providers = {provider};
    world.run();
  }
  Host world;
};

TEST_F(ProviderHandleTest, TraitsAreThePluginsCaps) {
  run();
  const auto& traits = world.host->provider("p1")->traits();
  EXPECT_EQ(traits.channels, HG_CH_SMS);
  EXPECT_TRUE(traits.dedupes);
  EXPECT_TRUE(traits.receipts);
  EXPECT_EQ(traits.max_in_flight, 5U);
  EXPECT_EQ(world.host->provider("p1")->key(), model::ProviderKey{5});
  EXPECT_EQ(world.host->provider("p1")->name(), "p1");
}

TEST_F(ProviderHandleTest, ReceiptsSwitchedOffByTheOperator) {
  auto provider = probe("p1");
  provider.receipts = false;
  run(provider);
  EXPECT_FALSE(world.host->provider("p1")->traits().receipts);
}

TEST_F(ProviderHandleTest, CompletionInsideSend) {
  run();
  EXPECT_TRUE(world.send(1, "sent"));
  const auto result = world.events.result(1);
  EXPECT_EQ(result.outcome, Outcome::kSent);
  EXPECT_EQ(result.provider_message_id, "peer-1");
}

TEST_F(ProviderHandleTest, MessageArrivesWhole) {
  world.metadata = R"({"order":"42"})";
  run();
  EXPECT_TRUE(world.send(1, "echo"));
  const auto id = model::MessageId::from_parts(1'000'001, 1).to_string();
  EXPECT_EQ(world.events.result(1).detail, id + " +14155552671 3 1 x-order=42");
}

TEST_F(ProviderHandleTest, ContentArrivesAsPartsAndNotWithTheNextMessage) {
  world.content = model::pack(
      {.subject = "Your code",
       .html = "<b>42</b>",
       .media = {{.url = "https://a.example/1.png", .content_type = ""}},
       .attachments = {
           {.name = "a.txt", .content_type = "text/plain", .bytes = std::string("x\0y", 3)}}});
  run();
  EXPECT_TRUE(world.send(1, "echo"));
  const std::string rich = world.events.result(1).detail;
  EXPECT_NE(rich.find(" subject=Your code"
                      " [1|text/html; charset=utf-8|||<b>42</b>]"
                      " [2|||https://a.example/1.png|]"
                      " [3|text/plain|a.txt||x"),
            std::string::npos)
      << rich;
  world.content.clear();
  EXPECT_TRUE(world.send(2, "echo"));
  const auto id = model::MessageId::from_parts(1'000'002, 1).to_string();
  EXPECT_EQ(world.events.result(2).detail, id + " +14155552671 3 1");
}

TEST_F(ProviderHandleTest, ContentThatIsNotIntactIsRejectedAndNotSent) {
  world.content = R"({"attachments":[{"name":"a","content_type":"b/c","content":"?"}]})";
  run();
  EXPECT_TRUE(world.send(1, "sent"));
  EXPECT_EQ(world.events.result(1).outcome, Outcome::kRejected);
  EXPECT_EQ(world.events.result(1).detail, "the content kept for it is not intact");
  world.content.clear();
  EXPECT_TRUE(world.send(2, "sent"));
  EXPECT_EQ(world.events.result(2).outcome, Outcome::kSent);
  EXPECT_EQ(world.events.results_total(), 2U);
}

TEST_F(ProviderHandleTest, CompletionByTimer) {
  run();
  EXPECT_TRUE(world.send(1, "timer"));
  EXPECT_EQ(world.events.result(1).outcome, Outcome::kSent);
}

TEST_F(ProviderHandleTest, CompletionFromAThreadOfItsOwnByWayOfPost) {
  run();
  EXPECT_TRUE(world.send(1, "thread"));
  EXPECT_EQ(world.events.result(1).outcome, Outcome::kSent);
  EXPECT_EQ(world.faults("p1", "wrong_thread"), 1U);
}

TEST_F(ProviderHandleTest, ThreadsThatRaceToCompleteOneSend) {
  run();
  for (std::uint64_t i = 1; i <= 20; ++i) EXPECT_TRUE(world.send(i, "race"));
  for (std::uint64_t i = 1; i <= 20; ++i) {
    EXPECT_EQ(world.events.result(i).outcome, Outcome::kSent);
  }
  world.host->stop();  // joins them
  EXPECT_EQ(world.faults("p1", "double_completion"), 60U);
  EXPECT_EQ(world.events.results_total(), 20U);
}

TEST_F(ProviderHandleTest, SecondCompletionIsCountedAndHarmless) {
  run();
  EXPECT_TRUE(world.send(1, "twice"));
  EXPECT_TRUE(world.send(2, "sent"));
  EXPECT_EQ(world.events.result(2).outcome, Outcome::kSent);
  EXPECT_EQ(world.events.result(1).outcome, Outcome::kSent);
  EXPECT_EQ(world.faults("p1", "double_completion"), 1U);
}

TEST_F(ProviderHandleTest, ForeignAndInventedOpsAreCounted) {
  run();
  EXPECT_TRUE(world.send(1, "foreign"));
  EXPECT_EQ(world.events.result(1).outcome, Outcome::kSent);
  EXPECT_EQ(world.faults("p1", "foreign_completion"), 2U);
}

TEST_F(ProviderHandleTest, OpOfAnotherKindIsCounted) {
  run();
  EXPECT_TRUE(world.send(1, "wrong kind"));
  EXPECT_EQ(world.events.result(1).outcome, Outcome::kSent);
  EXPECT_EQ(world.faults("p1", "stale_completion"), 1U);
}

TEST_F(ProviderHandleTest, UnknownOutcomeMeansUnknown) {
  run();
  EXPECT_TRUE(world.send(1, "strange"));
  EXPECT_EQ(world.events.result(1).outcome, Outcome::kUnknown);
}

TEST_F(ProviderHandleTest, ImpossibleResultSizeIsRefused) {
  run();
  EXPECT_TRUE(world.send(1, "impossible result"));
  EXPECT_EQ(world.events.result(1).outcome, Outcome::kSent);
  EXPECT_EQ(world.faults("p1", "bad_argument"), 1U);
}

TEST_F(ProviderHandleTest, BusyMeansNotTakenAndNoResult) {
  run();
  EXPECT_FALSE(world.send(1, "busy"));
  EXPECT_TRUE(world.send(2, "sent"));
  EXPECT_EQ(world.events.result(2).outcome, Outcome::kSent);
  EXPECT_FALSE(world.events.has_result(1));
}

TEST_F(ProviderHandleTest, AnotherErrorIsRetry) {
  run();
  EXPECT_TRUE(world.send(1, "error"));
  const auto result = world.events.result(1);
  EXPECT_EQ(result.outcome, Outcome::kRetry);
  EXPECT_TRUE(result.detail.contains("HG_E_IO")) << result.detail;
}

TEST_F(ProviderHandleTest, CompletionOfWhatItRefusedHolds) {
  run();
  EXPECT_TRUE(world.send(1, "complete and refuse"));
  EXPECT_EQ(world.events.result(1).outcome, Outcome::kSent);
  EXPECT_EQ(world.faults("p1", "unaccepted_completion"), 1U);
}

TEST_F(ProviderHandleTest, PanicQuarantinesAndAnswersForEverything) {
  run();
  EXPECT_TRUE(world.send(1, "hold"));
  EXPECT_TRUE(world.send(2, "panic"));
  EXPECT_EQ(world.events.result(1).outcome, Outcome::kUnknown);
  EXPECT_EQ(world.events.result(2).outcome, Outcome::kUnknown);
  EXPECT_TRUE(world.events.wait_quarantine().contains("HG_E_PANIC"));
  EXPECT_FALSE(world.send(3, "sent"));
  EXPECT_EQ(world.state("p1"), "quarantined");
  ASSERT_EQ(world.host->problems().size(), 1U);
  EXPECT_TRUE(world.host->problems().front().contains("p1"));
}

TEST_F(ProviderHandleTest, MissedDeadlineIsCancelledThenAnsweredUnknown) {
  world.options.budgets.send_grace = milliseconds{20};
  run();
  EXPECT_TRUE(world.send(1, "hold", milliseconds{20}));
  EXPECT_EQ(world.events.result(1).outcome, Outcome::kUnknown);
  EXPECT_TRUE(world.log.has("cancelled: deadline"));
  EXPECT_EQ(world.faults("p1", "missing_completion"), 1U);
  // What it says afterwards is counted and changes nothing.
  EXPECT_TRUE(world.send(2, "release"));
  EXPECT_EQ(world.events.result(2).outcome, Outcome::kSent);
  EXPECT_EQ(world.events.result(1).outcome, Outcome::kUnknown);
  EXPECT_EQ(world.faults("p1", "late_completion"), 1U);
}

TEST_F(ProviderHandleTest, CompletionWithinTheGraceHolds) {
  run();
  EXPECT_TRUE(world.send(1, "hold", milliseconds{5}));
  EXPECT_TRUE(world.log.wait_for("cancelled: deadline"));
  EXPECT_TRUE(world.send(2, "release"));
  EXPECT_EQ(world.events.result(1).outcome, Outcome::kSent);
  EXPECT_EQ(world.faults("p1", "late_completion"), 0U);
}

TEST_F(ProviderHandleTest, CancelIsAdvice) {
  run();
  EXPECT_TRUE(world.send(1, "hold"));
  world.loop.run([&] { world.host->provider("p1")->cancel(ports::SendTicket{1}); });
  EXPECT_TRUE(world.log.has("cancelled"));
  EXPECT_FALSE(world.events.has_result(1));
  EXPECT_TRUE(world.send(2, "release"));
  EXPECT_EQ(world.events.result(1).outcome, Outcome::kSent);
}

TEST_F(ProviderHandleTest, StopAnswersForWhatThePluginKeeps) {
  run(probe_mode("keeps_sends"));
  EXPECT_TRUE(world.send(1, "hold"));
  world.host->stop();
  EXPECT_EQ(world.events.result(1).outcome, Outcome::kUnknown);
}

TEST_F(ProviderHandleTest, StopLetsThePluginComplete) {
  run();
  EXPECT_TRUE(world.send(1, "hold"));
  world.host->stop();
  EXPECT_EQ(world.events.result(1).outcome, Outcome::kUnknown);
  EXPECT_EQ(world.faults("p1", "late_completion"), 0U);
}

TEST_F(ProviderHandleTest, WindowIsTold) {
  run();
  EXPECT_TRUE(world.send(1, "window"));
  EXPECT_TRUE(world.events.wait_window(7));
}

TEST_F(ProviderHandleTest, HttpAnswerComesBack) {
  run();
  EXPECT_TRUE(world.send(1, "http://ok/"));
  const auto result = world.events.result(1);
  EXPECT_EQ(result.outcome, Outcome::kSent);
  EXPECT_EQ(result.status_code, 200);
  EXPECT_EQ(result.provider_message_id, "POST http://ok/");
}

TEST_F(ProviderHandleTest, HttpRefusalIsToldAtOnce) {
  run();
  EXPECT_FALSE(world.send(1, "http://busy/"));
}

TEST_F(ProviderHandleTest, HttpRequestsInFlightAreCancelledAtStop) {
  run(probe_mode("keeps_sends"));
  EXPECT_TRUE(world.send(1, "http://slow/"));
  world.host->stop();
  EXPECT_EQ(world.events.result(1).outcome, Outcome::kRetry);
  EXPECT_TRUE(world.log.has("destroyed"));
}

TEST_F(ProviderHandleTest, RequestThatCouldNotBeginInTimeIsNoResult) {
  run();
  EXPECT_TRUE(world.send(1, "http://cold/", std::chrono::minutes{1}, world.clock.mono()));
  EXPECT_TRUE(world.events.wait_missed(1));
  EXPECT_FALSE(world.events.has_result(1));
  // The same memory serves the next send, which is not marked.
  EXPECT_TRUE(world.send(2, "retry"));
  EXPECT_EQ(world.events.result(2).outcome, Outcome::kRetry);
  EXPECT_EQ(world.events.results_total(), 2U);
}

TEST_F(ProviderHandleTest, RequestWithoutALimitBeginsWhenItCan) {
  run();
  EXPECT_TRUE(world.send(1, "http://cold/"));
  EXPECT_EQ(world.events.result(1).outcome, Outcome::kSent);
}

TEST_F(ProviderHandleTest, RequestMadeOutsideOfSendHasNoLimit) {
  run();
  EXPECT_TRUE(world.send(1, "later http://cold/", std::chrono::minutes{1}, world.clock.mono()));
  EXPECT_EQ(world.events.result(1).outcome, Outcome::kSent);
}

TEST_F(ProviderHandleTest, AnythingButRetryAfterALateBeginIsThePluginsWord) {
  run();
  EXPECT_TRUE(world.send(1, "no answer is in doubt"));
  EXPECT_TRUE(world.send(2, "http://cold/", std::chrono::minutes{1}, world.clock.mono()));
  EXPECT_EQ(world.events.result(2).outcome, Outcome::kUnknown);
}

TEST_F(ProviderHandleTest, NotTriedIsNotAProvidersToSay) {
  run();
  EXPECT_TRUE(world.send(1, "not tried"));
  EXPECT_EQ(world.events.result(1).outcome, Outcome::kUnknown);
}

TEST_F(ProviderHandleTest, HttpTableReachesTheClient) {
  run(probe("p1", R"({"url":"x","http":{"connections":3,"connect_timeout":"250ms"}})"));
  EXPECT_EQ(world.http.options().connections_max, 3U);
  EXPECT_EQ(world.http.options().connect_timeout, milliseconds{250});
  EXPECT_EQ(world.http.options().queue_max, 1024U);
}

TEST_F(ProviderHandleTest, DescriptorIsWatchedLevelTriggered) {
  run();
  EXPECT_TRUE(world.send(1, "descriptor"));
  EXPECT_EQ(world.events.result(1).outcome, Outcome::kSent);
}

TEST_F(ProviderHandleTest, EmittedReceiptIsStoredBeforeThePluginHears) {
  run();
  EXPECT_TRUE(world.send(1, "emit"));
  EXPECT_EQ(world.events.result(1).outcome, Outcome::kSent);
  const auto receipts = world.events.receipts();
  ASSERT_EQ(receipts.size(), 1U);
  EXPECT_EQ(receipts[0].state, model::ReceiptState::kDelivered);
  EXPECT_EQ(receipts[0].provider_message_id, "peer-1");
  EXPECT_EQ(receipts[0].provider, model::ProviderKey{5});
  EXPECT_EQ(receipts[0].detail, "000");
}

TEST_F(ProviderHandleTest, EmittedReceiptThatCannotBeStored) {
  run();
  world.events.durable_ = false;
  EXPECT_TRUE(world.send(1, "emit"));
  EXPECT_EQ(world.events.result(1).outcome, Outcome::kRetry);
}

TEST_F(ProviderHandleTest, EmittedReceiptWhoseStoreEndedIsStillAnswered) {
  run();
  world.events.drop_receipts_ = true;
  EXPECT_TRUE(world.send(1, "emit"));
  EXPECT_EQ(world.events.result(1).outcome, Outcome::kRetry);
}

TEST_F(ProviderHandleTest, SlowCallIsCounted) {
  world.options.budgets.loop_call = std::chrono::nanoseconds{1};
  run();
  EXPECT_TRUE(world.send(1, "sent"));
  EXPECT_GE(world.faults("p1", "slow_call"), 1U);
}

TEST_F(ProviderHandleTest, MetricsCarryInstanceAndPlugin) {
  run();
  EXPECT_TRUE(world.send(1, "sent"));
  EXPECT_TRUE(world.send(2, "sent"));
  const auto metrics = world.host->metrics();
  ASSERT_EQ(metrics.size(), 1U);
  EXPECT_EQ(metrics[0].description.name, "sends");
  EXPECT_EQ(metrics[0].value, 2.0);
  EXPECT_EQ(metrics[0].description.labels[1].second, "p1");
  world.host->stop();
  EXPECT_TRUE(world.host->metrics().empty()) << "an instance that is no more";
}

TEST_F(ProviderHandleTest, CallsAfterDestroyFindAClosedDoor) {
  run();
  const auto copy = std::filesystem::directory_iterator(world.options.copy_folder)->path();
  world.host->stop();
  void* library = ::dlopen(copy.c_str(), RTLD_NOW | RTLD_NOLOAD);
  ASSERT_NE(library, nullptr);
  const auto call = reinterpret_cast<hg_status (*)()>(::dlsym(library, "probe_call_after_destroy"));
  ASSERT_NE(call, nullptr);
  EXPECT_EQ(call(), HG_E_STATE);
  EXPECT_EQ(world.faults("p1", "after_end"), 1U);
  ::dlclose(library);
}

TEST_F(ProviderHandleTest, ManySendsEachHaveOneResult) {
  run();
  for (std::uint64_t i = 1; i <= 2000; ++i)
    ASSERT_TRUE(world.send(i, i % 3 == 0 ? "twice" : "sent"));
  for (std::uint64_t i = 1; i <= 2000; ++i)
    EXPECT_EQ(world.events.result(i).outcome, Outcome::kSent);
  EXPECT_EQ(world.events.results_total(), 2000U);
}

TEST_F(ProviderHandleTest, ExceptionOfAnSdkProviderIsCaught) {
  world.options.plugins.files.push_back(
      {.id = "throwing", .file = test_plugin("throwing").string(), .sha256 = {}, .required = true});
  auto provider = probe("p1", "{}");
  provider.plugin = "throwing";
  run(provider);
  EXPECT_TRUE(world.send(1, "x"));
  EXPECT_EQ(world.events.result(1).outcome, Outcome::kUnknown);
  EXPECT_TRUE(world.events.wait_quarantine().contains("HG_E_PANIC"));
}

}  // namespace
}  // namespace heliograph::plugin
