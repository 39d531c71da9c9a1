#include <heliograph/testing/driver.hpp>

#include <algorithm>

#include <heliograph/text.hpp>

#include "drivers_common.hpp"

namespace heliograph::sdk::testing {

struct DistributorDriver::Snapshot {
  std::vector<CandidateSpec> specs;
  std::vector<Longer<hg_candidate>> items;
  hg_candidate_set set{};
};

DistributorDriver::DistributorDriver(Instance& instance)
    : instance_(instance), distributor_(vtable<hg_distributor>(instance, HG_KIND_DISTRIBUTOR)) {}

hg_status DistributorDriver::set_candidates(const std::vector<CandidateSpec>& candidates) {
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->specs = candidates;
  for (const CandidateSpec& spec : snapshot->specs) {
    hg_candidate& candidate = snapshot->items.emplace_back().known;
    candidate.state = spec.state;
    candidate.id = spec.id;
    candidate.name = to_abi(spec.name);
    candidate.weight = spec.weight;
    candidate.priority = spec.priority;
    candidate.cost_micros = spec.cost_micros;
  }
  snapshot->set = {sizeof(hg_candidate_set), static_cast<std::uint32_t>(candidates.size()),
                   epoch_ + 1, first(snapshot->items)};
  hg_status status = HG_OK;
  instance_.host().in_loop(
      [&] { status = distributor_.on_candidates(instance_.raw(), &snapshot->set); });
  if (status != HG_OK) return status;
  ++epoch_;
  snapshots_ = {snapshot};  // the old one's memory is gone from here on
  return HG_OK;
}

std::optional<DistributorDriver::Pick> DistributorDriver::pick(const PickSpec& question) {
  const std::size_t count = snapshots_.empty() ? 0 : snapshots_.back()->specs.size();
  std::vector<std::uint64_t> excluded((count + 63) / 64, 0);
  for (const std::uint32_t index : question.excluded) {
    excluded.at(index / 64) |= std::uint64_t{1} << (index % 64);
  }
  hg_pick request{};
  request.size = sizeof(request);
  request.attempt = question.attempt;
  request.now_mono_ns = instance_.host().now_ns();
  request.epoch = epoch_;
  request.key_hash = question.key_hash;
  request.excluded = excluded.data();
  request.n_words = excluded.size();
  request.inflight = question.in_flight.empty() ? nullptr : question.in_flight.data();

  Pick pick;
  hg_status status = HG_OK;
  instance_.host().in_loop(
      [&] { status = distributor_.pick(instance_.raw(), &request, &pick.index, &pick.token); });
  if (status != HG_OK) {
    instance_.host().violation("pick() failed with " + std::to_string(status));
    return std::nullopt;
  }
  if (pick.index == HG_PICK_NONE) return std::nullopt;
  const auto& barred = question.excluded;
  if (pick.index >= count || std::find(barred.begin(), barred.end(), pick.index) != barred.end()) {
    instance_.host().violation("pick() chose what it must not: " + std::to_string(pick.index));
    return std::nullopt;
  }
  pick.candidate_id = snapshots_.back()->specs[pick.index].id;
  return pick;
}

void DistributorDriver::result(const Pick& pick, std::uint32_t outcome,
                               std::chrono::nanoseconds latency) {
  if (distributor_.on_result == nullptr) return;
  instance_.host().in_loop([&] {
    distributor_.on_result(instance_.raw(), pick.token, pick.candidate_id, outcome,
                           static_cast<std::uint64_t>(latency.count()));
  });
}

}  // namespace heliograph::sdk::testing
