// Where work runs. An Executor takes tasks from any thread and runs them in order on its own; the
// Loop is the one that owns the pipeline and can wait for a time.
#pragma once

#include <cstdint>

#include "core/base/unique_function.h"
#include "core/ports/clock.h"

namespace heliograph::ports {

class Executor {
 public:
  virtual ~Executor() = default;
  // [any thread] Runs `task` later, in the order of the calls of one thread, never inside post().
  // Dropped, unrun but destroyed, once the executor has stopped.
  virtual void post(base::Task task) = 0;
};

enum class TimerId : std::uint64_t {};  // never 0, never reused

// The dispatch loop. Timers: [loop thread] only.
class Loop : public Executor {
 public:
  virtual TimerId run_at(MonoTime at, base::Task task) = 0;
  // After it the task does not run; unknown and spent ids are ignored.
  virtual void cancel(TimerId id) = 0;
};

}  // namespace heliograph::ports
