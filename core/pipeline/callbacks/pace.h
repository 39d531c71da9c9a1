// CallbackPace: how many callbacks may be under way to one endpoint, and whether it is left alone
// for a while.
//
// Starts low, one more with each success, half with each failure; an endpoint that fails again and
// again is left alone, longer each time, so that what is dead takes no places from what works. A
// pause counts no attempt of anybody. Times are handed in; one thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>

#include "core/ports/clock.h"

namespace heliograph::pipeline {

class CallbackPace {
 public:
  explicit CallbackPace(std::size_t most);

  std::size_t allowed() const { return allowed_; }
  // In the past: not paused.
  ports::MonoTime paused_until() const { return paused_until_; }

  void on_success();
  // `begun`: when the attempt was. Attempts begun before the last failure were under way with it
  // and say nothing new.
  void on_failure(ports::MonoTime begun, ports::MonoTime now);
  void on_slow_down(std::optional<std::chrono::milliseconds> retry_after, ports::MonoTime now);

 private:
  std::size_t most_;
  std::size_t allowed_;
  int failures_ = 0;  // in a row
  ports::MonoTime last_failure_{};
  ports::MonoTime paused_until_{};
};

}  // namespace heliograph::pipeline
