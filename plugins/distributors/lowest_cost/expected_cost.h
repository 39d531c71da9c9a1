// What a delivered message is expected to cost through one provider: its price, and its failures.
//
// The failure rate that counts follows the measured one only when that differs by a margin
// (hysteresis), so noise moves no load, and it is forgotten step by step when nothing is measured
// any more.
//
// Not thread-safe: one strand owns it. No allocation.
#pragma once

#include <algorithm>
#include <cstdint>

#include "plugins/distributors/common/decayed_rate.h"
#include "plugins/distributors/lowest_cost/settings.h"

namespace heliograph::plugins::lowest_cost {

class ExpectedCost {
 public:
  void hear(bool failed, std::uint64_t now_ns, const Settings& settings) {
    results_.add(failed, now_ns, settings.half_life_ns);
    results_.limit(kVolumes * static_cast<double>(settings.min_volume));
  }

  // Brings the rate that counts up to date.
  void judge(std::uint64_t now_ns, const Settings& settings) {
    results_.fade(now_ns, settings.half_life_ns);
    const double rate = results_.rate();
    const auto wanted = static_cast<double>(settings.min_volume);
    // Fewer results are enough to get better than to get worse: a provider in trouble has few.
    const bool some = results_.volume() >= wanted / 4;
    const bool worse = results_.volume() >= wanted && rate >= counted_ + settings.margin;
    const bool better = some && rate <= counted_ - settings.margin;
    const bool well = some && rate < settings.margin / 2;
    if (worse || better || well) return count(rate, now_ns, settings);
    if (!some && now_ns - judged_at_ns_ >= settings.recovery_delay_ns)
      count(counted_ / 2, now_ns, settings);
  }

  // With `price` an attempt and `failure_cost` more for a failed one, at 1 / (1 - rate) attempts a
  // message. In the unit of both.
  [[nodiscard]] double cost(double price, double failure_cost) const noexcept {
    const double rate = std::min(counted_, 0.99);
    return (price + rate * failure_cost) / (1 - rate);
  }

  // The failure rate that counts, 0 .. 1.
  [[nodiscard]] double rate() const noexcept { return counted_; }

 private:
  // So many minimum volumes are remembered: a provider left with the floor must be able to show
  // that it is well again.
  static constexpr double kVolumes = 10;

  void count(double rate, std::uint64_t now_ns, const Settings& settings) {
    counted_ = rate < settings.margin / 2 ? 0 : rate;
    judged_at_ns_ = now_ns;
  }

  distributors::DecayedRate results_;
  double counted_ = 0;
  std::uint64_t judged_at_ns_ = 0;
};

}  // namespace heliograph::plugins::lowest_cost
