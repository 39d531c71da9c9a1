// Smooth weighted choice: whoever is owed most is next.
//
// Each turn every eligible entry is credited its weight; the one with the most credit is chosen and
// pays what all were credited (the algorithm of nginx's round robin). A cycle of 5:1:1 is A A B A C
// A A and not A A A A A B C, and over a whole cycle each gets exactly its weight. Credits always
// sum to what they began with, so nothing drifts.
//
// A turn can be undone later, in any order, when nothing came of it: `Turn` says who was credited.
//
// Not thread-safe: one strand owns it. No allocation.
#pragma once

#include <cstddef>
#include <cstdint>

namespace heliograph::plugins::distributors {

struct SmoothEntry {
  std::int64_t credit = 0;
  std::int64_t weight = 0;       // in force; 0: never chosen
  std::uint32_t index = 0;       // of the candidate
  std::uint32_t slot = 0;        // its bit in a Turn, the same as long as the candidate is known
  std::uint64_t id = 0;          // of the candidate
  std::uint32_t configured = 0;  // the operator's weight
  std::uint32_t priority = 0;
};

// The entries of one turn as bits by slot. Those with slots beyond the word share its last bit's
// fate and count as credited whenever they are of the chosen one's priority: with more than 64
// candidates an undone turn may misplace a weight or two, once.
using Turn = std::uint64_t;

inline constexpr std::uint32_t kTurnSlots = 64;

constexpr Turn turn_bit(std::uint32_t slot) noexcept {
  return slot < kTurnSlots ? Turn{1} << slot : Turn{0};
}

struct SmoothChoice {
  SmoothEntry* entry = nullptr;  // null: none is eligible
  Turn turn = 0;
};

// One turn among [first, last); `eligible(entry)` is asked once for each with a weight.
template <typename Eligible>
SmoothChoice choose(SmoothEntry* first, SmoothEntry* last, Eligible eligible) {
  SmoothChoice choice;
  std::int64_t total = 0;
  for (SmoothEntry* entry = first; entry != last; ++entry) {
    if (entry->weight == 0 || !eligible(*entry)) continue;
    entry->credit += entry->weight;
    total += entry->weight;
    choice.turn |= turn_bit(entry->slot);
    if (choice.entry == nullptr || entry->credit > choice.entry->credit) choice.entry = entry;
  }
  if (choice.entry != nullptr) choice.entry->credit -= total;
  return choice;
}

// Undoes a turn among [first, last) that chose `chosen`, with the weights of now.
inline void undo(SmoothEntry* first, SmoothEntry* last, SmoothEntry& chosen, Turn turn) {
  std::int64_t total = 0;
  for (SmoothEntry* entry = first; entry != last; ++entry) {
    const bool credited = entry->slot >= kTurnSlots || (turn & turn_bit(entry->slot)) != 0;
    if (!credited || entry->priority != chosen.priority) continue;
    entry->credit -= entry->weight;
    total += entry->weight;
  }
  chosen.credit += total;
}

}  // namespace heliograph::plugins::distributors
