// How latency_aware judges. The README says why each rule is there.
#pragma once

#include <cstdint>

namespace heliograph::plugins::latency_aware {

struct Settings {
  std::uint64_t half_life_ns = 5'000'000'000;  // of a slow observation once faster ones come
  std::uint64_t recovery_half_life_ns = 30'000'000'000;  // of the whole judgement in silence
  std::uint64_t failure_penalty_ns = 5'000'000'000;      // added at a failure rate of 1
  double floor = 0.05;                                   // of its turns a provider keeps, 0 .. 1
};

}  // namespace heliograph::plugins::latency_aware
