// How fast least_failure reacts. The README says why each rule is there.
#pragma once

#include <cstdint>

#include "plugins/distributors/common/shares.h"

namespace heliograph::plugins::least_failure {

using distributors::kPoint;
using distributors::kWhole;

struct Settings {
  std::uint64_t half_life_ns = 60'000'000'000;       // of the failure rate
  std::uint64_t interval_ns = 10'000'000'000;        // at most one change in each
  std::uint64_t recovery_delay_ns = 30'000'000'000;  // unchanged for so long: drift back
  std::int64_t min_volume = 20;                      // results before a rate means anything
  double margin = 0.1;                               // how much worse than the others is worse
  std::int64_t step = 10 * kPoint;                   // taken away at once
  std::int64_t recovery_step = 5 * kPoint;           // given back at once
  std::int64_t floor = 5 * kPoint;                   // never taken away
};

}  // namespace heliograph::plugins::least_failure
