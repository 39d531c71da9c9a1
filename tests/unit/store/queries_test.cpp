// Lists and single messages as the API shows them.
#include <gmock/gmock.h>

#include "core/store/sqlite/message_queries.h"
#include "tests/unit/store/world.h"

namespace heliograph::store {
namespace {

using model::Status;
using testing::ElementsAre;

ports::MessageFilter with(const std::function<void(ports::MessageFilter&)>& set) {
  ports::MessageFilter filter;
  set(filter);
  return filter;
}

class QueriesTest : public StoreTest {
 protected:
  std::vector<model::MessageId> ids(const ports::MessageFilter& filter) {
    std::vector<model::MessageId> found;
    for (const auto& view : world.list(filter).messages) found.push_back(view.id);
    return found;
  }
};
HG_IN_BOTH_MODES(QueriesTest);

TEST_P(QueriesTest, SomebodyElsesMessageIsNotShown) {
  const model::MessageId id = world.accept_ok();
  const model::ClientId stranger{4711};
  EXPECT_FALSE(world.find(id, stranger));
  EXPECT_TRUE(world.find(id, world.client.id));
  EXPECT_FALSE(world.find(model::MessageId::from_parts(id.row(), id.random() ^ 1)));
  using Attempts = std::optional<std::vector<model::AttemptView>>;
  EXPECT_FALSE(world.call<Attempts>([&](ports::Done<Attempts> done) {
    world.store->attempts(stranger, id, world.executor, std::move(done));
  }));
  using Events = std::optional<std::vector<model::EventView>>;
  EXPECT_FALSE(world.call<Events>([&](ports::Done<Events> done) {
    world.store->events(stranger, id, world.executor, std::move(done));
  }));
  EXPECT_TRUE(ids(with([&](auto& f) { f.client = stranger; })).empty());
}

TEST_P(QueriesTest, ListsGoFromTheNewestPageByPage) {
  std::vector<model::MessageId> all;
  for (int i = 0; i < 7; ++i) all.insert(all.begin(), world.accept_ok());
  for (const auto& client : {std::optional<model::ClientId>{}, std::optional(world.client.id)}) {
    ports::MessageFilter filter;
    filter.client = client;
    filter.limit = 3;
    std::vector<model::MessageId> seen;
    int pages = 0;
    do {
      const ports::MessageList list = world.list(filter);
      for (const auto& view : list.messages) seen.push_back(view.id);
      filter.before_row = list.next_row;
      ++pages;
    } while (filter.before_row != 0);
    EXPECT_EQ(seen, all);
    EXPECT_EQ(pages, 3);
  }
}

TEST_P(QueriesTest, AnExactlyFullLastPageIsTheLast) {
  for (int i = 0; i < 3; ++i) world.accept_ok();
  EXPECT_EQ(world.list(with([&](auto& f) { f.limit = 3; })).next_row, 0);
  EXPECT_NE(world.list(with([&](auto& f) { f.limit = 2; })).next_row, 0);
}

TEST_P(QueriesTest, FiltersPickWhatTheySay) {
  const model::MessageId queued = world.accept_ok();
  const model::MessageId sent = world.sent("p-1");
  const model::MessageId failed = world.failed();
  ports::AcceptCommand command = world.message();
  command.message.to = "+8801921317475";
  command.message.to_given = "01921317475";
  command.message.client_reference = "order 7";
  command.message.send_at = world.clock.real_wall() + std::chrono::minutes{1};
  const model::MessageId special = world.accept_ok(command);

  EXPECT_THAT(ids(with([&](auto& f) { f.status = Status::kQueued; })), ElementsAre(queued));
  EXPECT_THAT(ids(with([&](auto& f) { f.status = Status::kScheduled; })), ElementsAre(special));
  EXPECT_THAT(ids(with([&](auto& f) { f.status = Status::kSent; })), ElementsAre(sent));
  EXPECT_THAT(ids(with([&](auto& f) { f.provider = "alpha"; })), ElementsAre(failed, sent));
  EXPECT_TRUE(ids(with([&](auto& f) { f.provider = "beta"; })).empty());
  EXPECT_TRUE(ids(with([&](auto& f) { f.provider = "never heard of"; })).empty());
  EXPECT_THAT(ids(with([&](auto& f) { f.to = "+8801921317475"; })), ElementsAre(special));
  EXPECT_THAT(ids(with([&](auto& f) { f.to = "01921317475"; })), ElementsAre(special));
  EXPECT_THAT(ids(with([&](auto& f) { f.client_reference = "order 7"; })), ElementsAre(special));
  EXPECT_THAT(ids(with([&](auto& f) {
                f.status = Status::kSent;
                f.provider = "alpha";
              })),
              ElementsAre(sent));
  world.clock.advance(std::chrono::minutes{1});
  EXPECT_THAT(ids(with([&](auto& f) { f.status = Status::kQueued; })),
              ElementsAre(special, queued));
  EXPECT_TRUE(ids(with([&](auto& f) { f.status = Status::kScheduled; })).empty());
}

TEST_P(QueriesTest, SeveralStatusesMayBeAskedFor) {
  const model::MessageId queued = world.accept_ok();
  const model::MessageId sent = world.sent("p-1");
  world.failed();
  EXPECT_THAT(ids(with([&](auto& f) {
                f.statuses = {Status::kSent, Status::kDelivered, Status::kQueued};
              })),
              ElementsAre(sent, queued));
  EXPECT_TRUE(ids(with([&](auto& f) { f.statuses = {Status::kExpired}; })).empty());
}

TEST_P(QueriesTest, ProvidersThatFailedAreNamedOnceAndOnlyWhenAsked) {
  const model::MessageId id = world.accept_ok();
  const model::ProviderKey beta = world.store->intern_provider("beta");
  const model::Outcome outcomes[] = {model::Outcome::kThrottled, model::Outcome::kRetry,
                                     model::Outcome::kUnknown, model::Outcome::kRetry,
                                     model::Outcome::kSent};
  int number = 0;
  for (const model::Outcome outcome : outcomes) {
    const model::ProviderKey provider = number == 1 ? beta : world.alpha;
    ASSERT_TRUE(world.begin(id, number, 0, provider));
    const bool last = outcome == model::Outcome::kSent;
    auto command = world.outcome(id, outcome, last ? Status::kSent : Status::kFailedTemp, ++number);
    command.provider = provider;
    ASSERT_TRUE(world.finish(command).applied) << number;
  }
  world.sent("p-2");
  EXPECT_THAT(world.list({}).messages.at(1).failed_providers, testing::IsEmpty());
  const auto list = world.list(with([](auto& f) { f.with_failed_providers = true; }));
  EXPECT_THAT(list.messages.at(0).failed_providers, testing::IsEmpty());
  EXPECT_THAT(list.messages.at(1).failed_providers, ElementsAre("beta", "alpha"));
}

TEST_P(QueriesTest, CountsByStatusAndProvider) {
  const auto count = [&](std::optional<model::ClientId> client,
                         std::optional<model::TimePoint> after = {}) {
    return world.call<ports::MessageCounts>([&](ports::Done<ports::MessageCounts> done) {
      world.store->count_messages(client, after, world.executor, std::move(done));
    });
  };
  EXPECT_TRUE(count(world.client.id).groups.empty());
  EXPECT_TRUE(count(world.client.id).complete);
  world.sent("p-1");
  world.clock.advance(std::chrono::minutes{1});
  const model::TimePoint later = world.clock.wall();
  world.sent("p-2");
  world.accept_ok();
  ports::AcceptCommand scheduled = world.message();
  scheduled.message.send_at = world.clock.real_wall() + std::chrono::minutes{1};
  world.accept_ok(scheduled);
  ASSERT_TRUE(world.begin(world.accept_ok()));

  const auto groups = [](const ports::MessageCounts& counts) {
    std::vector<std::string> lines;
    for (const auto& group : counts.groups)
      lines.push_back(std::string(model::to_string(group.status)) + " " + group.provider + " " +
                      std::to_string(group.messages) + " " + std::to_string(group.attempts));
    return lines;
  };
  for (const auto& client : {std::optional<model::ClientId>{}, std::optional(world.client.id)}) {
    EXPECT_THAT(groups(count(client)), ElementsAre("SCHEDULED  1 0", "QUEUED  1 0",
                                                   "SENDING alpha 1 1", "SENT alpha 2 2"));
    EXPECT_THAT(groups(count(client, later)), testing::Contains("SENT alpha 1 1"));
  }
  EXPECT_TRUE(count(model::ClientId{4711}).groups.empty());
  world.clock.advance(std::chrono::minutes{1});
  EXPECT_THAT(groups(count(world.client.id)), testing::Contains("QUEUED  2 0"))
      << "coming due is no write";
}

TEST_P(QueriesTest, DeadLettersAreThoseThatMayBeRequeued) {
  world.accept_ok();
  world.sent("p-1");
  const model::MessageId failed = world.failed();
  const model::MessageId expired = world.accept_ok();
  const model::MessageId doubt = world.accept_ok();
  ASSERT_TRUE(world.begin(doubt));
  world.finish(world.outcome(doubt, model::Outcome::kUnknown, Status::kUnknown));
  world.cancel(world.accept_ok());
  world.clock.advance(std::chrono::hours{2});
  world.expire({expired});
  EXPECT_THAT(ids(with([&](auto& f) { f.dead_letters_only = true; })),
              ElementsAre(doubt, expired, failed));
}

TEST_P(QueriesTest, TimesBoundTheList) {
  const model::MessageId first = world.accept_ok();
  const model::TimePoint at_first = world.clock.wall();
  world.clock.advance(std::chrono::milliseconds{1});
  const model::MessageId second = world.accept_ok();
  const model::TimePoint at_second = world.clock.wall();
  EXPECT_THAT(ids(with([&](auto& f) { f.created_after = at_second; })), ElementsAre(second));
  EXPECT_THAT(ids(with([&](auto& f) { f.created_before = at_second; })), ElementsAre(first));
  EXPECT_THAT(ids(with([&](auto& f) { f.created_after = at_first; })), ElementsAre(second, first));
  EXPECT_THAT(ids(with([&](auto& f) {
                f.created_after = at_first;
                f.created_before = at_second;
              })),
              ElementsAre(first));
}

TEST_P(QueriesTest, DepthAndVersionNeedNoDatabase) {
  world.accept_ok();
  const model::MessageId sending = world.accept_ok();
  ASSERT_TRUE(world.begin(sending));
  EXPECT_EQ(world.store->depth().waiting, 1u);
  EXPECT_EQ(world.store->depth().sending, 1u);
  EXPECT_TRUE(world.store->accepting());
  EXPECT_THAT(world.store->engine_version(), testing::StartsWith("SQLite 3."));
}

TEST(ListCapTest, AFilterThatFindsNothingSaysWhereToGoOn) {
  World world(Threading::kInline);
  std::vector<model::MessageId> all;
  for (int i = 0; i < 25; ++i) all.push_back(world.accept_ok());
  world.close(true);
  Connection connection(world.path(), ConnectionMode::kReader);
  MessageQueries queries(connection, 10);
  ports::MessageFilter filter;
  filter.client_reference = "nobody's";
  int pages = 0;
  std::int64_t last = 0;
  do {
    last = filter.before_row;
    const ports::MessageList list = queries.list(filter, world.clock.wall());
    EXPECT_TRUE(list.messages.empty());
    filter.before_row = list.next_row;
    ++pages;
  } while (filter.before_row != 0);
  EXPECT_EQ(pages, 3);
  EXPECT_EQ(last, all[5].row());
}

TEST(ListCapTest, ACountOfMoreThanItLooksAtSaysSo) {
  World world(Threading::kInline);
  for (int i = 0; i < 5; ++i) world.accept_ok();
  world.close(true);
  Connection connection(world.path(), ConnectionMode::kReader);
  MessageQueries queries(connection);
  const model::TimePoint now = world.clock.wall();
  EXPECT_TRUE(queries.count(world.client.id, {}, now, 5).complete);
  EXPECT_FALSE(queries.count(world.client.id, {}, now, 4).complete);
  EXPECT_FALSE(queries.count({}, {}, now, 4).complete);
}

}  // namespace
}  // namespace heliograph::store
