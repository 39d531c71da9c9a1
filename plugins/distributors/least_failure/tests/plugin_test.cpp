// The plugin as the gateway meets it: through its entry, on a fake host.
#include <gtest/gtest.h>

#include <map>

#include <heliograph/testing/testing.hpp>

namespace heliograph::plugins::least_failure {
namespace {

using sdk::testing::DistributorDriver;
using sdk::testing::FakeHost;
using sdk::testing::Instance;
using sdk::testing::Value;

class LeastFailureTest : public ::testing::Test {
 protected:
  void TearDown() override { EXPECT_EQ(host.violations(), FakeHost::kNone); }

  // A message each 10 ms; candidate 1 fails always.
  std::map<std::uint64_t, int> run(DistributorDriver& distributor, int messages) {
    std::map<std::uint64_t, int> picks;
    for (int i = 0; i < messages; ++i) {
      host.advance(std::chrono::milliseconds{10});
      const auto pick = distributor.pick();
      if (!pick) continue;
      ++picks[pick->candidate_id];
      distributor.result(*pick, pick->candidate_id == 1 ? HG_RETRY : HG_SENT);
    }
    return picks;
  }

  FakeHost host;
  sdk::testing::Plugin plugin{&hg_plugin_entry_v1};
};

TEST_F(LeastFailureTest, MovesLoadAwayAndTellsTheOperator) {
  Instance instance(host, plugin.component("least_failure"));
  DistributorDriver distributor(instance);
  ASSERT_EQ(distributor.set_candidates({{.id = 1, .name = "alpha"}, {.id = 2, .name = "beta"}}),
            HG_OK);
  EXPECT_EQ(run(distributor, 900)[1], 450);
  run(distributor, 10'000);
  const int still = run(distributor, 1'000)[1];
  EXPECT_EQ(still, 50) << "the floor";
  EXPECT_TRUE(host.logged("share reduced"));
  EXPECT_TRUE(host.logged("alpha"));
  EXPECT_EQ(host.metric("share_changes_total")->value, 5);
}

TEST_F(LeastFailureTest, ReadsItsConfiguration) {
  const Value config = Value::table({{"interval", "1s"},
                                     {"half_life", "5s"},
                                     {"min_volume", 10},
                                     {"step", 20.0},
                                     {"floor", 10.0},
                                     {"margin", 0.5}});
  Instance instance(host, plugin.component("least_failure"), config);
  DistributorDriver distributor(instance);
  ASSERT_EQ(distributor.set_candidates({{.id = 1}, {.id = 2}}), HG_OK);
  run(distributor, 300);
  EXPECT_EQ(run(distributor, 1'000)[1], 100) << "two steps of 20 points, then the floor of 10";
}

TEST_F(LeastFailureTest, RefusesTimesOfZeroByName) {
  for (const char* key : {"interval", "half_life", "recovery_delay"}) {
    try {
      const Instance unwanted(host, plugin.component("least_failure"), Value::table({{key, "0s"}}));
      FAIL() << key;
    } catch (const sdk::testing::CreateError& error) {
      EXPECT_EQ(error.what(), std::string(key) + ": must be longer than 0");
    }
  }
}

}  // namespace
}  // namespace heliograph::plugins::least_failure
