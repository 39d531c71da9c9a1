// The content of a message reaches the provider with every send of it.
#include <gmock/gmock.h>

#include "tests/support/pipeline_world.h"

namespace heliograph::test {
namespace {

using testing::Each;

class Content : public testing::Test {
 protected:
  // Every send of the first provider, whatever comes of it.
  FakeProvider& watch(FakeProvider& provider) {
    provider.plan = [this](const ports::SendRequest& request) {
      seen.emplace_back(request.content);
      SendPlan plan;
      const int turn = static_cast<int>(seen.size());
      if (turn <= colds) plan.ready_after = milliseconds{30};
      if (turn <= failures) plan.outcome = model::Outcome::kRetry;
      plan.busy = turn <= busy;
      return plan;
    };
    return provider;
  }
  void submit_rich() {
    model::NewMessage message = PipelineWorld::message();
    message.content = "packed";
    world.submit(message);
  }

  PipelineWorld world;
  std::vector<std::string> seen;
  int colds = 0;     // sends that miss their permit's time
  int failures = 0;  // sends that fail for now
  int busy = 0;      // sends that are not taken
};

TEST_F(Content, GoesWithTheSendAndNotWithThoseWithoutAny) {
  watch(world.add_provider("one"));
  world.start();
  submit_rich();
  world.run_for(seconds{1});
  world.submit();
  world.run_for(seconds{1});
  EXPECT_THAT(seen, testing::ElementsAre("packed", ""));
  EXPECT_EQ(world.count(model::Status::kSent), 2u);
}

TEST_F(Content, IsThereAgainForASendThatMissedItsTime) {
  config::Provider settings;
  settings.limit = config::Limit{.limit = 50, .window = seconds{1}};
  watch(world.add_provider("one", {}, settings));
  colds = 2;
  world.start();
  submit_rich();
  world.run_for(seconds{1});
  EXPECT_EQ(world.status(0), model::Status::kSent);
  EXPECT_EQ(seen.size(), 3u);
  EXPECT_THAT(seen, Each("packed"));
}

TEST_F(Content, IsReadAnewForEachAttempt) {
  watch(world.add_provider("one"));
  failures = 2;
  world.start();
  submit_rich();
  world.run_for(minutes{10});
  EXPECT_EQ(world.status(0), model::Status::kSent);
  EXPECT_EQ(seen.size(), 3u);
  EXPECT_THAT(seen, Each("packed"));
}

TEST_F(Content, IsReadAnewAfterABusyProvider) {
  watch(world.add_provider("one"));
  busy = 1;
  world.start();
  submit_rich();
  world.run_for(seconds{5});
  EXPECT_EQ(world.status(0), model::Status::kSent);
  EXPECT_GE(seen.size(), 2u);
  EXPECT_THAT(seen, Each("packed"));
}

TEST_F(Content, OutlivesACrashDuringTheSend) {
  FakeProvider& provider = watch(world.add_provider("one", {.dedupes = true}));
  world.start();
  submit_rich();
  for (int i = 0; i < 1'000 && provider.in_flight == 0; ++i) world.run_for(milliseconds{1});
  ASSERT_EQ(provider.in_flight, 1u);
  world.restart();
  world.run_for(minutes{10});
  EXPECT_EQ(world.status(0), model::Status::kSent);
  EXPECT_EQ(seen.size(), 2u);
  EXPECT_THAT(seen, Each("packed"));
}

}  // namespace
}  // namespace heliograph::test
