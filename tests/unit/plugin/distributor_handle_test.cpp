#include "tests/unit/plugin/harness.h"

namespace heliograph::plugin {
namespace {

using ports::CandidateState;

class DistributorHandleTest : public ::testing::Test {
 protected:
  void run(const std::string& mode) {
    world.options.distributor.config = {.json = R"({"mode":")" + mode + "\"}", .where = "t.toml"};
    world.run();
    world.loop.run([&] { world.host->distributor().on_candidates(candidates); });
  }
  std::optional<ports::Pick> pick(std::uint64_t excluded = 0) {
    model::WorkItem item;
    item.to = "+14155552671";
    const std::uint64_t words[] = {excluded};
    const std::uint32_t loads[] = {1, 2, 3};
    const ports::PickRequest request{
        .item = &item, .now = world.clock.mono(), .excluded = words, .in_flight = loads};
    return world.loop.run([&] { return world.host->distributor().pick(request); });
  }
  std::uint64_t faults(const std::string& kind) { return world.faults("distributor", kind); }

  Host world;
  std::vector<ports::Candidate> candidates{
      {.provider = model::ProviderKey{11}, .name = "a", .priority = 1},
      {.provider = model::ProviderKey{12}, .name = "b", .priority = 1},
      {.provider = model::ProviderKey{13}, .name = "c", .priority = 0}};
};

TEST_F(DistributorHandleTest, PluginChoosesAndHearsTheResult) {
  run("plain");
  const auto chosen = pick(0b001);
  ASSERT_TRUE(chosen);
  EXPECT_EQ(chosen->index, 1U);
  EXPECT_EQ(chosen->token, 101U);
  EXPECT_TRUE(chosen->guided);
  world.loop.run([&] {
    world.host->distributor().on_result(*chosen, model::ProviderKey{12}, model::Outcome::kNotTried,
                                        std::chrono::milliseconds{5});
  });
  EXPECT_TRUE(world.log.wait_for("result 101 12 6"));
}

TEST_F(DistributorHandleTest, NoneFits) {
  run("plain");
  EXPECT_FALSE(pick(0b111));
  EXPECT_EQ(faults("bad_index"), 0U);
}

TEST_F(DistributorHandleTest, DownCandidatesAreExcludedForIt) {
  candidates[0].state = CandidateState::kDown;
  candidates[1].state = CandidateState::kDraining;
  run("plain");
  EXPECT_EQ(pick()->index, 2U);
}

TEST_F(DistributorHandleTest, IndexOutOfRangeFallsBackByPriority) {
  run("out_of_range");
  const auto chosen = pick();
  ASSERT_TRUE(chosen);
  EXPECT_EQ(chosen->index, 2U);
  EXPECT_FALSE(chosen->guided);
  EXPECT_EQ(pick(0b100)->index, 0U);
  EXPECT_EQ(faults("bad_index"), 2U);
}

TEST_F(DistributorHandleTest, ExcludedIndexFallsBack) {
  run("excluded");
  EXPECT_TRUE(pick(0b100)->guided);
  const auto chosen = pick(0b001);
  EXPECT_EQ(chosen->index, 2U);
  EXPECT_FALSE(chosen->guided);
  EXPECT_EQ(faults("bad_index"), 1U);
}

TEST_F(DistributorHandleTest, ErrorFallsBack) {
  run("error");
  EXPECT_FALSE(pick()->guided);
  EXPECT_EQ(faults("bad_status"), 1U);
}

TEST_F(DistributorHandleTest, PanicQuarantinesAndTheFallbackGoesOn) {
  run("panics");
  EXPECT_FALSE(pick()->guided);
  EXPECT_FALSE(pick()->guided);
  EXPECT_EQ(world.state("distributor"), "quarantined");
  EXPECT_EQ(faults("bad_status"), 1U) << "it is not asked again";
}

TEST_F(DistributorHandleTest, RefusedSnapshotIsNotUsedByIndex) {
  run("refuses");
  EXPECT_FALSE(pick()->guided);
  EXPECT_FALSE(pick()->guided);
  EXPECT_EQ(faults("bad_status"), 1U) << "the same snapshot is offered once";
}

TEST_F(DistributorHandleTest, WeightZeroIsNeverTheFallback) {
  candidates[2].weight = 0;
  run("error");
  EXPECT_EQ(pick()->index, 0U);
  EXPECT_FALSE(pick(0b011));
}

TEST_F(DistributorHandleTest, NewSnapshotReplacesTheOld) {
  run("plain");
  EXPECT_EQ(pick(0b011)->index, 2U);
  candidates.pop_back();
  world.loop.run([&] { world.host->distributor().on_candidates(candidates); });
  EXPECT_FALSE(pick(0b011));
  EXPECT_EQ(pick(0b001)->index, 1U);
}

}  // namespace
}  // namespace heliograph::plugin
