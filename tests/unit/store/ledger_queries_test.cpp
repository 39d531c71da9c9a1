// The ledger as a client sees it, and the other views that were made for people.
#include "core/store/sqlite/ledger_queries.h"

#include <gmock/gmock.h>

#include "tests/unit/store/world.h"

namespace heliograph::store {
namespace {

using model::HoldState;
using Kind = ports::LedgerEntry::Kind;
using testing::ElementsAre;

std::string text_of(const ports::LedgerEntry& entry) {
  static constexpr const char* kStates[] = {"none", "held", "captured", "released"};
  const std::string cents = std::to_string(entry.cents);
  if (entry.kind == Kind::kGrant) return "grant " + cents + " " + entry.note;
  return std::string(kStates[static_cast<int>(entry.state)]) + " " + cents +
         (entry.cycle > 0 ? " cycle " + std::to_string(entry.cycle) : "");
}

class LedgerQueriesTest : public StoreTest {
 protected:
  ports::LedgerPage page(std::int64_t before, std::size_t limit) {
    const ports::LedgerRequest request{
        .client = world.client.id, .before_row = before, .limit = limit};
    return world.call<ports::LedgerPage>([&](ports::Done<ports::LedgerPage> done) {
      world.store->ledger(request, world.executor, std::move(done));
    });
  }
  std::vector<std::string> all(std::size_t limit) {
    std::vector<std::string> lines;
    std::int64_t before = 0;
    do {
      const auto part = page(before, limit);
      for (const auto& entry : part.entries) lines.push_back(text_of(entry));
      before = part.next_row;
    } while (before != 0);
    return lines;
  }
  void tick() { world.clock.advance(std::chrono::milliseconds{5}); }
  void grant(std::int64_t cents, std::string note) {
    world.call<std::optional<model::Balance>>([&](auto done) {
      world.store->grant_credit("acme", cents, note, world.executor, std::move(done));
    });
  }
};
HG_IN_BOTH_MODES(LedgerQueriesTest);

TEST_P(LedgerQueriesTest, ShowsGrantsAndHowHoldsEndedNewestFirstWhateverThePage) {
  tick();
  world.sent("p-1", 10);
  world.receipt(world.receipt_of("p-1", model::ReceiptState::kDelivered));
  tick();
  grant(500, "top-up");
  grant(-100, "correction");
  tick();
  const model::MessageId dead = world.failed(20);
  world.accept_ok();  // costs nothing: not in the ledger
  tick();
  world.accept_ok(world.message(30));
  ASSERT_TRUE(std::holds_alternative<ports::Requeued>(world.requeue(dead)));
  const std::vector<std::string> expected{"held 30",
                                          "held 20 cycle 1",
                                          "released 20",
                                          "grant -100 correction",
                                          "grant 500 top-up",
                                          "captured 10",
                                          "grant 1000 initial credit"};
  for (const std::size_t limit : {1u, 2u, 3u, 100u}) {
    auto lines = all(limit);
    ASSERT_EQ(lines.size(), expected.size()) << limit;
    lines.back() = "grant 1000 initial credit";  // its note is another test's business
    EXPECT_EQ(lines, expected) << limit;
  }
  const auto newest = page(0, 100).entries.front();
  EXPECT_EQ(newest.at, world.clock.wall());
  EXPECT_FALSE(newest.resolved_at);
}

TEST_P(LedgerQueriesTest, IsAClientsOwn) {
  world.accept_ok(world.message(30));
  const auto stranger = world.call<std::optional<model::Client>>([&](auto done) {
    ports::DeclaredClient other;
    other.client.name = "other";
    world.store->add_client(other, world.executor, std::move(done));
  });
  ASSERT_TRUE(stranger);
  const ports::LedgerRequest request{.client = stranger->id};
  const auto theirs = world.call<ports::LedgerPage>([&](ports::Done<ports::LedgerPage> done) {
    world.store->ledger(request, world.executor, std::move(done));
  });
  EXPECT_TRUE(theirs.entries.empty());
}

TEST_P(LedgerQueriesTest, CountsTheLanes) {
  auto urgent = world.message();
  urgent.message.lane = model::Lane::kUrgent;
  world.accept_ok(urgent);
  auto later = world.message();
  later.message.lane = model::Lane::kBulk;
  later.message.send_at = world.clock.real_wall() + std::chrono::hours{1};
  world.accept_ok(later);
  const model::TimePoint first = world.clock.wall();
  world.clock.advance(std::chrono::seconds{3});
  auto bulk = world.message();
  bulk.message.lane = model::Lane::kBulk;
  world.accept_ok(bulk);
  const auto lanes = world.call<ports::LaneDepths>([&](ports::Done<ports::LaneDepths> done) {
    world.store->lanes(world.executor, std::move(done));
  });
  EXPECT_EQ(lanes[0].live, 1u);
  EXPECT_EQ(lanes[0].oldest, first);
  EXPECT_EQ(lanes[1].live, 0u);
  EXPECT_FALSE(lanes[1].oldest);
  EXPECT_EQ(lanes[2].live, 2u);
  EXPECT_EQ(lanes[2].later, 1u);
  EXPECT_EQ(lanes[2].oldest, world.clock.wall());
  EXPECT_FALSE(lanes[2].more);
}

TEST_P(LedgerQueriesTest, KnowsWhoseReceiptIsAwaited) {
  world.sent("p-1");
  const auto awaiting = [&](const std::string& id) {
    return world.call<std::vector<std::string>>(
        [&](auto done) { world.store->providers_awaiting(id, world.executor, std::move(done)); });
  };
  EXPECT_THAT(awaiting("p-1"), ElementsAre("alpha"));
  EXPECT_THAT(awaiting("p-2"), ElementsAre());
  world.receipt(world.receipt_of("p-1", model::ReceiptState::kDelivered));
  EXPECT_THAT(awaiting("p-1"), ElementsAre());
}

TEST_P(LedgerQueriesTest, SettledMessagesAreTold) {
  const model::MessageId sent = world.sent("p-1", 10);
  const model::MessageId waiting = world.accept_ok();
  world.settle();
  EXPECT_THAT(world.events.take_settled(), ElementsAre(sent));
  world.receipt(world.receipt_of("p-1", model::ReceiptState::kDelivered));
  world.cancel(waiting);
  world.settle();
  EXPECT_THAT(world.events.take_settled(), ElementsAre(sent, waiting));
}

}  // namespace
}  // namespace heliograph::store
