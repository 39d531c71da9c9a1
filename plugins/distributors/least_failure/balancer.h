// The shares of the load, moved away from failing providers with damping.
//
// Everything is derived from the results heard and from the time that picks carry, so a history
// replayed gives the same decisions. Weights set the resting shares; within a group of equal
// priority the shares in force sum to the whole. Rules, applied once per interval:
//   1. Of the providers with enough new results, the worst one loses a step, if the others can take
//   it:
//      they must fail clearly less. When all fail alike, nothing moves.
//   2. Else the one furthest below its resting share gets a step back, if it has been left alone
//   for
//      the recovery delay and does not fail clearly more than the others.
// Nobody falls below the floor, so that recovery can be seen; nothing else changes at the same
// time.
//
// Not thread-safe: one strand owns it. Only rebuild() allocates.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/distributors/common/decayed_rate.h"
#include "plugins/distributors/common/roster.h"
#include "plugins/distributors/least_failure/settings.h"

namespace heliograph::plugins::least_failure {

// A decision, for the log. `name` lives until the next rebuild().
struct Change {
  std::string_view name;
  std::int64_t from = 0;  // of kWhole
  std::int64_t to = 0;
  double failure_rate = 0;
};

class Balancer {
 public:
  explicit Balancer(const Settings& settings) : settings_(settings) {}

  // Takes a snapshot over. Results heard are kept by candidate id; shares are kept while the
  // members of the group and their weights are the same, else they start at rest.
  void rebuild(const sdk::Candidates& candidates);

  // One smooth turn by the shares in force; first moves them when an interval is over.
  distributors::SmoothChoice choose(const sdk::PickRequest& request);

  // How a choice ended. SENT is a success; RETRY, UNKNOWN and REFUSED are failures; REJECTED is the
  // message's fault and THROTTLED the rate's, so they say nothing; NOT_TRIED undoes the turn.
  void hear(const sdk::PickResult& result);

  // The latest change, once.
  std::optional<Change> take_change();

  // The share in force of a candidate, of kWhole; 0 when unknown.
  [[nodiscard]] std::int64_t share(std::uint64_t candidate_id);

 private:
  struct Provider {
    std::string name;
    bool up = true;
    std::int64_t resting = 0;
    std::int64_t results_since_change = 0;
    std::uint64_t changed_at_ns = 0;
    distributors::DecayedRate results;
  };
  // Entries of the roster and what is known of each, side by side.
  struct Group {
    std::span<distributors::SmoothEntry> entries;
    std::span<Provider> providers;
    [[nodiscard]] std::size_t size() const noexcept { return entries.size(); }
  };

  static void rest(const Group& group);
  void keep_shares(const Group& group, std::span<const distributors::SmoothEntry> old_entries,
                   std::span<const Provider> old_providers);
  void rebalance(std::uint64_t now_ns);
  void take_from_worst(const Group& group);
  void give_back(const Group& group);
  [[nodiscard]] std::optional<std::size_t> worst(const Group& group) const;
  [[nodiscard]] std::optional<std::size_t> furthest_below_rest(const Group& group) const;
  [[nodiscard]] bool clearly_better(const Provider& one, const Provider& other) const;
  [[nodiscard]] bool can_take_from(const Group& group, std::size_t i, std::size_t loser) const;
  [[nodiscard]] bool measured(const Provider& provider) const;
  void changed(const Group& group, std::size_t i, std::int64_t from);

  Settings settings_;
  distributors::Roster roster_;
  std::vector<Provider> providers_;  // in the order of roster_.entries()
  std::vector<Group> groups_;
  std::uint64_t now_ns_ = 0;      // of the latest pick
  std::uint64_t next_at_ns_ = 0;  // 0: not started
  std::size_t turn_of_group_ = 0;
  std::optional<Change> change_;
};

}  // namespace heliograph::plugins::least_failure
