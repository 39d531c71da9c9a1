// Repeatable randomness: SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number
// Generators, 2014), seeded by name, so an instance makes the same decisions from the same history.
//
// Not for secrets. Not thread-safe. No allocation.
#pragma once

#include <cstdint>
#include <string_view>

namespace heliograph::plugins::latency_aware {

class Dice {
 public:
  explicit Dice(std::string_view name) noexcept {
    // FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv/).
    for (const char byte : name)
      state_ = (state_ ^ static_cast<unsigned char>(byte)) * 0x100000001b3ULL;
  }

  // 0 <= x < 1, in steps of 2^-53.
  double fraction() noexcept { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

  // 0 .. count - 1, for small counts.
  std::uint32_t below(std::uint32_t count) noexcept {
    return static_cast<std::uint32_t>(((next() >> 32) * count) >> 32);
  }

 private:
  std::uint64_t next() noexcept {
    state_ += 0x9e3779b97f4a7c15ULL;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }

  std::uint64_t state_ = 0xcbf29ce484222325ULL;
};

}  // namespace heliograph::plugins::latency_aware
