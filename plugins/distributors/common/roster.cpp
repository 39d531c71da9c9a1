#include "plugins/distributors/common/roster.h"

#include <algorithm>
#include <utility>

namespace heliograph::plugins::distributors {

namespace {

constexpr std::uint32_t kNoSlot = UINT32_MAX;

}  // namespace

void Roster::rebuild(const sdk::Candidates& candidates) {
  std::vector<SmoothEntry> next;
  next.reserve(candidates.size());
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const hg_candidate& candidate = candidates[i];
    next.push_back(carry_over(candidate, static_cast<std::uint32_t>(i), find(candidate.id)));
  }
  std::ranges::sort(next, {}, [](const SmoothEntry& e) { return std::pair(e.priority, e.index); });
  entries_ = std::move(next);
  assign_slots();
  group();
}

SmoothEntry Roster::carry_over(const hg_candidate& candidate, std::uint32_t index,
                               const SmoothEntry* known) {
  SmoothEntry entry;
  entry.id = candidate.id;
  entry.index = index;
  entry.weight = candidate.weight;
  entry.configured = candidate.weight;
  entry.priority = candidate.priority;
  entry.slot = known == nullptr ? kNoSlot : known->slot;
  const bool same = known != nullptr && known->configured == entry.configured;
  if (same && known->priority == entry.priority) entry.credit = known->credit;
  return entry;
}

// Newcomers get the free bits; turns that are still out refer to the others by theirs.
void Roster::assign_slots() {
  Turn taken = 0;
  for (const SmoothEntry& entry : entries_) {
    if (entry.slot != kNoSlot) taken |= turn_bit(entry.slot);
  }
  std::uint32_t next = 0;
  for (SmoothEntry& entry : entries_) {
    if (entry.slot != kNoSlot) continue;
    while (next < kTurnSlots && (taken & turn_bit(next)) != 0) ++next;
    entry.slot = next < kTurnSlots ? next++ : kTurnSlots;
  }
}

void Roster::group() {
  groups_.clear();
  for (auto first = entries_.begin(); first != entries_.end();) {
    const auto last = std::find_if(
        first, entries_.end(), [&](const SmoothEntry& e) { return e.priority != first->priority; });
    groups_.emplace_back(first, last);
    first = last;
  }
}

SmoothChoice Roster::choose(const sdk::PickRequest& request) {
  const auto eligible = [&](const SmoothEntry& entry) { return !request.excluded(entry.index); };
  for (const std::span<SmoothEntry> members : groups_) {
    const SmoothChoice choice =
        distributors::choose(members.data(), members.data() + members.size(), eligible);
    if (choice.entry != nullptr) return choice;
  }
  return {};
}

void Roster::undo(std::uint64_t candidate_id, Turn turn) {
  SmoothEntry* const chosen = find(candidate_id);
  if (chosen == nullptr) return;
  distributors::undo(entries_.data(), entries_.data() + entries_.size(), *chosen, turn);
}

SmoothEntry* Roster::find(std::uint64_t candidate_id) noexcept {
  const auto found = std::ranges::find(entries_, candidate_id, &SmoothEntry::id);
  return found == entries_.end() ? nullptr : &*found;
}

}  // namespace heliograph::plugins::distributors
