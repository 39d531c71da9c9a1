// The scheduler's view: pages in order, what comes next, the heads of all queues.
#include <gmock/gmock.h>
#include <sqlite3.h>

#include "tests/unit/store/world.h"

namespace heliograph::store {
namespace {

using model::Status;
using testing::ElementsAre;

class QueueTest : public StoreTest {
 protected:
  ports::Page page(std::size_t limit, ports::QueuePosition after = {}) {
    return world.page(
        {.key = world.queue(), .after = after, .until = world.clock.wall(), .limit = limit});
  }
  static std::vector<model::MessageId> ids(const ports::Page& page) {
    std::vector<model::MessageId> found;
    for (const auto& item : page.items) found.push_back(item.id);
    return found;
  }
  static ports::QueuePosition position(const model::WorkItem& item) {
    return {.due = item.due, .row = item.id.row()};
  }
  model::MessageId accept_in(std::chrono::milliseconds wait) {
    ports::AcceptCommand command = world.message();
    command.message.send_at = world.clock.real_wall() + wait;
    return world.accept_ok(command);
  }
};
HG_IN_BOTH_MODES(QueueTest);

TEST_P(QueueTest, AnEmptyQueueHasNothingToCome) {
  const ports::Page empty = page(10);
  EXPECT_TRUE(empty.items.empty());
  EXPECT_EQ(empty.next_due, model::kNever);
}

TEST_P(QueueTest, PagesFollowOneAnother) {
  std::vector<model::MessageId> accepted;
  for (int i = 0; i < 25; ++i) accepted.push_back(world.accept_ok());  // all due in one millisecond
  std::vector<model::MessageId> seen;
  ports::QueuePosition after;
  for (int i = 0; i < 3; ++i) {
    const ports::Page next = page(10, after);
    for (const auto& item : next.items) seen.push_back(item.id);
    after = position(next.items.back());
    EXPECT_EQ(next.next_due, i < 2 ? world.clock.wall() : model::kNever);
  }
  EXPECT_EQ(seen, accepted);
  EXPECT_TRUE(page(10, after).items.empty());
}

TEST_P(QueueTest, TheEarlierDueComesFirst) {
  const model::MessageId late = accept_in(std::chrono::seconds{20});
  const model::MessageId early = accept_in(std::chrono::seconds{10});
  const model::MessageId now = world.accept_ok();
  EXPECT_THAT(ids(page(10)), ElementsAre(now));
  world.clock.advance(std::chrono::seconds{20});
  EXPECT_THAT(ids(page(10)), ElementsAre(now, early, late));
}

TEST_P(QueueTest, NextDueLooksBeyondTheLimitOfTime) {
  world.accept_ok();
  accept_in(std::chrono::seconds{10});
  const model::TimePoint due = world.clock.wall() + std::chrono::seconds{10};
  EXPECT_EQ(page(10).next_due, due);
  EXPECT_EQ(page(10, {.due = world.clock.wall(), .row = INT64_MAX}).next_due, due);
  EXPECT_EQ(page(0).next_due, world.clock.wall());
}

TEST_P(QueueTest, WhatIsBeingSentIsLeftOut) {
  const model::MessageId first = world.accept_ok();
  const model::MessageId second = world.accept_ok();
  const model::MessageId third = world.accept_ok();
  ASSERT_TRUE(world.begin(first));
  ASSERT_TRUE(world.begin(third));
  const ports::Page waiting = page(10);
  EXPECT_THAT(ids(waiting), ElementsAre(second));
  EXPECT_EQ(waiting.next_due, model::kNever);
}

TEST_P(QueueTest, WhatHasEndedIsLeftOut) {
  world.sent("p-1");
  world.failed();
  world.cancel(world.accept_ok());
  EXPECT_TRUE(page(10).items.empty());
  EXPECT_TRUE(world.store->queue_heads().empty());
}

TEST_P(QueueTest, AMessageThatComesBackIsSeenAgain) {
  const model::MessageId id = world.accept_ok();
  const ports::QueuePosition before = position(page(10).items.front());
  ASSERT_TRUE(world.begin(id));
  ports::FinishAttempt command = world.outcome(id, model::Outcome::kRetry, Status::kFailedTemp);
  command.due = world.clock.wall() + std::chrono::seconds{1};
  ASSERT_TRUE(world.finish(command).applied);
  EXPECT_EQ(page(10, before).next_due, command.due);
  world.clock.advance(std::chrono::seconds{1});
  EXPECT_THAT(ids(page(10, before)), ElementsAre(id));
}

TEST_P(QueueTest, EveryQueueHasAHead) {
  const auto other =
      world.call<std::optional<model::Client>>([&](ports::Done<std::optional<model::Client>> done) {
        ports::DeclaredClient declared;
        declared.client.name = "other";
        world.store->add_client(declared, world.executor, std::move(done));
      });
  for (int i = 0; i < 5; ++i) world.accept_ok();
  ports::AcceptCommand command = world.message();
  command.message.client = other->id;
  world.accept_ok(command);
  command.message.lane = model::Lane::kUrgent;
  world.clock.advance(std::chrono::seconds{1});
  world.accept_ok(command);
  command.message.pinned_provider = "beta";
  command.message.send_at = world.clock.real_wall() + std::chrono::seconds{9};
  world.accept_ok(command);
  const model::MessageId sending = world.accept_ok([&] {
    ports::AcceptCommand bulk = world.message();
    bulk.message.lane = model::Lane::kBulk;
    return bulk;
  }());
  ASSERT_TRUE(world.begin(sending));

  const model::ClassId pinned = world.store->intern_class(model::Channel::kSms, world.beta);
  const model::TimePoint start = world.clock.wall() - std::chrono::seconds{1};
  std::vector<std::pair<ports::QueueKey, model::TimePoint>> heads;
  for (const auto& head : world.store->queue_heads()) heads.emplace_back(head.key, head.first_due);
  using model::Lane;
  const ports::QueueKey urgent{Lane::kUrgent, other->id, world.any_sms};
  const ports::QueueKey urgent_pinned{Lane::kUrgent, other->id, pinned};
  const ports::QueueKey normal{Lane::kNormal, world.client.id, world.any_sms};
  const ports::QueueKey normal_other{Lane::kNormal, other->id, world.any_sms};
  EXPECT_THAT(heads, ElementsAre(std::pair(urgent, start + std::chrono::seconds{1}),
                                 std::pair(urgent_pinned, start + std::chrono::seconds{10}),
                                 std::pair(normal, start), std::pair(normal_other, start)));
}

// The plan of a statement, line by line. Paging by anything but a search of the index of live
// messages would be a scan, unnoticed until there are millions.
std::string plan(Connection& connection, const std::string& sql) {
  Statement statement(connection, "EXPLAIN QUERY PLAN " + sql);
  std::string text;
  Rows rows = statement.query();
  while (rows.next()) {
    rows.get<int>();
    rows.get<int>();
    rows.get<int>();
    text += rows.get<std::string>() + "\n";
  }
  return text;
}

TEST(QueuePlanTest, EverythingOnTheHotPathSeeks) {
  World world(Threading::kInline);
  world.close(true);
  Connection connection(world.path(), ConnectionMode::kReader);
  const std::string live = "FROM messages INDEXED BY messages_live WHERE live = 1";
  EXPECT_EQ(plan(connection, "SELECT body " + live +
                                 " AND lane = 1 AND client = 1 AND class = 1 AND due = 5"
                                 " AND id > 6 ORDER BY id"),
            "SEARCH messages USING INDEX messages_live"
            " (live=? AND lane=? AND client=? AND class=? AND due=? AND rowid>?)\n");
  EXPECT_EQ(plan(connection, "SELECT body " + live +
                                 " AND lane = 1 AND client = 1 AND class = 1 AND due > 5"
                                 " ORDER BY due, id"),
            "SEARCH messages USING INDEX messages_live"
            " (live=? AND lane=? AND client=? AND class=? AND due>?)\n");
  EXPECT_EQ(plan(connection, "SELECT lane, client, class " + live +
                                 " AND lane = 1 AND client = 2 AND class > 3"
                                 " ORDER BY lane, client, class LIMIT 1"),
            "SEARCH messages USING COVERING INDEX messages_live"
            " (live=? AND lane=? AND client=? AND class>?)\n");
  EXPECT_EQ(plan(connection, "SELECT count(*) " + live),
            "SEARCH messages USING COVERING INDEX messages_live (live=?)\n");
  EXPECT_EQ(plan(connection,
                 "SELECT id FROM messages WHERE client = 1 AND id >= 5 AND id < 9"
                 " ORDER BY id DESC"),
            "SEARCH messages USING COVERING INDEX messages_by_client"
            " (client=? AND rowid>? AND rowid<?)\n");
}

// A scan would show: with one message looked at in a microsecond, none of these may take the time
// of a whole queue. Counted in SQLite's own steps, not in seconds.
TEST(QueuePlanTest, ALongQueueIsSteppedOver) {
  World world(Threading::kInline);
  std::size_t answered = 0;
  ports::AcceptCommand scheduled = world.message();
  scheduled.message.send_at = world.clock.real_wall() + std::chrono::hours{1};
  for (int i = 0; i < 3'000; ++i) {
    world.store->accept(scheduled, world.executor, [&](const auto&) { ++answered; });
  }
  ports::AcceptCommand bulk = scheduled;
  bulk.message.lane = model::Lane::kBulk;
  world.store->accept(bulk, world.executor, [&](const auto&) { ++answered; });
  world.run_until([&] { return answered == 3'001; });
  world.close(true);

  Connection connection(world.path(), ConnectionMode::kReader);
  QueueQueries queries(connection);
  int steps = 0;
  sqlite3_progress_handler(
      connection.handle(), 1, [](void* count) { return ++*static_cast<int*>(count) < 0 ? 1 : 0; },
      &steps);
  EXPECT_EQ(queries.heads().size(), 2u);
  EXPECT_LT(steps, 500);
  steps = 0;
  const model::TimePoint due = world.clock.wall() + std::chrono::hours{1};
  const ports::Page page = queries.page(
      {.key = world.queue(), .after = {.due = due, .row = INT64_MAX}, .until = due, .limit = 10});
  EXPECT_TRUE(page.items.empty());
  EXPECT_LT(steps, 500);
  sqlite3_progress_handler(connection.handle(), 0, nullptr, nullptr);
}

}  // namespace
}  // namespace heliograph::store
