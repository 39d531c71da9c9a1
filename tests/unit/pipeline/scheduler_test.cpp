#include "core/pipeline/scheduler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace heliograph::pipeline {
namespace {

using ports::QueueKey;
using ports::QueuePosition;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr model::TimePoint kNow{hours{500'000}};
constexpr ProviderMask kUp = 1;
constexpr ProviderMask kAllDown = 0;

class SchedulerTest : public testing::Test {
 protected:
  static model::WorkItem item(std::int64_t row, model::TimePoint due = kNow,
                              std::int64_t client = 1) {
    model::WorkItem out;
    out.id = model::MessageId::from_parts(row, 1);
    out.client = model::ClientId{client};
    out.dispatch_class = model::ClassId{1};
    out.status = model::Status::kQueued;
    out.due = due;
    out.expires_at = kNow + hours{10};
    return out;
  }
  static QueueKey key(std::int64_t client = 1) {
    return {model::Lane::kNormal, model::ClientId{client}, model::ClassId{1}};
  }
  std::int64_t next() {
    Job* job = scheduler.next({.providers = kUp, .closed = {}});
    return job == nullptr ? 0 : job->item.id.row();
  }
  // Answers a page request from a list of rows in order, as the store would.
  std::vector<model::MessageId> answer(const ports::PageRequest& request,
                                       const std::vector<model::WorkItem>& stored,
                                       model::TimePoint now = kNow) {
    ports::Page page;
    for (const model::WorkItem& row : stored) {
      const QueuePosition position{row.due, row.id.row()};
      if (position <= request.after) continue;
      if (row.due > request.until || page.items.size() == request.limit) {
        page.next_due = row.due;
        break;
      }
      page.items.push_back(row);
    }
    return scheduler.on_page(request.key, page, now);
  }
  DispatchClasses classes{[](const ports::DispatchClass&) { return kUp; }};
  Scheduler scheduler{100, classes};
};

TEST_F(SchedulerTest, FreshMessagesNeedNoPage) {
  for (std::int64_t row = 1; row <= 5; ++row) scheduler.offer(item(row), kNow);
  for (std::int64_t row = 1; row <= 5; ++row) EXPECT_EQ(next(), row);
  EXPECT_EQ(next(), 0);
  EXPECT_TRUE(scheduler.pages(kUp, kNow).empty());
}

TEST_F(SchedulerTest, AMessageOfTheFutureIsReadWhenItIsDue) {
  scheduler.offer(item(1, kNow + minutes{5}), kNow);
  EXPECT_EQ(next(), 0);
  EXPECT_TRUE(scheduler.pages(kUp, kNow).empty());
  EXPECT_EQ(scheduler.next_due(kUp, kNow), kNow + minutes{5});
  EXPECT_EQ(scheduler.next_due(kAllDown, kNow), model::kNever) << "nobody could take it";
  const auto pages = scheduler.pages(kUp, kNow + minutes{5});
  ASSERT_EQ(pages.size(), 1u);
  EXPECT_EQ(pages[0].key, key());
  EXPECT_EQ(pages[0].until, kNow + minutes{5});
  answer(pages[0], {item(1, kNow + minutes{5})}, kNow + minutes{5});
  EXPECT_EQ(next(), 1);
}

TEST_F(SchedulerTest, AFreshMessageDoesNotPassAnUnreadOne) {
  scheduler.note_waiting(key(), {kNow, 1}, kNow);
  scheduler.offer(item(2), kNow);
  EXPECT_EQ(next(), 0) << "the first is due and unread";
  const auto pages = scheduler.pages(kUp, kNow);
  ASSERT_EQ(pages.size(), 1u);
  answer(pages[0], {item(1), item(2)});
  EXPECT_EQ(next(), 1);
  EXPECT_EQ(next(), 2);
  scheduler.offer(item(3), kNow);
  EXPECT_EQ(next(), 3) << "it has caught up";
}

TEST_F(SchedulerTest, WhatIsHeardDuringAPageIsNeitherLostNorDoubled) {
  scheduler.note_waiting(key(), {kNow, 1}, kNow);
  const auto pages = scheduler.pages(kUp, kNow);
  scheduler.offer(item(2), kNow);                               // in the page
  scheduler.offer(item(3), kNow);                               // committed after its snapshot
  scheduler.note_waiting(key(), {kNow - seconds{1}, 9}, kNow);  // a retry before it all
  answer(pages[0], {item(1), item(2)});
  EXPECT_EQ(next(), 1);
  EXPECT_EQ(next(), 2);
  const auto more = scheduler.pages(kUp, kNow);
  ASSERT_EQ(more.size(), 1u);
  answer(more[0], {item(9, kNow - seconds{1}), item(1), item(2), item(3)});
  EXPECT_EQ(next(), 9);
  EXPECT_EQ(next(), 3);
  EXPECT_EQ(next(), 0);
}

TEST_F(SchedulerTest, WhatIsHeardDuringAPageEntersAfterIt) {
  scheduler.note_waiting(key(), {kNow, 1}, kNow);
  const auto pages = scheduler.pages(kUp, kNow);
  scheduler.offer(item(2), kNow);
  scheduler.offer(item(3), kNow);
  answer(pages[0], {item(1), item(2)});
  for (std::int64_t row = 1; row <= 3; ++row) EXPECT_EQ(next(), row);
  EXPECT_TRUE(scheduler.pages(kUp, kNow).empty()) << "nothing is left to be read";
}

TEST_F(SchedulerTest, ARetryBehindTheCursorMovesItBack) {
  scheduler.offer(item(5), kNow);
  Job* job = scheduler.next({.providers = kUp, .closed = {}});
  scheduler.leave(*job, Scheduler::Waits{key(), {kNow - seconds{1}, 5}}, kNow);
  const auto pages = scheduler.pages(kUp, kNow);
  ASSERT_EQ(pages.size(), 1u);
  EXPECT_LT(pages[0].after, (QueuePosition{kNow - seconds{1}, 5}));
}

TEST_F(SchedulerTest, ALaterStateOfAMessageIsReadAgainWhenTheOlderOneIsVoid) {
  scheduler.offer(item(1), kNow);
  Job* job = scheduler.next({.providers = kUp, .closed = {}});
  model::WorkItem moved = item(1, kNow + seconds{1});
  moved.attempt_number = 3;
  scheduler.offer(moved, kNow);
  EXPECT_EQ(next(), 0) << "it is in memory";
  scheduler.leave(*job, std::nullopt, kNow);
  EXPECT_EQ(scheduler.next_due(kUp, kNow), kNow + seconds{1});
}

TEST_F(SchedulerTest, ExpiredMessagesOfAPageDoNotEnter) {
  scheduler.note_waiting(key(), {kNow, 1}, kNow);
  model::WorkItem old = item(1);
  old.expires_at = kNow;
  const auto pages = scheduler.pages(kUp, kNow);
  const auto expired = answer(pages[0], {old, item(2)});
  ASSERT_EQ(expired.size(), 1u);
  EXPECT_EQ(expired[0].row(), 1);
  EXPECT_EQ(next(), 2);
}

TEST_F(SchedulerTest, ExpiredMessagesInMemoryAreTakenOut) {
  model::WorkItem brief = item(1);
  brief.expires_at = kNow + seconds{5};
  scheduler.offer(brief, kNow);
  scheduler.offer(item(2), kNow);
  EXPECT_TRUE(scheduler.take_expired(kNow).empty());
  ASSERT_EQ(scheduler.take_expired(kNow + seconds{5}).size(), 1u);
  EXPECT_EQ(scheduler.find(brief.id)->stage, Stage::kExpiring);
  EXPECT_EQ(next(), 2);
  EXPECT_EQ(next(), 0);
}

TEST_F(SchedulerTest, AnEmptyPageIsNotAskedForInALoop) {
  scheduler.note_waiting(key(), {kNow, 1}, kNow);
  const auto pages = scheduler.pages(kUp, kNow);
  ports::Page empty;
  empty.next_due = kNow;
  scheduler.on_page(key(), empty, kNow);
  EXPECT_TRUE(scheduler.pages(kUp, kNow).empty());
  EXPECT_EQ(scheduler.pages(kUp, kNow + milliseconds{10}).size(), 1u);
}

TEST_F(SchedulerTest, NeverMoreThanTheWindow) {
  for (std::int64_t client = 1; client <= 5; ++client)
    for (std::int64_t row = 1; row <= 100; ++row)
      scheduler.offer(item(client * 1'000 + row, kNow, client), kNow);
  EXPECT_LE(scheduler.in_memory(), 100u);
  EXPECT_GE(scheduler.in_memory(), 85u);
}

TEST_F(SchedulerTest, OneClientLeavesAQuarterToOthers) {
  for (std::int64_t row = 1; row <= 500; ++row) scheduler.offer(item(row), kNow);
  EXPECT_EQ(scheduler.in_memory(), 75u);
  scheduler.offer(item(1'000, kNow, 2), kNow);
  EXPECT_EQ(scheduler.in_memory(), 76u);
}

TEST_F(SchedulerTest, WhatIsMerelyWaitingMakesRoomForOthers) {
  std::map<std::int64_t, std::vector<model::WorkItem>> stored;
  for (std::int64_t client = 1; client <= 3; ++client) {
    for (std::int64_t row = 1; row <= 200; ++row) {
      stored[client].push_back(item(client * 1'000 + row, kNow, client));
      scheduler.offer(stored[client].back(), kNow);
    }
  }
  EXPECT_EQ(scheduler.in_memory(), 88u) << "one class: an eighth is kept for others";
  const auto pages = scheduler.pages(kUp, kNow + milliseconds{1});
  ASSERT_FALSE(pages.empty()) << "the third client has nothing in memory yet";
  EXPECT_EQ(pages[0].key.client, model::ClientId{3});
  answer(pages[0], stored[3]);
  EXPECT_LE(scheduler.in_memory(), 100u);
  EXPECT_NE(next(), 0);
}

TEST_F(SchedulerTest, ALaterStateIsNotForgottenWithAMessageThatMakesRoom) {
  for (std::int64_t row = 1; row <= 60; ++row) scheduler.offer(item(row), kNow);
  // Ended and requeued behind our back, to wait in another queue.
  model::WorkItem requeued = item(60);
  requeued.cycle = 1;
  requeued.dispatch_class = model::ClassId{2};
  scheduler.offer(requeued, kNow);
  for (std::int64_t client = 2; client <= 3; ++client)
    for (std::int64_t row = 1; row <= 100; ++row)
      scheduler.offer(item(client * 1'000 + row, kNow, client), kNow);
  const model::TimePoint later = kNow + milliseconds{1};
  std::vector<QueueKey> read;
  for (int i = 0; i < 2; ++i) {
    for (const ports::PageRequest& page : scheduler.pages(kUp, later)) {
      read.push_back(page.key);
      answer(page, {}, later);
    }
  }
  ASSERT_EQ(scheduler.find(item(60).id), nullptr) << "it was to make room";
  EXPECT_TRUE(std::ranges::count(
      read, QueueKey{model::Lane::kNormal, model::ClientId{1}, model::ClassId{2}}));
}

TEST_F(SchedulerTest, QueuesWithoutAProviderAreNotRead) {
  scheduler.note_waiting(key(), {kNow, 1}, kNow);
  EXPECT_TRUE(scheduler.pages(kAllDown, kNow).empty());
  EXPECT_EQ(scheduler.pages(kUp, kNow).size(), 1u);
  EXPECT_TRUE(scheduler.pages(kUp, kNow).empty()) << "it is under way";
}

TEST_F(SchedulerTest, IdleQueuesAreForgotten) {
  scheduler.offer(item(1), kNow);
  scheduler.note_waiting(key(2), {kNow + hours{1}, 2}, kNow);
  EXPECT_EQ(scheduler.queues(), 2u);
  scheduler.forget_idle(kNow + minutes{10}, minutes{5});
  EXPECT_EQ(scheduler.queues(), 2u) << "one holds a message, one waits for its time";
  Job* job = scheduler.next({.providers = kUp, .closed = {}});
  scheduler.leave(*job, std::nullopt, kNow);
  scheduler.forget_idle(kNow + minutes{10}, minutes{5});
  EXPECT_EQ(scheduler.queues(), 1u);
  scheduler.offer(item(3, kNow + minutes{10}), kNow + minutes{10});
  EXPECT_EQ(next(), 3);
}

TEST_F(SchedulerTest, APutBackMessageIsFirstAgain) {
  scheduler.offer(item(1), kNow);
  scheduler.offer(item(2), kNow);
  Job* job = scheduler.next({.providers = kUp, .closed = {}});
  scheduler.put_back(*job);
  EXPECT_EQ(next(), 1);
  EXPECT_EQ(next(), 2);
}

}  // namespace
}  // namespace heliograph::pipeline
