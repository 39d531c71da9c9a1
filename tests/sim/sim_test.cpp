// Runs simulations. HELIOGRAPH_SIM_SEED=n runs that one alone, exactly as it ran before;
// HELIOGRAPH_SIM_SEEDS=n runs the seeds 1 to n.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "core/base/text.h"
#include "tests/sim/simulation.h"

namespace heliograph::sim {
namespace {

constexpr std::uint64_t kSeeds = 300;

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
  const Folder folder;
  Simulation simulation(seed, folder.path());
  simulation.run();
  for (const std::string& wrong : simulation.check())
    ADD_FAILURE() << "seed " << seed << ": " << wrong
                  << "\n  replay with HELIOGRAPH_SIM_SEED=" << seed;
  return {simulation.trace(), simulation.accepted(), simulation.arrivals()};
}

TEST(Simulation, HoldsItsPromisesUnderEverySeed) {
  if (const auto one = from_environment("HELIOGRAPH_SIM_SEED")) {
    simulate(*one);
    return;
  }
  const std::uint64_t seeds = from_environment("HELIOGRAPH_SIM_SEEDS").value_or(kSeeds);
  std::size_t accepted = 0;
  std::size_t arrivals = 0;
  for (std::uint64_t seed = 1; seed <= seeds && !HasFailure(); ++seed) {
    const Result result = simulate(seed);
    accepted += result.accepted;
    arrivals += result.arrivals;
  }
  // A simulation in which nothing happens proves nothing.
  EXPECT_GT(accepted, seeds * 20);
  EXPECT_GT(arrivals, seeds * 20);
  std::cout << seeds << " seeds, " << accepted << " messages, " << arrivals << " sends\n";
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

}  // namespace
}  // namespace heliograph::sim
