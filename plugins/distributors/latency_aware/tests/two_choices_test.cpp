#include "plugins/distributors/latency_aware/two_choices.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "plugins/distributors/common/tests/allocations.h"
#include "plugins/distributors/common/tests/traffic.h"

namespace heliograph::plugins::latency_aware {
namespace {

using distributors::kMillisecond;
using distributors::kSecond;
using distributors::Question;
using distributors::Snapshot;
using distributors::TestCandidate;

class World {
 public:
  explicit World(const std::vector<TestCandidate>& candidates, const Settings& settings = {})
      : choices(settings, "test"), traffic(choices, candidates) {}

  // The shares of a time, in per cent.
  std::vector<double> shares(int seconds, std::uint64_t per_second = 200) {
    traffic.carried.clear();
    traffic.run(seconds, per_second);
    return traffic.shares();
  }

  TwoChoices choices;
  distributors::Traffic<TwoChoices> traffic;
};

const std::vector<TestCandidate> kTwo{{1, 1}, {2, 1}};
const std::vector<TestCandidate> kWeighted{{1, 5}, {2, 3}, {3, 2}, {4, 0}};

TEST(TwoChoices, EqualProvidersShareByWeightAtAnyLoad) {
  for (const std::uint64_t per_second : {2U, 20U, 100U, 500U, 2'000U}) {
    for (const int jitter : {0, 20}) {
      World world(kWeighted);
      for (auto& peer : world.traffic.peers)
        peer = {.latency_ms = 50, .window = 5'000, .jitter_percent = jitter};
      const std::vector<double> shares = world.shares(100, per_second);
      // Few answers of uneven latency are no equal providers: then it is only near.
      const double off = jitter == 0 || per_second >= 100 ? 1 : 4;
      EXPECT_NEAR(shares[0], 50, off) << per_second << " a second, jitter " << jitter;
      EXPECT_NEAR(shares[1], 30, off);
      EXPECT_NEAR(shares[2], 20, off);
      EXPECT_EQ(shares[3], 0) << "weight 0";
    }
  }
}

TEST(TwoChoices, TheFasterOneGetsMoreAndTheSlowOneLittleButNotNothing) {
  World world(kTwo);
  world.traffic.peers[1].latency_ms = 200;
  world.shares(10);
  const std::vector<double> shares = world.shares(60);
  EXPECT_GT(shares[0], 95);
  EXPECT_NEAR(shares[1], 2.5, 1) << "a twentieth of its half";
}

TEST(TwoChoices, ASlightlySlowerOneGetsSlightlyLess) {
  World world(kTwo);
  world.traffic.peers[1].latency_ms = 22;
  const std::vector<double> shares = world.shares(60);
  EXPECT_GT(shares[1], 35);
  EXPECT_LT(shares[1], 48);
}

TEST(TwoChoices, WithManyNobodyGetsAllOfTheLoad) {
  const int n = 10;
  std::vector<TestCandidate> many;
  for (std::uint64_t id = 1; id <= n; ++id) many.push_back({id, 1});
  World world(many);
  for (auto& peer : world.traffic.peers) peer.latency_ms = 500;
  world.traffic.peers[7].latency_ms = 20;
  world.shares(10);
  const std::vector<double> shares = world.shares(60);
  EXPECT_GT(shares[7], 15);
  EXPECT_LE(shares[7], 21) << "2 / n at most";
  for (const double share : shares) EXPECT_GT(share, 5);
}

TEST(TwoChoices, SeesAProviderTurnSlowBeforeItHasAnswered) {
  World world(kTwo);
  world.shares(10);
  world.traffic.peers[0].latency_ms = 60'000;
  const std::vector<double> shares = world.shares(2);
  EXPECT_LT(shares[0], 15) << "what is outstanding tells";
}

TEST(TwoChoices, ComesBackAfterASlowTimeWithoutOscillating) {
  World world(kTwo);
  world.shares(10);
  world.traffic.peers[0].latency_ms = 1'000;
  EXPECT_LT(world.shares(20)[0], 6);
  world.traffic.peers[0].latency_ms = 20;
  std::vector<double> way;
  for (int i = 0; i < 20; ++i) way.push_back(world.shares(5)[0]);
  for (std::size_t i = 1; i < way.size(); ++i) {
    EXPECT_GT(way[i], way[i - 1] - 2) << "up all the way";
    EXPECT_LT(way[i], way[i - 1] + 25) << "no jump in five seconds";
  }
  EXPECT_NEAR(way.back(), 50, 2);
}

TEST(TwoChoices, SteadyPeersGetSteadyShares) {
  World world({{1, 1}, {2, 1}, {3, 1}});
  world.traffic.peers[0] = {.latency_ms = 30, .jitter_percent = 30};
  world.traffic.peers[1] = {.latency_ms = 50, .jitter_percent = 30};
  world.traffic.peers[2] = {.latency_ms = 90, .jitter_percent = 30};
  world.shares(30);
  const std::vector<double> reference = world.shares(60);
  for (int i = 0; i < 30; ++i) {
    const std::vector<double> shares = world.shares(10);
    for (std::size_t k = 0; k < 3; ++k) EXPECT_NEAR(shares[k], reference[k], 5);
  }
  EXPECT_GT(reference[0], reference[1]);
  EXPECT_GT(reference[1], reference[2]);
}

TEST(TwoChoices, QuickFailuresAreNoReasonToPreferAProvider) {
  World world(kTwo);
  world.traffic.peers[0] = {.latency_ms = 5, .fail_percent = 100};
  world.traffic.peers[1] = {.latency_ms = 100};
  world.shares(10);
  EXPECT_LT(world.shares(60)[0], 5);
  world.traffic.peers[0] = {.latency_ms = 100};
  world.shares(120);
  EXPECT_NEAR(world.shares(60)[0], 50, 2) << "recovered";
}

TEST(TwoChoices, ANewcomerIsNeitherPreferredNorAvoided) {
  World world(kTwo);
  world.traffic.peers[0].latency_ms = 400;
  world.traffic.peers[1].latency_ms = 400;
  world.shares(10);
  world.choices.rebuild(Snapshot{{1, 1}, {2, 1}, {3, 1}}.view());
  EXPECT_NEAR(world.choices.expected_ns(3), world.choices.expected_ns(1), kMillisecond);
}

TEST(TwoChoices, SilenceMakesAllAlike) {
  World world(kTwo);
  world.traffic.peers[1].latency_ms = 800;
  world.shares(10);
  ASSERT_GT(world.choices.expected_ns(2), 30 * world.choices.expected_ns(1));
  world.traffic.wait(600 * kSecond);
  world.traffic.send_one(kSecond);
  EXPECT_NEAR(world.choices.expected_ns(2) / world.choices.expected_ns(1), 1, 0.05);
}

TEST(TwoChoices, AFullWindowIsUsedUpAndTheRestGoesElsewhere) {
  World world(kTwo);
  world.traffic.peers[0] = {.latency_ms = 100, .window = 10};
  world.traffic.peers[1] = {.latency_ms = 400};
  world.shares(60, 400);
  EXPECT_EQ(world.traffic.left, 0);
  EXPECT_LE(world.traffic.not_tried[0], 60 * 21) << "asked in vain 20 times a second at most";
}

TEST(TwoChoices, HonoursExclusionsAndPriorities) {
  World world({{1, 1}, {2, 1}, {3, 1, 1}});
  world.traffic.excluded = 0b001;
  EXPECT_EQ(world.shares(5)[1], 100);
  world.traffic.excluded = 0b011;
  EXPECT_EQ(world.shares(5)[2], 100);
  world.traffic.excluded = 0b111;
  world.traffic.run(1, 10);
  EXPECT_EQ(world.traffic.left, 10);
  world.traffic.excluded = 0;
  EXPECT_EQ(world.shares(5)[2], 0);
}

TEST(TwoChoices, OneCandidateCarriesAllWhateverItDoes) {
  World world({{1, 1}});
  world.traffic.peers[0] = {.latency_ms = 3'000, .fail_percent = 90, .window = 2'000};
  EXPECT_EQ(world.shares(20)[0], 100);
  EXPECT_EQ(world.traffic.left, 0);
}

TEST(TwoChoices, NotTriedGivesTheTurnBack) {
  TwoChoices choices({}, "test");
  choices.rebuild(Snapshot(kWeighted).view());
  std::vector<int> carried(4, 0);
  std::uint64_t now = kSecond;
  for (int i = 0; i < 2'000; ++i) {
    now += 60 * kMillisecond;
    const Question question(now);
    const auto choice = choices.choose(question.view());
    ASSERT_TRUE(choice.has_value());
    const bool tried = i % 2 == 0;
    if (tried) ++carried[choice->index];
    choices.hear({choice->token, choice->index + 1, tried ? HG_SENT : HG_NOT_TRIED,
                  std::chrono::milliseconds{10}});
  }
  EXPECT_EQ(carried, (std::vector{500, 300, 200, 0}));
}

TEST(TwoChoices, TheSameHistoryAndSeedGiveTheSameChoices) {
  std::vector<std::vector<double>> runs;
  for (int round = 0; round < 2; ++round) {
    World world(kWeighted);
    world.traffic.peers[0] = {.latency_ms = 90, .fail_percent = 20, .jitter_percent = 50};
    world.traffic.peers[1] = {.latency_ms = 60, .jitter_percent = 50};
    runs.push_back(world.shares(60));
  }
  EXPECT_EQ(runs[0], runs[1]);
}

TEST(TwoChoices, NeitherChoosingNorHearingAllocates) {
  TwoChoices chooser({}, "test");
  chooser.rebuild(Snapshot{{1, 5}, {2, 3}, {3, 2}}.view());
  std::uint64_t now = kSecond;
  for (int i = 0; i < 1'000; ++i) {
    now += 40 * kMillisecond;  // with moves of load now and then
    const Question question(now, {i % 7 == 0 ? 1U : 0U, 0}, {1, 2, 3});
    const long before = distributors::allocations();
    const auto choice = chooser.choose(question.view());
    const std::uint32_t outcome = i % 5 == 0 ? HG_NOT_TRIED : i % 3 == 0 ? HG_RETRY : HG_SENT;
    if (choice) chooser.hear({choice->token, choice->index + 1, outcome, {}});
    ASSERT_EQ(distributors::allocations(), before);
  }
}

}  // namespace
}  // namespace heliograph::plugins::latency_aware
