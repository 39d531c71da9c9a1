// A failure rate that forgets: every result counts half as much after each half-life.
//
// Two sums and a moment. A window of fixed length would forget all at once and jump; this one
// fades. Not thread-safe: one strand owns it.
#pragma once

#include <cmath>
#include <cstdint>

namespace heliograph::plugins::distributors {

class DecayedRate {
 public:
  void add(bool failed, std::uint64_t now_ns, std::uint64_t half_life_ns) {
    fade(now_ns, half_life_ns);
    volume_ += 1;
    if (failed) failures_ += 1;
  }

  // Brings the sums to `now_ns`, which must not go back.
  void fade(std::uint64_t now_ns, std::uint64_t half_life_ns) {
    if (now_ns <= at_ns_) return;
    const double half_lives =
        static_cast<double>(now_ns - at_ns_) / static_cast<double>(half_life_ns);
    const double factor = std::exp2(-half_lives);
    volume_ *= factor;
    failures_ *= factor;
    at_ns_ = now_ns;
  }

  // Keeps no more than the weight of so many results, so that those of busy times do not outvote
  // the few that come after them.
  void limit(double volume) {
    if (volume_ <= volume) return;
    failures_ *= volume / volume_;
    volume_ = volume;
  }

  // Results, faded.
  [[nodiscard]] double volume() const noexcept { return volume_; }
  // 0 .. 1; 0 when there is nothing to go by.
  [[nodiscard]] double rate() const noexcept { return volume_ > 0 ? failures_ / volume_ : 0; }

 private:
  double volume_ = 0;
  double failures_ = 0;
  std::uint64_t at_ns_ = 0;
};

}  // namespace heliograph::plugins::distributors
