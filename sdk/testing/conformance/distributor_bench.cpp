#include "distributor_bench.hpp"

#include <algorithm>
#include <utility>

namespace heliograph::sdk::conformance {

std::vector<CandidateSpec> candidates(const std::vector<std::uint32_t>& weights) {
  std::vector<CandidateSpec> list;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    list.push_back({.id = 100 + i,
                    .name = "provider" + std::to_string(i + 1),
                    .weight = weights[i],
                    .cost_micros = 1000});
  }
  return list;
}

DistributorBench::DistributorBench(const Subject& subject, const std::string& name)
    : bench_(subject, name), driver_(bench_.instance()) {
  bench_.start();
}

void DistributorBench::set(const std::vector<CandidateSpec>& list) {
  const hg_status status = driver_.set_candidates(list);
  demand(status == HG_OK, "on_candidates() failed with status " + std::to_string(status) + " for " +
                              std::to_string(list.size()) + " candidates");
  list_ = list;
}

std::optional<DistributorDriver::Pick> DistributorBench::pick(std::vector<std::uint32_t> excluded,
                                                              std::uint64_t key_hash) {
  PickSpec question{.excluded = std::move(excluded), .key_hash = key_hash};
  for (const CandidateSpec& candidate : list_) {
    question.in_flight.push_back(in_flight_[candidate.id]);
  }
  const auto pick = driver_.pick(question);
  bench_.demand_no_violations();
  if (pick) {
    demand(list_[pick->index].weight > 0, "a candidate of weight 0 was picked");
    ++in_flight_[pick->candidate_id];
  }
  return pick;
}

void DistributorBench::result(const DistributorDriver::Pick& pick, std::uint32_t outcome) {
  --in_flight_[pick.candidate_id];
  driver_.result(pick, outcome);
}

std::map<std::uint64_t, int> DistributorBench::flow(int picks, const Outcome& outcome) {
  std::deque<std::pair<DistributorDriver::Pick, std::uint32_t>> waiting;
  std::map<std::uint64_t, int> carried;
  for (int number = 0; number < picks; ++number) {
    const auto chosen = pick();
    demand(chosen.has_value(), "nothing was picked although candidates were free");
    const std::uint32_t ends = outcome(*chosen, number);
    if (ends == HG_NOT_TRIED) {
      result(*chosen, ends);
    } else {
      ++carried[chosen->candidate_id];
      waiting.emplace_back(*chosen, ends);
    }
    bench_.host().advance(std::chrono::milliseconds{1});
    if (waiting.size() < 10) continue;
    result(waiting.front().first, waiting.front().second);
    waiting.pop_front();
  }
  for (const auto& [chosen, ends] : waiting) result(chosen, ends);
  return carried;
}

}  // namespace heliograph::sdk::conformance
