// Who carries the messages at the least expected cost, moved with damping.
//
// Within a group of equal priority every provider has a share of the load; the shares sum to the
// whole and smooth turns follow them. Once per interval the shares move a step towards their
// targets:
//   1. The cheapest by expected cost (expected_cost.h) is the leader. Those that are not dearer by
//      price and cost nearly the same share the load with it, by weight.
//   2. A provider that would be cheap but is in trouble keeps the floor, so that recovery can be
//   seen.
//      A dearer one gets nothing: its price is known without trying it.
//   3. Away from trouble by `step`, back by `recovery_step`.
// A turn of a provider that cannot take it goes to the cheapest one that can, at once; shares stay.
// So a full window or a reached limit moves nothing that must be moved back.
//
// Everything follows from results and the times that picks carry: a replayed history gives the same
// decisions. Not thread-safe: one strand owns it. Only rebuild() allocates.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/distributors/common/full_mark.h"
#include "plugins/distributors/common/roster.h"
#include "plugins/distributors/lowest_cost/expected_cost.h"
#include "plugins/distributors/lowest_cost/settings.h"

namespace heliograph::plugins::lowest_cost {

// Another leader, for the log. The names live until the next rebuild().
struct Change {
  std::string_view from;
  std::string_view to;
  double from_rate = 0;  // the failure rates that count
  double to_rate = 0;
};

class Buyer {
 public:
  explicit Buyer(const Settings& settings) : settings_(settings) {}

  // Takes a snapshot over. What is known of failures is kept by candidate id; shares are kept while
  // the members of the group, their weights and prices are the same, else they start at target.
  void rebuild(const sdk::Candidates& candidates);

  // The token is the id of the candidate whose turn it was.
  std::optional<sdk::Choice> choose(const sdk::PickRequest& request);

  // How a choice ended. SENT is a success; RETRY, UNKNOWN and REFUSED are failures; REJECTED is the
  // message's fault and THROTTLED the rate's, so they say nothing; NOT_TRIED undoes the turn.
  void hear(const sdk::PickResult& result);

  // The latest change of a leader, once.
  std::optional<Change> take_change();

  // The share in force of a candidate, of kWhole; 0 when unknown.
  [[nodiscard]] std::int64_t share(std::uint64_t candidate_id);

 private:
  struct Provider {
    std::string name;
    bool up = true;
    double price = 0;
    double cost = 0;  // expected
    ExpectedCost history;
    distributors::FullMark full;
    double served = 0;  // turns taken over from others, by weight
    std::int64_t target = 0;
  };
  // Entries of the roster and what is known of each, side by side.
  struct Group {
    std::span<distributors::SmoothEntry> entries;
    std::span<Provider> providers;
    std::size_t leader = 0;
    double failure_cost = 0;
    double served = 0;  // of the latest that took a turn over: nobody is owed for longer ago
    [[nodiscard]] std::size_t size() const noexcept { return entries.size(); }
  };

  [[nodiscard]] static bool takes_part(const Group& group, std::size_t i);
  void take_over(const Group& group, const sdk::Candidates& candidates) const;
  [[nodiscard]] static bool keep_shares(const Group& group,
                                        std::span<const distributors::SmoothEntry> old_entries,
                                        std::span<const Provider> old_providers);
  void price_failures(Group& group) const;
  static void find_leader(Group& group);
  void aim(const Group& group) const;
  void move(const Group& group) const;
  void rebalance();
  [[nodiscard]] static bool eligible(const Group& group, std::size_t i,
                                     const sdk::PickRequest& request);
  [[nodiscard]] bool full(const Group& group, std::size_t i, const sdk::PickRequest& request) const;
  [[nodiscard]] std::size_t heir(const Group& group, const sdk::PickRequest& request) const;
  std::optional<sdk::Choice> choose_in(Group& group, const sdk::PickRequest& request);
  [[nodiscard]] Provider* find(std::uint64_t candidate_id) noexcept;

  Settings settings_;
  distributors::Roster roster_;
  std::vector<Provider> providers_;  // in the order of roster_.entries()
  std::vector<Group> groups_;
  std::uint64_t now_ns_ = 0;      // of the latest pick
  std::uint64_t next_at_ns_ = 0;  // 0: not started
  std::optional<Change> change_;
};

}  // namespace heliograph::plugins::lowest_cost
