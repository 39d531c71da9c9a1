// The plugin as the gateway meets it: through its entry, on a fake host.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include <heliograph/testing/testing.hpp>

namespace heliograph::plugins::latency_aware {
namespace {

using sdk::testing::DistributorDriver;
using sdk::testing::FakeHost;
using sdk::testing::Instance;
using sdk::testing::Value;
using std::chrono::milliseconds;

class LatencyAwareTest : public ::testing::Test {
 protected:
  void TearDown() override { EXPECT_EQ(host.violations(), FakeHost::kNone); }

  // A message each 10 ms; candidate 2 takes ten times as long as the others.
  std::vector<std::uint64_t> run(DistributorDriver& distributor, int messages) {
    std::vector<std::uint64_t> picks;
    for (int i = 0; i < messages; ++i) {
      host.advance(milliseconds{10});
      const auto pick = distributor.pick();
      if (!pick) continue;
      picks.push_back(pick->candidate_id);
      distributor.result(*pick, HG_SENT, milliseconds{pick->candidate_id == 2 ? 200 : 20});
    }
    return picks;
  }

  FakeHost host;
  sdk::testing::Plugin plugin{&hg_plugin_entry_v1};
};

TEST_F(LatencyAwareTest, SharesByWeightWhileAllAreAlike) {
  Instance instance(host, plugin.component("latency_aware"));
  DistributorDriver distributor(instance);
  ASSERT_EQ(distributor.set_candidates(
                {{.id = 7, .weight = 50}, {.id = 8, .weight = 30}, {.id = 9, .weight = 20}}),
            HG_OK);
  std::map<std::uint64_t, int> picks;
  for (const std::uint64_t id : run(distributor, 1'000)) ++picks[id];
  EXPECT_EQ(picks[7], 500);
  EXPECT_EQ(picks[8], 300);
  EXPECT_EQ(picks[9], 200);
}

TEST_F(LatencyAwareTest, PrefersTheFasterAndTheFloorIsConfigured) {
  for (const double floor : {5.0, 50.0}) {
    Instance instance(host, plugin.component("latency_aware"), Value::table({{"floor", floor}}));
    DistributorDriver distributor(instance);
    ASSERT_EQ(distributor.set_candidates({{.id = 1}, {.id = 2}}), HG_OK);
    const std::vector<std::uint64_t> picks = run(distributor, 4'000);
    const auto slow = std::count(picks.begin(), picks.end(), 2u);
    EXPECT_NEAR(static_cast<double>(slow), 2'000 * floor / 100, 100);
  }
}

TEST_F(LatencyAwareTest, IsRepeatable) {
  std::vector<std::vector<std::uint64_t>> runs;
  for (int round = 0; round < 2; ++round) {
    Instance instance(host, plugin.component("latency_aware"));
    DistributorDriver distributor(instance);
    ASSERT_EQ(distributor.set_candidates({{.id = 1}, {.id = 2}, {.id = 3}}), HG_OK);
    runs.push_back(run(distributor, 1'000));
  }
  EXPECT_EQ(runs[0], runs[1]);
}

TEST_F(LatencyAwareTest, WhatTheHostSaysIsInFlightCounts) {
  Instance instance(host, plugin.component("latency_aware"));
  DistributorDriver distributor(instance);
  ASSERT_EQ(distributor.set_candidates({{.id = 1}, {.id = 2}}), HG_OK);
  int busy = 0;
  for (int i = 0; i < 1'000; ++i) {
    const auto pick = distributor.pick({.in_flight = {50, 2}});
    if (pick->candidate_id == 1) ++busy;
    distributor.result(*pick);
  }
  EXPECT_NEAR(busy, 25, 20);
}

TEST_F(LatencyAwareTest, ResultsForCandidatesThatLeftAreHarmless) {
  Instance instance(host, plugin.component("latency_aware"));
  DistributorDriver distributor(instance);
  ASSERT_EQ(distributor.set_candidates({{.id = 1}, {.id = 2}}), HG_OK);
  const auto one = distributor.pick();
  const auto two = distributor.pick();
  ASSERT_EQ(distributor.set_candidates({{.id = 3}}), HG_OK);
  distributor.result(*one, HG_NOT_TRIED);
  distributor.result(*two, HG_SENT);
  EXPECT_EQ(distributor.pick()->candidate_id, 3u);
  ASSERT_EQ(distributor.set_candidates({}), HG_OK);
  EXPECT_FALSE(distributor.pick().has_value());
}

TEST_F(LatencyAwareTest, RefusesTimesOfZeroByName) {
  for (const char* key : {"half_life", "recovery_half_life", "failure_penalty"}) {
    try {
      const Instance unwanted(host, plugin.component("latency_aware"), Value::table({{key, "0s"}}));
      FAIL() << key;
    } catch (const sdk::testing::CreateError& error) {
      EXPECT_EQ(error.what(), std::string(key) + ": must be longer than 0");
    }
  }
}

}  // namespace
}  // namespace heliograph::plugins::latency_aware
