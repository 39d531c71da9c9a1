// The process's clock: monotonic time from the kernel, and a logical wall clock that starts as the
// system's and then runs on monotonic time alone. Any thread, but for not_before().
#pragma once

#include "core/ports/clock.h"

namespace heliograph::app {

class SystemClock final : public ports::Clock {
 public:
  SystemClock();
  // Before other threads use it. Lets the logical clock start at `time` when it would show less:
  // where the system's was set back between two runs, what was due stays due. Result: by how much
  // it was moved.
  std::chrono::milliseconds not_before(model::TimePoint time);
  ports::MonoTime mono() const override;
  model::TimePoint wall() const override;
  model::TimePoint real_wall() const override;

 private:
  ports::MonoTime mono_start_;
  std::chrono::sys_time<std::chrono::nanoseconds> wall_start_;
};

}  // namespace heliograph::app
