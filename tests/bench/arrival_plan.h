// When the requests of an open loop are due: the load does not wait for the answers, as the world
// does not (G. Tene, "How NOT to Measure Latency": a closed loop leaves out what it did not send
// while it was waiting).
#pragma once

#include <chrono>
#include <cstdint>
#include <random>

namespace heliograph::bench {

enum class Arrivals { kConstant, kPoisson };

// Offsets from the start, in order; the same seed gives the same plan. Not thread-safe.
class ArrivalPlan {
 public:
  // `rate`: requests a second, > 0.
  ArrivalPlan(Arrivals arrivals, double rate, std::uint64_t seed)
      : arrivals_(arrivals), gap_(rate), random_(seed) {}

  std::chrono::nanoseconds next() {
    at_s_ += arrivals_ == Arrivals::kPoisson ? gap_(random_) : 1.0 / gap_.lambda();
    return std::chrono::nanoseconds{static_cast<std::int64_t>(at_s_ * 1e9)};
  }

 private:
  Arrivals arrivals_;
  std::exponential_distribution<double> gap_;
  std::mt19937_64 random_;
  double at_s_ = 0;
};

}  // namespace heliograph::bench
