#include "plugins/distributors/common/roster.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <random>
#include <string>

#include "plugins/distributors/common/tests/snapshot.h"

namespace heliograph::plugins::distributors {
namespace {

std::uint64_t choose_id(Roster& roster, std::uint64_t excluded = 0) {
  const Question question(1, {excluded, 0});
  const SmoothChoice choice = roster.choose(question.view());
  return choice.entry == nullptr ? 0 : choice.entry->id;
}

std::string choose_many(Roster& roster, int n) {
  std::string letters;
  for (int i = 0; i < n; ++i) letters += static_cast<char>('A' + choose_id(roster) - 1);
  return letters;
}

TEST(Roster, InterleavesInsteadOfSendingInRuns) {
  const Snapshot snapshot{{1, 5}, {2, 1}, {3, 1}};
  Roster roster;
  roster.rebuild(snapshot.view());
  EXPECT_EQ(choose_many(roster, 14), "AABACAAAABACAA");
}

TEST(Roster, IsExactOverACycleAndWithinOnePercentOverAnyThousand) {
  const Snapshot snapshot{{1, 50}, {2, 30}, {3, 20}};
  Roster roster;
  roster.rebuild(snapshot.view());
  const std::string picks = choose_many(roster, 10'000);
  std::map<char, int> in_window;
  for (std::size_t i = 0; i < picks.size(); ++i) {
    ++in_window[picks[i]];
    if (i >= 1'000) --in_window[picks[i - 1'000]];
    if (i < 999) continue;
    ASSERT_NEAR(in_window['A'], 500, 10) << "thousand picks before " << i;
    ASSERT_NEAR(in_window['B'], 300, 10);
    ASSERT_NEAR(in_window['C'], 200, 10);
  }
  EXPECT_EQ(std::count(picks.begin(), picks.begin() + 100, 'A'), 50);
  EXPECT_EQ(std::count(picks.begin(), picks.begin() + 100, 'B'), 30);
  EXPECT_EQ(std::count(picks.begin() + 4'200, picks.begin() + 4'300, 'C'), 20);
}

TEST(Roster, NeverChoosesWeightZeroOrWhatIsExcluded) {
  const Snapshot snapshot{{1, 0}, {2, 1}, {3, 1}};
  Roster roster;
  roster.rebuild(snapshot.view());
  for (int i = 0; i < 100; ++i) EXPECT_EQ(choose_id(roster, 0b010), 3u);
  EXPECT_EQ(choose_id(roster, 0b110), 0u) << "only the one of weight 0 is left";
  EXPECT_EQ(choose_id(roster, 0b111), 0u);
}

TEST(Roster, AnEmptySnapshotChoosesNobody) {
  Roster roster;
  EXPECT_EQ(choose_id(roster), 0u);
  roster.rebuild(Snapshot(std::vector<TestCandidate>{}).view());
  EXPECT_EQ(choose_id(roster), 0u);
}

TEST(Roster, TakesTheLowestPriorityNumberThatHasAnEligibleCandidate) {
  const Snapshot snapshot{{1, 1, 20}, {2, 1, 10}, {3, 1, 10}, {4, 0, 5}};
  Roster roster;
  roster.rebuild(snapshot.view());
  EXPECT_EQ(choose_many(roster, 4), "BCBC");
  EXPECT_EQ(choose_id(roster, 0b0010), 3u);
  EXPECT_EQ(choose_id(roster, 0b0110), 1u);
  EXPECT_EQ(choose_many(roster, 2), "BC") << "the other group's turn changed nothing here";
}

TEST(Roster, CarriesCreditOverByIdSoThatASnapshotDoesNotStartAnew) {
  const Snapshot one{{1, 5}, {2, 1}, {3, 1}};
  const Snapshot reordered{{3, 1}, {1, 5}, {2, 1}};
  Roster roster;
  std::map<std::uint64_t, int> picks;
  for (int i = 0; i < 700; ++i) {
    roster.rebuild(i % 2 == 0 ? reordered.view() : one.view());
    ++picks[choose_id(roster)];
  }
  EXPECT_EQ(picks[1], 500) << "a snapshot before each pick, and the shares are still exact";
  EXPECT_EQ(picks[2], 100);
  EXPECT_EQ(picks[3], 100);
}

TEST(Roster, AChangedWeightStartsWithoutOldDebts) {
  Roster roster;
  roster.rebuild(Snapshot{{1, 1'000'000}, {2, 999'999}}.view());
  EXPECT_EQ(choose_id(roster), 1u);
  roster.rebuild(Snapshot{{1, 1}, {2, 1}}.view());
  const std::string picks = choose_many(roster, 100);
  EXPECT_EQ(std::count(picks.begin(), picks.end(), 'A'), 50);
}

TEST(Roster, UndoneTurnsLeaveTheSharesOfTheOthersExact) {
  const Snapshot snapshot{{1, 50}, {2, 30}, {3, 20}};
  Roster roster;
  roster.rebuild(snapshot.view());
  std::mt19937 random(11);
  struct Out {
    std::uint64_t id;
    Turn turn;
  };
  std::deque<Out> out;
  std::map<std::uint64_t, int> carried;
  int total = 0;
  while (total < 10'000) {
    const Question question;
    const SmoothChoice choice = roster.choose(question.view());
    out.push_back({choice.entry->id, choice.turn});
    if (out.size() < 40) continue;  // results come late and in any order
    const std::size_t which = random() % out.size();
    const Out done = out[which];
    out.erase(out.begin() + static_cast<std::ptrdiff_t>(which));
    if (random() % 3 == 0) {
      roster.undo(done.id, done.turn);
    } else {
      ++carried[done.id];
      ++total;
    }
  }
  EXPECT_NEAR(carried[1], 5'000, 40);
  EXPECT_NEAR(carried[2], 3'000, 40);
  EXPECT_NEAR(carried[3], 2'000, 40);
}

TEST(Roster, AnUndoneTurnIsAsIfItHadNeverBeen) {
  const Snapshot snapshot{{1, 5}, {2, 1}, {3, 1, 1}, {4, 3}};
  Roster plain;
  Roster undone;
  plain.rebuild(snapshot.view());
  undone.rebuild(snapshot.view());
  std::mt19937 random(3);
  for (int i = 0; i < 1'000; ++i) {
    const Question question(1, {random() % 16, 0});
    const SmoothChoice choice = undone.choose(question.view());
    if (choice.entry != nullptr) undone.undo(choice.entry->id, choice.turn);
    ASSERT_EQ(choose_id(plain), choose_id(undone)) << i;
  }
}

TEST(Roster, UndoForACandidateThatLeftDoesNothing) {
  Roster roster;
  roster.rebuild(Snapshot{{1, 1}, {2, 1}}.view());
  const Question question;
  const SmoothChoice choice = roster.choose(question.view());
  const std::uint64_t id = choice.entry->id;
  const Turn turn = choice.turn;
  roster.rebuild(Snapshot{{2, 1}, {3, 1}}.view());
  roster.undo(id, turn);
  const std::string picks = choose_many(roster, 100);
  EXPECT_NEAR(static_cast<double>(std::count(picks.begin(), picks.end(), 'B')), 50, 1);
}

TEST(Roster, ServesMoreCandidatesThanATurnHasBits) {
  std::vector<TestCandidate> many;
  for (std::uint64_t id = 1; id <= 100; ++id) many.push_back({id, 1});
  const Snapshot snapshot(many);
  Roster roster;
  roster.rebuild(snapshot.view());
  std::map<std::uint64_t, int> picks;
  for (int i = 0; i < 10'000; ++i) {
    const Question question;
    const SmoothChoice choice = roster.choose(question.view());
    if (i % 5 == 4) {
      roster.undo(choice.entry->id, choice.turn);
    } else {
      ++picks[choice.entry->id];
    }
  }
  for (std::uint64_t id = 1; id <= 100; ++id) EXPECT_NEAR(picks[id], 80, 3) << id;
}

}  // namespace
}  // namespace heliograph::plugins::distributors
