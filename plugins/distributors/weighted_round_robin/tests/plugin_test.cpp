// The plugin as the gateway meets it: through its entry, on a fake host.
#include <gtest/gtest.h>

#include <map>

#include <heliograph/testing/testing.hpp>

namespace heliograph::plugins::distributors {
namespace {

using sdk::testing::DistributorDriver;
using sdk::testing::FakeHost;

class WeightedRoundRobinTest : public ::testing::Test {
 protected:
  void TearDown() override { EXPECT_EQ(host.violations(), FakeHost::kNone); }

  FakeHost host;
  sdk::testing::Plugin plugin{&hg_plugin_entry_v1};
  sdk::testing::Instance instance{host, plugin.component("weighted_round_robin")};
  DistributorDriver distributor{instance};
};

TEST_F(WeightedRoundRobinTest, SharesByWeight) {
  ASSERT_EQ(distributor.set_candidates(
                {{.id = 7, .weight = 50}, {.id = 8, .weight = 30}, {.id = 9, .weight = 20}}),
            HG_OK);
  std::map<std::uint64_t, int> picks;
  for (int i = 0; i < 1'000; ++i) {
    const auto pick = distributor.pick();
    ASSERT_TRUE(pick.has_value());
    ++picks[pick->candidate_id];
    distributor.result(*pick);
  }
  EXPECT_EQ(picks[7], 500);
  EXPECT_EQ(picks[8], 300);
  EXPECT_EQ(picks[9], 200);
}

TEST_F(WeightedRoundRobinTest, HonoursExclusionsAndSaysNoneWhenNoneFits) {
  ASSERT_EQ(distributor.set_candidates({{.id = 1}, {.id = 2}, {.id = 3, .weight = 0}}), HG_OK);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(distributor.pick({.excluded = {0}})->candidate_id, 2u);
  EXPECT_FALSE(distributor.pick({.excluded = {0, 1}}).has_value());
}

TEST_F(WeightedRoundRobinTest, APickThatWasNotTriedCostsItsCandidateNothing) {
  ASSERT_EQ(distributor.set_candidates({{.id = 1, .weight = 3}, {.id = 2, .weight = 1}}), HG_OK);
  std::map<std::uint64_t, int> carried;
  for (int i = 0; i < 800; ++i) {
    const auto pick = distributor.pick();
    const bool tried = i % 2 == 0;
    if (tried) ++carried[pick->candidate_id];
    distributor.result(*pick, tried ? HG_SENT : HG_NOT_TRIED);
  }
  EXPECT_EQ(carried[1], 300);
  EXPECT_EQ(carried[2], 100);
}

TEST_F(WeightedRoundRobinTest, ResultsForCandidatesThatLeftAreHarmless) {
  ASSERT_EQ(distributor.set_candidates({{.id = 1}, {.id = 2}}), HG_OK);
  const auto pick = distributor.pick();
  ASSERT_EQ(distributor.set_candidates({{.id = 3}}), HG_OK);
  distributor.result(*pick, HG_NOT_TRIED);
  EXPECT_EQ(distributor.pick()->candidate_id, 3u);
  ASSERT_EQ(distributor.set_candidates({}), HG_OK);
  EXPECT_FALSE(distributor.pick().has_value());
}

}  // namespace
}  // namespace heliograph::plugins::distributors
