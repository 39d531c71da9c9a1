// The candidates of a distributor as smooth entries, in groups of equal priority.
//
// Built from each snapshot of the gateway; what a candidate was owed is carried over by its id.
// Shared by the distributors that choose smoothly by weight: they differ in where the weights come
// from.
//
// Not thread-safe: one strand owns it. rebuild() allocates, nothing else does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <heliograph/distributor.hpp>

#include "plugins/distributors/common/smooth_choice.h"

namespace heliograph::plugins::distributors {

class Roster {
 public:
  // Takes a snapshot over, with the configured weights in force. An entry keeps its credit while
  // its configured weight and priority stay the same; else it starts anew, since what it was owed
  // was measured in the old one.
  void rebuild(const sdk::Candidates& candidates);

  // One turn in the group of the lowest priority number that has an eligible entry.
  SmoothChoice choose(const sdk::PickRequest& request);

  // Undoes the turn that chose `candidate_id`; nothing when that candidate has left.
  void undo(std::uint64_t candidate_id, Turn turn);

  // Entries of equal priority side by side, the lowest number first.
  [[nodiscard]] std::span<SmoothEntry> entries() noexcept { return entries_; }
  // The entries of one group each.
  [[nodiscard]] std::span<const std::span<SmoothEntry>> groups() const noexcept { return groups_; }
  [[nodiscard]] SmoothEntry* find(std::uint64_t candidate_id) noexcept;

 private:
  static SmoothEntry carry_over(const hg_candidate& candidate, std::uint32_t index,
                                const SmoothEntry* known);
  void assign_slots();
  void group();

  std::vector<SmoothEntry> entries_;
  std::vector<std::span<SmoothEntry>> groups_;  // of entries_
};

}  // namespace heliograph::plugins::distributors
