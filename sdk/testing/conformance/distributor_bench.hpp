// DistributorBench: a distributor under test, and traffic that flows through it.
#pragma once

#include <deque>
#include <map>

#include "kind_bench.hpp"

namespace heliograph::sdk::conformance {

// Candidates with these weights, equal in everything else, ids 100, 101, ...
std::vector<CandidateSpec> candidates(const std::vector<std::uint32_t>& weights);

class DistributorBench {
 public:
  explicit DistributorBench(const Subject& subject, const std::string& name = "check");

  KindBench& bench() { return bench_; }
  DistributorDriver& driver() { return driver_; }
  void set(const std::vector<CandidateSpec>& list);

  // One pick with the true load as a hint. Fails when the plugin errs, or chooses what is not there
  // or excluded. nullopt: none.
  std::optional<DistributorDriver::Pick> pick(std::vector<std::uint32_t> excluded = {},
                                              std::uint64_t key_hash = 0);
  // Tells the result and takes the pick off the load.
  void result(const DistributorDriver::Pick& pick, std::uint32_t outcome);

  // `picks` messages, one each millisecond, each answered after 10 ms by `outcome(pick, number)`;
  // how many each candidate carried (HG_NOT_TRIED not counted), by id.
  using Outcome = std::function<std::uint32_t(const DistributorDriver::Pick&, int)>;
  std::map<std::uint64_t, int> flow(int picks, const Outcome& outcome);

  void finish() { bench_.finish(); }

 private:
  KindBench bench_;
  DistributorDriver driver_;
  std::vector<CandidateSpec> list_;
  std::map<std::uint64_t, std::uint32_t> in_flight_;
};

}  // namespace heliograph::sdk::conformance
