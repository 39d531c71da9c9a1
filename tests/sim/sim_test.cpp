// Runs simulations: kShards tests of kSeeds / kShards seeds each, so that ctest runs them side by
// side.
//   HELIOGRAPH_SIM_SEED=n    that seed alone (Simulation.One), exactly as it ran before
//   HELIOGRAPH_SIM_SEEDS=n   the seeds 1 to n instead of kSeeds
//   HELIOGRAPH_SIM_STORY=1   what happened to a message about which there is a complaint
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "core/base/text.h"
#include "tests/sim/simulation.h"

namespace heliograph::sim {
namespace {

constexpr std::uint64_t kSeeds = 2'400;
constexpr std::uint64_t kShards = 8;
constexpr int kStoriesMax = 3;

std::optional<std::uint64_t> from_environment(const char* name) {
  const char* text = std::getenv(name);
  return text == nullptr ? std::nullopt : base::parse_uint(text);
}

// A fresh folder; in memory where that is possible, because nothing here is about the disk.
class Folder {
 public:
  Folder() {
    namespace fs = std::filesystem;
    const fs::path parent = fs::is_directory("/dev/shm") ? "/dev/shm" : fs::temp_directory_path();
    std::string pattern = (parent / "heliograph-sim-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = pattern;
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

struct Result {
  std::uint64_t trace = 0;
  std::size_t accepted = 0;
  std::size_t arrivals = 0;
};

Result simulate(std::uint64_t seed) {
  const bool tell = from_environment("HELIOGRAPH_SIM_STORY").value_or(0) != 0;
  const Folder folder;
  Simulation simulation(seed, folder.path(), tell);
  simulation.run();
  int stories = 0;
  for (const Complaint& wrong : simulation.check()) {
    ADD_FAILURE() << "seed " << seed << ": " << wrong.what
                  << "\n  replay with HELIOGRAPH_SIM_SEED=" << seed;
    if (tell && wrong.about && ++stories <= kStoriesMax)
      std::cout << "the story of " << wrong.about->to_string() << '\n'
                << simulation.journal().story(*wrong.about);
  }
  return {simulation.trace(), simulation.accepted(), simulation.arrivals()};
}

class Simulations : public testing::TestWithParam<std::uint64_t> {};

TEST_P(Simulations, HoldTheirPromises) {
  const std::uint64_t seeds = from_environment("HELIOGRAPH_SIM_SEEDS").value_or(kSeeds);
  std::uint64_t played = 0;
  std::size_t accepted = 0;
  std::size_t arrivals = 0;
  for (std::uint64_t seed = GetParam() + 1; seed <= seeds && !HasFailure(); seed += kShards) {
    const Result result = simulate(seed);
    ++played;
    accepted += result.accepted;
    arrivals += result.arrivals;
  }
  // A simulation in which nothing happens proves nothing.
  EXPECT_GE(accepted, played * 20);
  EXPECT_GE(arrivals, played * 20);
  std::cout << played << " seeds, " << accepted << " messages, " << arrivals << " sends\n";
}
INSTANTIATE_TEST_SUITE_P(Shard, Simulations, testing::Range<std::uint64_t>(0, kShards));

TEST(Simulation, One) {
  const std::uint64_t seed = from_environment("HELIOGRAPH_SIM_SEED").value_or(1);
  std::cout << fmt::format("trace {:016x}\n", simulate(seed).trace);
}

TEST(Simulation, TheSameSeedIsTheSameRun) {
  for (const std::uint64_t seed : {3u, 17u, 101u}) {
    const Result first = simulate(seed);
    const Result second = simulate(seed);
    EXPECT_EQ(first.trace, second.trace) << "seed " << seed;
    EXPECT_EQ(first.arrivals, second.arrivals);
  }
  EXPECT_NE(simulate(3).trace, simulate(17).trace);
}

// What another process says of a seed: there every address is another one, so an order that comes
// from addresses shows.
std::string trace_elsewhere(std::uint64_t seed) {
  const std::string self = std::filesystem::read_symlink("/proc/self/exe").string();
  const std::string command =
      fmt::format("HELIOGRAPH_SIM_SEED={} '{}' --gtest_filter=Simulation.One", seed, self);
  FILE* const pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return "no process";
  std::string output;
  std::array<char, 4'096> piece{};
  while (const std::size_t got = fread(piece.data(), 1, piece.size(), pipe))
    output.append(piece.data(), got);
  pclose(pipe);
  const std::size_t at = output.find("trace ");
  return at == std::string::npos ? output : output.substr(at + 6, 16);
}

TEST(Simulation, TheSameSeedIsTheSameRunInAnotherProcess) {
  for (const std::uint64_t seed : {5u, 44u, 209u, 1'203u})
    EXPECT_EQ(trace_elsewhere(seed), fmt::format("{:016x}", simulate(seed).trace))
        << "seed " << seed;
}

}  // namespace
}  // namespace heliograph::sim
