// A turn and whose it was in the 64 bits that a pick carries.
//
// The one that carries the message need not be the one whose turn it was, so both must be kept to
// undo it. 58 bits say who was credited; slots beyond them are taken as credited: with more than 58
// candidates an undone turn may misplace a weight or two, once.
#pragma once

#include <cstdint>

#include "plugins/distributors/common/smooth_choice.h"

namespace heliograph::plugins::latency_aware {

struct TurnOf {
  distributors::Turn credited = 0;
  std::uint32_t slot = 0;  // of the owner
};

inline constexpr std::uint32_t kTokenSlots = 58;
inline constexpr std::uint64_t kTokenMask = (std::uint64_t{1} << kTokenSlots) - 1;

constexpr std::uint64_t pack(TurnOf turn) noexcept {
  return (turn.credited & kTokenMask) | (std::uint64_t{turn.slot & 63} << kTokenSlots);
}

constexpr TurnOf unpack(std::uint64_t token) noexcept {
  return {(token & kTokenMask) | ~kTokenMask, static_cast<std::uint32_t>(token >> kTokenSlots)};
}

}  // namespace heliograph::plugins::latency_aware
