// One limit as the algorithms see it. Plain values, copied from the gateway's rule.
#pragma once

#include <cstdint>

namespace heliograph::plugins::memory {

enum class Algorithm : std::uint8_t {
  kSlidingWindow,  // never more than `limit` units in any `window_ns`, wherever it begins
  kTokenBucket,    // `limit` units per `window_ns` refill evenly, up to `burst` at once
};

struct Rule {
  Algorithm algorithm = Algorithm::kSlidingWindow;
  std::uint64_t window_ns = 1;  // >= 1
  std::uint64_t limit = 1;      // units, >= 1
  std::uint64_t burst = 1;      // units, >= 1; token bucket only

  // The most units that can ever be granted at once.
  [[nodiscard]] std::uint64_t capacity() const noexcept {
    return algorithm == Algorithm::kTokenBucket ? burst : limit;
  }
};

}  // namespace heliograph::plugins::memory
