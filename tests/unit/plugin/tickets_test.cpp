#include "core/plugin/tickets.h"

#include <gtest/gtest.h>

#include <set>
#include <thread>

namespace heliograph::plugin {
namespace {

TEST(Tickets, FirstCompletionCountsTheSecondDoesNot) {
  TicketTable table{7};
  const auto op = table.issue(TicketKind::kSend);
  EXPECT_NE(op, 0U);
  EXPECT_EQ(table.outstanding(), 1U);
  EXPECT_EQ(table.complete(op, TicketKind::kSend), Completion::kFirst);
  EXPECT_EQ(table.complete(op, TicketKind::kSend), Completion::kDouble);
  EXPECT_EQ(table.outstanding(), 0U);
}

TEST(Tickets, DoubleIsSeenAlsoWhenTheSlotIsInUseAgain) {
  TicketTable table{7};
  const auto first = table.issue(TicketKind::kSend);
  EXPECT_EQ(table.complete(first, TicketKind::kSend), Completion::kFirst);
  constexpr hg_op kSlotBits = (1U << 22) - 1;
  auto second = table.issue(TicketKind::kSend);
  while ((second & kSlotBits) != (first & kSlotBits)) {
    ASSERT_EQ(table.complete(second, TicketKind::kSend), Completion::kFirst);
    second = table.issue(TicketKind::kSend);
  }
  EXPECT_NE(first, second);
  EXPECT_EQ(table.complete(first, TicketKind::kSend), Completion::kDouble);
  EXPECT_EQ(table.complete(second, TicketKind::kSend), Completion::kFirst);
}

TEST(Tickets, ForeignInventedAndWrongKind) {
  TicketTable mine{1};
  TicketTable other{2};
  const auto op = mine.issue(TicketKind::kAcquire);
  EXPECT_EQ(mine.complete(other.issue(TicketKind::kAcquire), TicketKind::kAcquire),
            Completion::kForeign);
  EXPECT_EQ(mine.complete(op + 5, TicketKind::kAcquire), Completion::kStale);
  EXPECT_EQ(mine.complete(0, TicketKind::kAcquire), Completion::kStale);
  EXPECT_EQ(mine.complete(op, TicketKind::kSend), Completion::kWrongKind);
  EXPECT_EQ(mine.complete(op, TicketKind::kAcquire), Completion::kFirst);
}

TEST(Tickets, AnsweredByTheHostIsLateOnceThenDouble) {
  TicketTable table{1};
  const auto op = table.issue(TicketKind::kSend);
  EXPECT_TRUE(table.give_up(op));
  EXPECT_EQ(table.outstanding(), 1U) << "the plugin still has the views";
  EXPECT_EQ(table.complete(op, TicketKind::kSend), Completion::kLate);
  EXPECT_EQ(table.complete(op, TicketKind::kSend), Completion::kDouble);
  EXPECT_FALSE(table.give_up(op));
}

TEST(Tickets, RevokeTellsWhetherThePluginWasFaster) {
  TicketTable table{1};
  const auto untouched = table.issue(TicketKind::kSend);
  EXPECT_TRUE(table.revoke(untouched));
  const auto completed = table.issue(TicketKind::kSend);
  EXPECT_EQ(table.complete(completed, TicketKind::kSend), Completion::kFirst);
  EXPECT_FALSE(table.revoke(completed));
}

TEST(Tickets, NeverZeroNeverEqualWhileOutstanding) {
  TicketTable table{65535};
  std::set<hg_op> seen;
  for (int i = 0; i < 5000; ++i) EXPECT_TRUE(seen.insert(table.issue(TicketKind::kSend)).second);
  EXPECT_FALSE(seen.contains(0));
  EXPECT_EQ(table.outstanding(), 5000U);
}

TEST(Tickets, ManyThreadsCompleteEachOpOnce) {
  TicketTable table{3};
  std::vector<hg_op> ops;
  for (int i = 0; i < 4000; ++i) ops.push_back(table.issue(TicketKind::kSend));
  std::atomic<int> firsts{0};
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (const auto op : ops) {
        if (table.complete(op, TicketKind::kSend) == Completion::kFirst) ++firsts;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(firsts, 4000);
}

}  // namespace
}  // namespace heliograph::plugin
