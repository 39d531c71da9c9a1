// The process's clock: monotonic time from the kernel, and a logical wall clock that starts as the
// system's and then runs on monotonic time alone. Immutable after construction; any thread.
#pragma once

#include "core/ports/clock.h"

namespace heliograph::app {

class SystemClock final : public ports::Clock {
 public:
  SystemClock();
  ports::MonoTime mono() const override;
  model::TimePoint wall() const override;
  model::TimePoint real_wall() const override;

 private:
  ports::MonoTime mono_start_;
  std::chrono::sys_time<std::chrono::nanoseconds> wall_start_;
};

}  // namespace heliograph::app
