// Shares of the load as integers, so that those of a group always sum to the whole.
#pragma once

#include <cstdint>

namespace heliograph::plugins::distributors {

inline constexpr std::int64_t kWhole = 1'000'000'000;
inline constexpr std::int64_t kPoint = kWhole / 100;

// Splits an amount in proportion, one part after the other, so that the last gets what rounding
// left and the parts sum to the amount. Shares are below 2^30 and weights below 2^32, so nothing
// overflows.
class Split {
 public:
  Split(std::int64_t amount, std::int64_t weights) : amount_(amount), weights_(weights) {}

  std::int64_t next(std::int64_t weight) {
    if (weight == 0) return 0;
    const std::int64_t part = amount_ * weight / weights_;
    amount_ -= part;
    weights_ -= weight;
    return part;
  }

 private:
  std::int64_t amount_;
  std::int64_t weights_;
};

}  // namespace heliograph::plugins::distributors
