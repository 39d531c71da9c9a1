// How lowest_cost judges and how fast it moves. The README says why each rule is there.
#pragma once

#include <cstdint>

#include "plugins/distributors/common/shares.h"

namespace heliograph::plugins::lowest_cost {

using distributors::kPoint;
using distributors::kWhole;

struct Settings {
  std::uint64_t half_life_ns = 30'000'000'000;       // of the failure rate
  std::uint64_t interval_ns = 5'000'000'000;         // between two moves of load
  std::uint64_t recovery_delay_ns = 30'000'000'000;  // without results: a bad rate halves
  std::int64_t min_volume = 20;                      // results before a rate means anything
  double margin = 0.05;                              // smaller changes of a rate are ignored
  double tolerance = 0.1;                            // costs that differ by less are alike
  double failure_cost = 1;                           // of a failed attempt, in dearest prices
  std::int64_t step = 10 * kPoint;                   // moved at once, away from trouble
  std::int64_t recovery_step = 5 * kPoint;           // moved at once, back to what is cheap
  std::int64_t floor = 2 * kPoint;                   // kept by a cheap provider in trouble
};

}  // namespace heliograph::plugins::lowest_cost
