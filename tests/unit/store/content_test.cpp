// What a message carries besides its text: kept apart, read when an attempt begins, erased with the
// text.
#include <gmock/gmock.h>

#include "core/store/sqlite/migrations.h"
#include "tests/unit/store/world.h"

namespace heliograph::store {
namespace {

using model::Outcome;
using model::Status;

class ContentTest : public StoreTest {
 protected:
  ports::AcceptCommand rich(std::int64_t cost = 0) {
    ports::AcceptCommand command = world.message(cost);
    command.message.content = packed;
    return command;
  }
  std::int64_t rows() {
    Connection connection(world.path(), ConnectionMode::kReader);
    return connection.query_integer("SELECT count(*) FROM contents");
  }
  std::vector<model::WorkItem> waiting() {
    return world.page({.key = world.queue(), .after = {}, .until = model::kNever, .limit = 100})
        .items;
  }
  model::MessageId dead() {
    const model::MessageId id = world.accept_ok(rich());
    EXPECT_TRUE(world.begin(id));
    EXPECT_TRUE(world.finish(world.outcome(id, Outcome::kRejected, Status::kFailedPerm)).applied);
    return id;
  }

  const model::Content content{
      .subject = "Subject",
      .html = "<b>x</b>",
      .media = {},
      .attachments = {{.name = "a.txt", .content_type = "text/plain", .bytes = "bytes"}}};
  const std::string packed = model::pack(content);
};
HG_IN_BOTH_MODES(ContentTest);

TEST_P(ContentTest, APlainMessageHasNoRowAndNoContent) {
  const model::MessageId id = world.accept_ok();
  EXPECT_EQ(rows(), 0);
  ASSERT_EQ(waiting().size(), 1U);
  EXPECT_FALSE(waiting()[0].rich);
  EXPECT_FALSE(world.view(id).content);
  const ports::BeginResult begun = world.begin_with_content(id);
  EXPECT_TRUE(begun.begun);
  EXPECT_EQ(begun.content, "");
}

TEST_P(ContentTest, ReadWhenTheAttemptBeginsAndNotBefore) {
  const model::MessageId id = world.accept_ok(rich());
  EXPECT_EQ(rows(), 1);
  const auto told = world.take_waiting();
  ASSERT_EQ(told.size(), 1U);
  EXPECT_TRUE(told[0].at(0).rich);
  ASSERT_EQ(waiting().size(), 1U);
  EXPECT_TRUE(waiting()[0].rich);
  const ports::BeginResult stale = world.begin_with_content(id, 7);
  EXPECT_FALSE(stale.begun);
  EXPECT_EQ(stale.content, "");
  const ports::BeginResult begun = world.begin_with_content(id);
  EXPECT_TRUE(begun.begun);
  EXPECT_EQ(model::unpack(begun.content), content);
}

TEST_P(ContentTest, NotReadWhereItIsNotAskedFor) {
  const model::MessageId id = world.accept_ok(rich());
  const ports::BeginResult begun = world.begin(
      ports::BeginAttempt{.id = id, .provider = world.alpha, .started_at = world.clock.wall()});
  EXPECT_TRUE(begun.begun);
  EXPECT_EQ(begun.content, "");
}

TEST_P(ContentTest, ShownOfOneMessageAndNotInLists) {
  const model::MessageId id = world.accept_ok(rich());
  const auto view = world.view(id).content;
  ASSERT_TRUE(view);
  EXPECT_EQ(view->subject, "Subject");
  ASSERT_EQ(view->attachments.size(), 1U);
  EXPECT_EQ(view->attachments[0].size, 5U);
  const ports::MessageList list = world.list({});
  ASSERT_EQ(list.messages.size(), 1U);
  EXPECT_FALSE(list.messages[0].content);
}

TEST_P(ContentTest, RefusedMessagesLeaveNone) {
  EXPECT_TRUE(std::holds_alternative<ports::InsufficientCredit>(world.accept(rich(1'001))));
  EXPECT_EQ(rows(), 0);
}

TEST_P(ContentTest, AReplayWritesNoSecondOne) {
  ports::AcceptCommand command = rich();
  command.idempotency = key(1);
  const model::MessageId id = world.accept_ok(command);
  EXPECT_EQ(world.accept_ok(command), id);
  EXPECT_EQ(rows(), 1);
}

TEST_P(ContentTest, KeptByARequeue) {
  const model::MessageId id = dead();
  ASSERT_TRUE(std::holds_alternative<ports::Requeued>(world.requeue(id)));
  ASSERT_EQ(waiting().size(), 1U);
  EXPECT_TRUE(waiting()[0].rich);
  const ports::BeginResult begun = world.begin_with_content(id, 1, 1);
  ASSERT_TRUE(begun.begun);
  EXPECT_EQ(model::unpack(begun.content), content);
}

TEST_P(ContentTest, ErasedWithTheText) {
  const model::MessageId id = dead();
  world.sent("p-1");
  world.clock.advance(std::chrono::hours{24 * 31});
  EXPECT_EQ(world.erase().changed, 2U);
  EXPECT_EQ(rows(), 0);
  EXPECT_EQ(world.view(id).text, "");
  EXPECT_FALSE(world.view(id).content);
}

TEST_P(ContentTest, GoesWithTheMessageWhereTheTextIsKeptLonger) {
  world.options.retention.body = world.options.retention.metadata * 2;
  world.reopen();
  dead();
  world.clock.advance(world.options.retention.metadata);
  world.erase();
  EXPECT_EQ(rows(), 0);
}

TEST_P(ContentTest, AnInterruptedMessageStillHasItAfterACrash) {
  const model::MessageId id = world.accept_ok(rich());
  ASSERT_TRUE(world.begin_with_content(id).begun);
  world.reopen(false);
  const std::vector<model::WorkItem> interrupted = world.store->interrupted();
  ASSERT_EQ(interrupted.size(), 1U);
  EXPECT_TRUE(interrupted[0].rich);
  const ports::FinishAttempt undone = world.outcome(id, Outcome::kUnknown, Status::kFailedTemp);
  ASSERT_TRUE(world.finish(undone).applied);
  const ports::BeginResult again = world.begin_with_content(id, 1);
  ASSERT_TRUE(again.begun);
  EXPECT_EQ(model::unpack(again.content), content);
}

// A database of the first schema keeps its messages.
TEST(ContentMigration, OldMessagesAreNotRich) {
  Connection connection(":memory:", ConnectionMode::kMemory);
  migrate(connection, migrations().first(1));
  connection.exec("PRAGMA foreign_keys = OFF");  // one row is enough here
  connection.exec(
      "INSERT INTO messages (id, random, client, channel, lane, class, status, due, expires_at,"
      " updated_at, in_doubt, parts, cost_cents, hold_state, recipient, recipient_given, sender,"
      " body, client_reference, callback_url, metadata)"
      " VALUES (1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1, 0, 0, '', '', '', '', '', '', '')");
  migrate(connection, migrations());
  EXPECT_EQ(connection.query_integer("SELECT rich FROM messages"), 0);
}

}  // namespace
}  // namespace heliograph::store
