// Randomness as the core sees it, so that a simulation can seed it. Not for secrets.
#pragma once

#include <cstdint>

namespace heliograph::ports {

class Random {
 public:
  virtual ~Random() = default;
  virtual std::uint64_t next() = 0;  // uniform over all 64 bits; one thread at a time
  double unit() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }  // [0, 1)
};

}  // namespace heliograph::ports
