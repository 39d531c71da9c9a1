// DistributorHandle: ports::Distributor over a distributor component's instance.
//
// The plugin weighs, the handle guards: an error, an index that is excluded or not there, or an
// instance that is busy or quarantined is replaced by the first candidate that fits. [loop]
#pragma once

#include <heliograph/abi/distributor.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/plugin/kind_side.h"
#include "core/ports/distributor.h"

namespace heliograph::plugin {

class Instance;

class DistributorHandle final : public ports::Distributor, public KindSide {
 public:
  DistributorHandle(Instance& instance, hg_distributor table);
  ~DistributorHandle() override;

  void on_candidates(std::span<const ports::Candidate> candidates) override;
  std::optional<ports::Pick> pick(const ports::PickRequest& request) override;
  void on_result(const ports::Pick& pick, model::ProviderKey provider, model::Outcome outcome,
                 std::chrono::nanoseconds latency) override;

  void on_closed(const std::string& reason, bool quarantined) override;

 private:
  struct Snapshot;
  void offer();
  void exclude_unfit(std::span<const std::uint64_t> excluded);
  bool is_excluded(std::size_t index) const;
  std::optional<std::uint32_t> ask(const ports::PickRequest& request, std::uint64_t& token);
  std::optional<ports::Pick> fall_back() const;

  Instance& instance_;
  const hg_distributor table_;
  std::uint64_t epoch_ = 0;
  std::unique_ptr<Snapshot> accepted_;   // what the plugin works on; lives until it takes the next
  std::unique_ptr<Snapshot> current_;    // the latest; empty once the plugin has taken it
  bool refused_ = false;                 // the plugin said no to the latest
  std::vector<std::uint64_t> excluded_;  // of the pick at hand, one bit a candidate
  std::string id_;                       // of its message
};

}  // namespace heliograph::plugin
