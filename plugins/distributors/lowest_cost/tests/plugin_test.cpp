// The plugin as the gateway meets it: through its entry, on a fake host.
#include <gtest/gtest.h>

#include <map>
#include <string>

#include <heliograph/testing/testing.hpp>

namespace heliograph::plugins::lowest_cost {
namespace {

using sdk::testing::DistributorDriver;
using sdk::testing::FakeHost;
using sdk::testing::Instance;
using sdk::testing::Value;

class LowestCostTest : public ::testing::Test {
 protected:
  void TearDown() override { EXPECT_EQ(host.violations(), FakeHost::kNone); }

  // A message each 10 ms; `failing` fails always.
  std::map<std::uint64_t, int> run(DistributorDriver& distributor, int messages,
                                   std::uint64_t failing = 0) {
    std::map<std::uint64_t, int> picks;
    for (int i = 0; i < messages; ++i) {
      host.advance(std::chrono::milliseconds{10});
      const auto pick = distributor.pick();
      if (!pick) continue;
      ++picks[pick->candidate_id];
      distributor.result(*pick, pick->candidate_id == failing ? HG_RETRY : HG_SENT);
    }
    return picks;
  }

  FakeHost host;
  sdk::testing::Plugin plugin{&hg_plugin_entry_v1};
};

TEST_F(LowestCostTest, PrefersTheCheapestAndTellsTheOperatorWhenThatChanges) {
  Instance instance(host, plugin.component("lowest_cost"));
  DistributorDriver distributor(instance);
  ASSERT_EQ(distributor.set_candidates({{.id = 1, .name = "alpha", .cost_micros = 4'000},
                                        {.id = 2, .name = "beta", .cost_micros = 6'000}}),
            HG_OK);
  EXPECT_EQ(run(distributor, 1'000)[1], 1'000);
  run(distributor, 10'000, 1);
  EXPECT_EQ(run(distributor, 1'000, 1)[1], 20) << "the floor";
  EXPECT_TRUE(host.logged("cheapest"));
  EXPECT_TRUE(host.logged("beta"));
  EXPECT_EQ(host.metric("cheapest_changes_total")->value, 1);
  run(distributor, 40'000);
  EXPECT_EQ(run(distributor, 1'000)[1], 1'000);
}

TEST_F(LowestCostTest, HonoursExclusions) {
  Instance instance(host, plugin.component("lowest_cost"));
  DistributorDriver distributor(instance);
  ASSERT_EQ(distributor.set_candidates({{.id = 1, .cost_micros = 1},
                                        {.id = 2, .cost_micros = 2},
                                        {.id = 3, .weight = 0, .cost_micros = 0}}),
            HG_OK);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(distributor.pick({.excluded = {0}})->candidate_id, 2u);
  EXPECT_FALSE(distributor.pick({.excluded = {0, 1}}).has_value());
  ASSERT_EQ(distributor.set_candidates({}), HG_OK);
  EXPECT_FALSE(distributor.pick().has_value());
}

TEST_F(LowestCostTest, OneThatCannotTakeItIsPassedOverUntilSomethingOfItIsDone) {
  Instance instance(host, plugin.component("lowest_cost"));
  DistributorDriver distributor(instance);
  ASSERT_EQ(distributor.set_candidates({{.id = 1, .cost_micros = 1}, {.id = 2, .cost_micros = 2}}),
            HG_OK);
  const auto refused = distributor.pick({.in_flight = {4, 0}});
  ASSERT_EQ(refused->candidate_id, 1u);
  distributor.result(*refused, HG_NOT_TRIED);
  EXPECT_EQ(distributor.pick({.in_flight = {4, 0}})->candidate_id, 2u);
  EXPECT_EQ(distributor.pick({.excluded = {1}, .in_flight = {4, 0}})->candidate_id, 1u)
      << "better than nobody";
  EXPECT_EQ(distributor.pick({.in_flight = {3, 1}})->candidate_id, 1u);
  EXPECT_EQ(distributor.pick({.in_flight = {4, 1}})->candidate_id, 2u);
  host.advance(std::chrono::milliseconds{50});
  EXPECT_EQ(distributor.pick({.in_flight = {4, 1}})->candidate_id, 1u);
}

TEST_F(LowestCostTest, ResultsForCandidatesThatLeftAreHarmless) {
  Instance instance(host, plugin.component("lowest_cost"));
  DistributorDriver distributor(instance);
  ASSERT_EQ(distributor.set_candidates({{.id = 1}, {.id = 2}}), HG_OK);
  const auto one = distributor.pick();
  const auto two = distributor.pick();
  ASSERT_EQ(distributor.set_candidates({{.id = 3}}), HG_OK);
  distributor.result(*one, HG_NOT_TRIED);
  distributor.result(*two, HG_SENT);
  EXPECT_EQ(distributor.pick()->candidate_id, 3u);
}

TEST_F(LowestCostTest, RefusesTimesOfZeroByName) {
  for (const char* key : {"interval", "half_life", "recovery_delay"}) {
    try {
      const Instance unwanted(host, plugin.component("lowest_cost"), Value::table({{key, "0s"}}));
      FAIL() << key;
    } catch (const sdk::testing::CreateError& error) {
      EXPECT_EQ(error.what(), std::string(key) + ": must be longer than 0");
    }
  }
}

TEST_F(LowestCostTest, ReadsItsConfiguration) {
  const Value config = Value::table({{"interval", "1s"},
                                     {"half_life", "5s"},
                                     {"min_volume", 10},
                                     {"step", 50.0},
                                     {"floor", 10.0},
                                     {"failure_cost", 0.0}});
  Instance instance(host, plugin.component("lowest_cost"), config);
  DistributorDriver distributor(instance);
  ASSERT_EQ(
      distributor.set_candidates({{.id = 1, .cost_micros = 10}, {.id = 2, .cost_micros = 11}}),
      HG_OK);
  run(distributor, 300, 1);
  EXPECT_EQ(run(distributor, 1'000, 1)[1], 100);
}

}  // namespace
}  // namespace heliograph::plugins::lowest_cost
