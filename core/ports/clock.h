// Time as the core sees it. The pipeline never reads a clock of the system, so that a simulation
// can own time.
#pragma once

#include <chrono>

#include "core/model/ids.h"

namespace heliograph::ports {

// Monotonic time since an arbitrary start; the clock of timeouts, limits and health. Comparable
// within one process only.
struct MonoClock {
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<MonoClock>;
  static constexpr bool is_steady = true;
};
using MonoTime = MonoClock::time_point;

// All functions: any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual MonoTime mono() const = 0;
  // Logical wall clock: the wall at start plus the monotonic time passed. Due times, validity and
  // health use it, so that a stepped system clock fires nothing and stops nothing.
  virtual model::TimePoint wall() const = 0;
  // What the system's clock says now: only for `send_at` and for what people read.
  virtual model::TimePoint real_wall() const = 0;
};

}  // namespace heliograph::ports
