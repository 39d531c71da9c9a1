// How long a provider takes to carry a message, as far as it is known: a peak EWMA.
//
// A slower observation is believed at once, a faster one only as time passes, so a provider that
// turns slow is noticed by the first message and one fast answer does not hide it (the measure that
// Finagle's load balancer introduced). What is not observed any more drifts to a neutral value.
// Failures add a penalty in proportion to their rate.
//
// Not thread-safe: one strand owns it. No allocation.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "plugins/distributors/common/decayed_rate.h"
#include "plugins/distributors/latency_aware/settings.h"

namespace heliograph::plugins::latency_aware {

class Latency {
 public:
  void succeeded(double measured_ns, std::uint64_t now_ns, const Settings& settings) {
    const double latency_ns = std::max(measured_ns, kLeastNs);
    results_.add(false, now_ns, settings.half_life_ns);
    if (!known_ || latency_ns >= value_ns_) {
      value_ns_ = latency_ns;
    } else {
      const double old = half_lives(observed_at_ns_, now_ns, settings.half_life_ns);
      value_ns_ = latency_ns + (value_ns_ - latency_ns) * std::exp2(-old);
    }
    known_ = true;
    observed_at_ns_ = std::max(observed_at_ns_, now_ns);
  }

  // A quick failure says nothing of the latency; a slow one (a timeout) does.
  void failed(double latency_ns, std::uint64_t now_ns, const Settings& settings) {
    results_.add(true, now_ns, settings.half_life_ns);
    if (!known_ || latency_ns < value_ns_) return;
    value_ns_ = latency_ns;
    observed_at_ns_ = std::max(observed_at_ns_, now_ns);
  }

  [[nodiscard]] bool known() const noexcept { return known_; }

  // The latency as of now; `neutral_ns` when nothing is known.
  [[nodiscard]] double value(std::uint64_t now_ns, double neutral_ns,
                             const Settings& settings) const {
    if (!known_) return neutral_ns;
    const double old = half_lives(observed_at_ns_, now_ns, settings.recovery_half_life_ns);
    return neutral_ns + (value_ns_ - neutral_ns) * std::exp2(-old);
  }

  // What the failures of late add.
  double penalty(std::uint64_t now_ns, const Settings& settings) {
    results_.fade(now_ns, settings.half_life_ns);
    const double failures = results_.rate() * results_.volume();
    const double rate = failures / (results_.volume() + kDoubt);
    return rate * static_cast<double>(settings.failure_penalty_ns);
  }

 private:
  // Nothing below a millisecond matters, and nothing is divided by zero.
  static constexpr double kLeastNs = 1'000'000;
  // So many results without failure are taken for granted: one failure in two is no rate of 50 %.
  static constexpr double kDoubt = 10;

  static double half_lives(std::uint64_t from_ns, std::uint64_t to_ns, std::uint64_t half_life_ns) {
    if (to_ns <= from_ns) return 0;
    return static_cast<double>(to_ns - from_ns) / static_cast<double>(half_life_ns);
  }

  bool known_ = false;
  double value_ns_ = 0;
  std::uint64_t observed_at_ns_ = 0;
  distributors::DecayedRate results_;
};

}  // namespace heliograph::plugins::latency_aware
