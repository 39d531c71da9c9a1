// What became of messages last, as the dashboard asks for it.
#include <gmock/gmock.h>

#include "core/store/sqlite/recent_ends.h"
#include "tests/unit/store/world.h"

namespace heliograph::store {
namespace {

using model::Outcome;
using model::ReceiptState;
using model::Status;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

class RecentEndsTest : public testing::Test {
 protected:
  ports::RecentEnds ends() { return world.store->recent_ends(); }
  World world{Threading::kInline};
};

TEST_F(RecentEndsTest, TimesAreThoseOfEveryMessageThatCameSoFar) {
  const model::MessageId id = world.accept_ok();
  world.clock.advance(seconds{2});
  ASSERT_TRUE(world.begin(id));
  ports::FinishAttempt command = world.outcome(id, Outcome::kSent, Status::kSent);
  command.result.provider_message_id = "p-1";
  world.finish(command);
  EXPECT_THAT(ends().sent, ElementsAre(seconds{2}));
  EXPECT_THAT(ends().delivered, IsEmpty());
  world.clock.advance(seconds{3});
  world.receipt(world.receipt_of("p-1", ReceiptState::kDelivered));
  EXPECT_THAT(ends().sent, ElementsAre(seconds{2})) << "it was sent, whatever it is now";
  EXPECT_THAT(ends().delivered, ElementsAre(seconds{5}));
  EXPECT_THAT(ends().failed, IsEmpty());
}

TEST_F(RecentEndsTest, FailuresAreInTheOrderInWhichTheyFailed) {
  const model::MessageId old = world.accept_ok();
  const model::MessageId young = world.failed();
  ASSERT_TRUE(world.begin(old));
  world.finish(world.outcome(old, Outcome::kRejected, Status::kFailedPerm));
  EXPECT_THAT(ends().failed, ElementsAre(old, young));
  const model::MessageId expired = world.accept_ok();
  world.clock.advance(std::chrono::hours{1'000});
  world.expire({expired});
  EXPECT_THAT(ends().failed, ElementsAre(expired, old, young));
  world.cancel(world.accept_ok());
  EXPECT_EQ(ends().failed.size(), 3U) << "cancelled is not failed";
}

TEST_F(RecentEndsTest, AFailureThatGoesOnIsNoneAnyMore) {
  const model::MessageId id = world.accept_ok();
  ASSERT_TRUE(world.begin(id));
  ports::FinishAttempt again = world.outcome(id, Outcome::kRetry, Status::kFailedTemp);
  world.finish(again);
  EXPECT_THAT(ends().failed, ElementsAre(id));
  ASSERT_TRUE(world.begin(id, 1));
  world.finish(world.outcome(id, Outcome::kSent, Status::kSent, 2));
  EXPECT_THAT(ends().failed, IsEmpty());
}

TEST_F(RecentEndsTest, ARequeuedMessageIsNotTimed) {
  const model::MessageId id = world.failed();
  world.clock.advance(std::chrono::hours{5});
  world.requeue(id);
  ASSERT_TRUE(world.begin(id, 1, 1));
  world.finish(world.outcome(id, Outcome::kSent, Status::kSent, 2, 1));
  EXPECT_THAT(ends().sent, IsEmpty());
}

TEST(RecentEnds, KeepsSoManyAndNoMore) {
  RecentEnds recent;
  for (std::int64_t i = 1; i <= 200; ++i) {
    Effects effects;
    effects.ended(model::MessageId::from_parts(i, 0), Status::kExpired, {});
    effects.ended(model::MessageId::from_parts(i, 1), Status::kSent, milliseconds{i});
    effects.ended(model::MessageId::from_parts(i, 1), Status::kDelivered, milliseconds{i});
    recent.take(effects);
  }
  const ports::RecentEnds ends = recent.copy();
  EXPECT_EQ(ends.failed.size(), RecentEnds::kFailedMax);
  EXPECT_EQ(ends.failed.front(), model::MessageId::from_parts(200, 0));
  EXPECT_EQ(ends.sent.size(), RecentEnds::kTimesMax);
  EXPECT_EQ(ends.sent.front(), milliseconds{200});
  EXPECT_EQ(ends.delivered.size(), RecentEnds::kTimesMax);
}

}  // namespace
}  // namespace heliograph::store
