// Randomness seeded from the operating system: jitter, the random part of ids. Not for secrets
// (those come from OpenSSL). One thread at a time; make one for each thread that needs it.
#pragma once

#include <random>

#include "core/ports/random.h"

namespace heliograph::app {

class SystemRandom final : public ports::Random {
 public:
  SystemRandom() {
    std::random_device device;
    std::seed_seq seed{device(), device(), device(), device(),
                       device(), device(), device(), device()};
    engine_.seed(seed);
  }
  std::uint64_t next() override { return engine_(); }

 private:
  std::mt19937_64 engine_;
};

}  // namespace heliograph::app
