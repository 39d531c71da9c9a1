// ControlThread: runs [ctl] calls into plugins, one after the other, each within a budget.
//
// A call that overruns is given up on: its thread is left behind (a thread cannot be killed safely)
// and the next call gets a new one, so that one hanging plugin does not hang the gateway.
//
// run() is for one caller at a time.
#pragma once

#include <chrono>
#include <memory>

#include "core/base/unique_function.h"

namespace heliograph::plugin {

class ControlThread {
 public:
  ControlThread() = default;
  ~ControlThread();  // waits for nothing but an idle thread
  ControlThread(const ControlThread&) = delete;
  ControlThread& operator=(const ControlThread&) = delete;

  // Runs `call` on the control thread. False: it has not returned within `budget` (real time) and
  // may still run: `call` must own whatever it uses. `call` must not throw.
  bool run(base::Task call, std::chrono::nanoseconds budget);

 private:
  struct Worker;
  std::shared_ptr<Worker> worker_;
};

}  // namespace heliograph::plugin
