#include "plugins/distributors/least_failure/balancer.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <vector>

#include "plugins/distributors/common/tests/snapshot.h"

namespace heliograph::plugins::least_failure {
namespace {

using distributors::Question;
using distributors::Snapshot;

constexpr std::uint64_t kSecond = 1'000'000'000;

// A gateway in miniature: `per_second` messages a second, each provider failing at its own rate.
class Traffic {
 public:
  explicit Traffic(const Settings& settings = {}) : balancer(settings) {}

  void run(int seconds, int per_second = 100) {
    for (int i = 0; i < seconds * per_second; ++i) {
      now += kSecond / static_cast<std::uint64_t>(per_second);
      send_one();
    }
  }

  void send_one(std::uint64_t excluded = 0) {
    const Question question(now, {excluded, 0});
    const distributors::SmoothChoice choice = balancer.choose(question.view());
    if (choice.entry == nullptr) return;
    const std::uint64_t id = choice.entry->id;
    ++picks[id];
    const bool fails = static_cast<int>(random() % 100) < fail_percent[id];
    balancer.hear({choice.turn, id, fails ? failure : HG_SENT, std::chrono::nanoseconds{0}});
    while (const std::optional<Change> change = balancer.take_change()) changes.push_back(*change);
  }

  double points(std::uint64_t id) {
    return static_cast<double>(balancer.share(id)) / static_cast<double>(kPoint);
  }

  Balancer balancer;
  std::map<std::uint64_t, int> fail_percent;
  std::map<std::uint64_t, int> picks;
  std::vector<Change> changes;
  std::uint32_t failure = HG_RETRY;
  std::uint64_t now = kSecond;
  std::mt19937 random{5};
};

TEST(Balancer, FollowsTheWeightsWhileNobodyFails) {
  const Snapshot snapshot{{1, 50}, {2, 30}, {3, 20}, {4, 0}};
  Traffic traffic;
  traffic.balancer.rebuild(snapshot.view());
  traffic.run(100);
  EXPECT_EQ(traffic.picks[1], 5'000);
  EXPECT_EQ(traffic.picks[2], 3'000);
  EXPECT_EQ(traffic.picks[3], 2'000);
  EXPECT_EQ(traffic.picks[4], 0);
  EXPECT_TRUE(traffic.changes.empty());
}

TEST(Balancer, TakesOneStepPerIntervalFromAFailingProvider) {
  const Snapshot snapshot{{1, 50}, {2, 30}, {3, 20}};
  Traffic traffic;
  traffic.balancer.rebuild(snapshot.view());
  traffic.fail_percent[1] = 100;
  traffic.run(9);
  EXPECT_DOUBLE_EQ(traffic.points(1), 50) << "the first interval is not over";
  traffic.run(2);
  EXPECT_NEAR(traffic.points(1), 40, 1e-6);
  EXPECT_NEAR(traffic.points(2), 36, 1e-6) << "3 : 2 of the ten points";
  EXPECT_NEAR(traffic.points(3), 24, 1e-6);
  traffic.run(10);
  EXPECT_NEAR(traffic.points(1), 30, 1e-6);
  traffic.run(120);
  EXPECT_NEAR(traffic.points(1), 5, 1e-6) << "the floor, so that recovery can be seen";
  ASSERT_EQ(traffic.changes.size(), 5u);
  EXPECT_EQ(traffic.changes[0].name, "provider1");
  EXPECT_EQ(traffic.changes[0].from, 50 * kPoint);
}

TEST(Balancer, DoesNothingBelowTheMinimumVolume) {
  const Snapshot snapshot{{1, 1}, {2, 1}};
  Traffic traffic;
  traffic.balancer.rebuild(snapshot.view());
  traffic.fail_percent[1] = 100;
  for (int i = 0; i < 38; ++i) {
    traffic.now += kSecond / 100;
    traffic.send_one();
  }
  traffic.now += 20 * kSecond;
  traffic.send_one();
  EXPECT_TRUE(traffic.changes.empty()) << "19 results say nothing";
}

TEST(Balancer, OneBurstOfFailuresCostsOneStep) {
  const Snapshot snapshot{{1, 1}, {2, 1}};
  Settings settings;
  settings.recovery_delay_ns = 1'000 * kSecond;
  Traffic traffic(settings);
  traffic.balancer.rebuild(snapshot.view());
  traffic.fail_percent[1] = 100;
  traffic.run(5);
  for (int i = 0; i < 10; ++i) {  // silence, but for one message each interval
    traffic.now += 10 * kSecond;
    traffic.send_one(0b01);
  }
  EXPECT_EQ(traffic.changes.size(), 1u);
  EXPECT_NEAR(traffic.points(1), 40, 1e-6);
}

TEST(Balancer, MovesNothingWhenAllFailAlike) {
  const Snapshot snapshot{{1, 50}, {2, 30}, {3, 20}};
  Traffic traffic;
  traffic.balancer.rebuild(snapshot.view());
  traffic.fail_percent = {{1, 60}, {2, 60}, {3, 60}};
  traffic.run(60, 1'000);
  EXPECT_TRUE(traffic.changes.empty());
}

TEST(Balancer, GivesTheLoadOnlyToThoseThatFailClearlyLess) {
  const Snapshot snapshot{{1, 40}, {2, 30}, {3, 30}};
  Traffic traffic;
  traffic.balancer.rebuild(snapshot.view());
  traffic.fail_percent = {{1, 80}, {2, 75}, {3, 0}};
  traffic.run(11, 1'000);
  EXPECT_NEAR(traffic.points(1), 30, 1e-6);
  EXPECT_NEAR(traffic.points(2), 30, 1e-6);
  EXPECT_NEAR(traffic.points(3), 40, 1e-6);
}

TEST(Balancer, ChangesOneProviderAtATime) {
  const Snapshot snapshot{{1, 1}, {2, 1}, {3, 1}, {4, 1}};
  Traffic traffic;
  traffic.balancer.rebuild(snapshot.view());
  traffic.fail_percent = {{1, 90}, {2, 50}};
  traffic.run(11, 1'000);
  ASSERT_EQ(traffic.changes.size(), 1u);
  EXPECT_EQ(traffic.changes[0].name, "provider1");
  traffic.run(300, 200);
  std::int64_t sum = 0;
  for (std::uint64_t id = 1; id <= 4; ++id) sum += traffic.balancer.share(id);
  EXPECT_EQ(sum, kWhole);
  EXPECT_NEAR(traffic.points(1), 5, 1e-6);
  EXPECT_NEAR(traffic.points(2), 5, 1e-6);
  EXPECT_LT(traffic.points(3), 50) << "not all load onto one";
}

TEST(Balancer, DriftsBackToTheWeightsExactlyOnceTheProviderIsWell) {
  const Snapshot snapshot{{1, 50}, {2, 30}, {3, 20}};
  Traffic traffic;
  traffic.balancer.rebuild(snapshot.view());
  traffic.fail_percent[1] = 100;
  traffic.run(100);
  ASSERT_NEAR(traffic.points(1), 5, 1e-6);
  const std::size_t cuts = traffic.changes.size();
  traffic.fail_percent[1] = 0;
  // The old failures fade first; then 5 points each 30 s.
  traffic.run(60);
  EXPECT_LT(traffic.points(1), 30) << "slower back than away";
  traffic.run(600);
  EXPECT_EQ(traffic.balancer.share(1), 50 * kPoint);
  EXPECT_EQ(traffic.balancer.share(2), 30 * kPoint);
  EXPECT_EQ(traffic.balancer.share(3), 20 * kPoint);
  for (std::size_t i = cuts; i < traffic.changes.size(); ++i) {
    EXPECT_LE(traffic.changes[i].to - traffic.changes[i].from, 5 * kPoint);
  }
  const std::size_t settled = traffic.changes.size();
  traffic.run(100);
  EXPECT_EQ(traffic.changes.size(), settled) << "at rest nothing moves";
}

TEST(Balancer, AProviderThatStaysBadIsNotGivenLoadBack) {
  const Snapshot snapshot{{1, 50}, {2, 50}};
  Traffic traffic;
  traffic.balancer.rebuild(snapshot.view());
  traffic.fail_percent[1] = 100;
  traffic.run(600);
  EXPECT_NEAR(traffic.points(1), 5, 1e-6);
}

TEST(Balancer, RejectedAndThrottledSayNothing) {
  for (const std::uint32_t outcome : {HG_REJECTED, HG_THROTTLED}) {
    const Snapshot snapshot{{1, 1}, {2, 1}};
    Traffic traffic;
    traffic.failure = outcome;
    traffic.balancer.rebuild(snapshot.view());
    traffic.fail_percent[1] = 100;
    traffic.run(60);
    EXPECT_TRUE(traffic.changes.empty()) << outcome;
  }
  for (const std::uint32_t outcome : {HG_RETRY, HG_UNKNOWN, HG_REFUSED}) {
    const Snapshot snapshot{{1, 1}, {2, 1}};
    Traffic traffic;
    traffic.failure = outcome;
    traffic.balancer.rebuild(snapshot.view());
    traffic.fail_percent[1] = 100;
    traffic.run(11);
    EXPECT_EQ(traffic.changes.size(), 1u) << outcome;
  }
}

TEST(Balancer, NotTriedGivesTheTurnBack) {
  const Snapshot snapshot{{1, 50}, {2, 30}, {3, 20}};
  Balancer balancer{Settings{}};
  balancer.rebuild(snapshot.view());
  std::map<std::uint64_t, int> carried;
  for (int i = 0; i < 2'000; ++i) {
    const Question question(kSecond);
    const distributors::SmoothChoice choice = balancer.choose(question.view());
    const std::uint64_t id = choice.entry->id;
    const bool tried = i % 2 == 0;
    if (tried) ++carried[id];
    balancer.hear({choice.turn, id, tried ? HG_SENT : HG_NOT_TRIED, std::chrono::nanoseconds{0}});
  }
  EXPECT_EQ(carried[1], 500);
  EXPECT_EQ(carried[2], 300);
  EXPECT_EQ(carried[3], 200);
}

TEST(Balancer, AChangeOfStateKeepsSharesAndAChangeOfWeightsStartsAtRest) {
  const Snapshot up{{1, 50}, {2, 50}};
  const Snapshot down{{1, 50, 0, HG_CAND_DOWN}, {2, 50}};
  const Snapshot other{{1, 50}, {2, 50}, {3, 100}};
  Traffic traffic;
  traffic.balancer.rebuild(up.view());
  traffic.fail_percent[1] = 100;
  traffic.run(25);
  ASSERT_NEAR(traffic.points(1), 30, 1e-6);
  traffic.balancer.rebuild(down.view());
  EXPECT_NEAR(traffic.points(1), 30, 1e-6);
  traffic.balancer.rebuild(up.view());
  EXPECT_NEAR(traffic.points(1), 30, 1e-6);
  traffic.balancer.rebuild(other.view());
  EXPECT_NEAR(traffic.points(1), 25, 1e-6);
  EXPECT_NEAR(traffic.points(3), 50, 1e-6);
}

TEST(Balancer, ALowerPriorityGroupKeepsItsOwnShares) {
  const Snapshot snapshot{{1, 1, 0}, {2, 1, 0}, {3, 3, 1}, {4, 1, 1}};
  Traffic traffic;
  traffic.balancer.rebuild(snapshot.view());
  traffic.fail_percent[1] = 100;
  traffic.run(60);
  EXPECT_EQ(traffic.balancer.share(3), 75 * kPoint);
  EXPECT_EQ(traffic.balancer.share(4), 25 * kPoint);
  EXPECT_EQ(traffic.picks[3], 0);
}

TEST(Balancer, IsDeterministic) {
  const Snapshot snapshot{{1, 5}, {2, 3}, {3, 2}};
  std::vector<std::int64_t> shares[2];
  for (auto& history : shares) {
    Traffic traffic;
    traffic.balancer.rebuild(snapshot.view());
    traffic.fail_percent = {{1, 30}, {2, 5}, {3, 60}};
    for (int i = 0; i < 100; ++i) {
      traffic.run(3);
      history.push_back(traffic.balancer.share(1));
    }
  }
  EXPECT_EQ(shares[0], shares[1]);
}

}  // namespace
}  // namespace heliograph::plugins::least_failure
