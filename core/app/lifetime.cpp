#include "core/app/lifetime.h"

#include <exception>

namespace heliograph::app {

void Lifetime::start() {
  try {
    for (; running_ < parts_.size(); ++running_) {
      if (parts_[running_].start) parts_[running_].start();
    }
  } catch (...) {
    stop();
    throw;
  }
}

void Lifetime::stop() noexcept {
  while (running_ > 0) {
    const Part& part = parts_[--running_];
    try {
      if (part.stop) part.stop();
    } catch (const std::exception& error) {
      report_(part.name, error.what());
    }
  }
}

}  // namespace heliograph::app
