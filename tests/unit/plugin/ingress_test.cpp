#include "tests/unit/plugin/harness.h"

namespace heliograph::plugin {
namespace {

class IngressTest : public ::testing::Test {
 protected:
  void run(const std::string& mode = "plain") {
    world.options.providers = {probe_mode(mode)};
    world.run();
  }
  ports::IngressAnswer ask(const std::string& body, bool local = true,
                           const std::string& provider = "p1") {
    auto answered = std::make_shared<std::promise<ports::IngressAnswer>>();
    auto later = answered->get_future();
    ports::IngressRequest request{.provider = provider,
                                  .method = "POST",
                                  .target = "/v1/providers/p1/events",
                                  .url = "http://localhost/v1/providers/p1/events",
                                  .peer = "127.0.0.1",
                                  .peer_is_local = local,
                                  .headers = {{"content-type", "text/plain"}},
                                  .body = body};
    world.host->ingress().handle(
        std::move(request), world.loop,
        [answered](ports::IngressAnswer answer) { answered->set_value(std::move(answer)); });
    EXPECT_EQ(later.wait_for(kPatience), std::future_status::ready);
    return later.get();
  }
  Host world;
};

TEST_F(IngressTest, EventsAreStoredThenAnswered) {
  run();
  const auto answer = ask("peer-9");
  EXPECT_EQ(answer.status, 200U);
  EXPECT_EQ(answer.body, "taken");
  ASSERT_EQ(world.events.receipts().size(), 1U);
  EXPECT_EQ(world.events.receipts()[0].provider_message_id, "peer-9");
  EXPECT_EQ(world.faults("p1", "double_completion"), 1U) << "its second answer";
}

TEST_F(IngressTest, PluginDecidesByWhereThePeerIs) {
  run();
  EXPECT_EQ(ask("peer-9", false).status, 403U);
  EXPECT_TRUE(world.events.receipts().empty());
}

TEST_F(IngressTest, NotDurableIs503) {
  run();
  world.events.durable_ = false;
  const auto answer = ask("peer-9");
  EXPECT_EQ(answer.status, 503U);
  EXPECT_FALSE(answer.headers.empty());
}

TEST_F(IngressTest, UnknownProviderIs404) {
  run();
  EXPECT_EQ(ask("x", true, "p2").status, 404U);
}

TEST_F(IngressTest, FailureIs500) {
  run();
  EXPECT_EQ(ask("broken").status, 500U);
}

TEST_F(IngressTest, NoAnswerIs504) {
  world.options.budgets.ingress = std::chrono::milliseconds{20};
  run();
  EXPECT_EQ(ask("never").status, 504U);
  EXPECT_EQ(world.faults("p1", "missing_completion"), 1U);
}

TEST_F(IngressTest, QuarantinedIs503) {
  run();
  EXPECT_TRUE(world.send(1, "panic"));
  world.events.wait_quarantine();
  EXPECT_EQ(ask("peer-9").status, 503U);
}

TEST_F(IngressTest, StoppedAnswersThoseWhoWait) {
  run();
  auto answered = std::make_shared<std::promise<unsigned>>();
  auto later = answered->get_future();
  ports::IngressRequest request;
  request.provider = "p1";
  request.body = "never";
  world.host->ingress().handle(std::move(request), world.loop,
                               [answered](auto answer) { answered->set_value(answer.status); });
  world.loop.run([] {});
  world.host->stop();
  ASSERT_EQ(later.wait_for(kPatience), std::future_status::ready);
  EXPECT_EQ(later.get(), 503U);
}

}  // namespace
}  // namespace heliograph::plugin
