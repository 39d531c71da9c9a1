// Strand: calls into one plugin instance never overlap, neither those of the loop nor those of the
// control thread (rule R5 of the ABI), and the loop never waits.
//
// While the control thread is inside the instance, what the loop has for it is put off and posted
// again once the strand is free. The control thread waits for a loop call to end: these take
// microseconds.
//
// Any thread.
#pragma once

#include <condition_variable>
#include <mutex>
#include <vector>

#include "core/base/unique_function.h"
#include "core/ports/executor.h"

namespace heliograph::plugin {

class Strand {
 public:
  explicit Strand(ports::Executor& loop) : loop_(loop) {}

  // False: somebody is inside. True: leave() follows.
  bool try_enter();
  // [control thread] Waits.
  void enter();
  void leave();
  // Posts `task` to the loop, now or once the strand is free. The task enters by itself.
  void put_off(base::Task task);
  // Nothing will leave any more (the control thread hangs inside): drops what was put off.
  void abandon();

 private:
  ports::Executor& loop_;
  std::mutex mutex_;
  std::condition_variable free_;
  bool taken_ = false;
  int entering_ = 0;  // threads that wait in enter()
  bool abandoned_ = false;
  std::vector<base::Task> waiting_;  // no deque: an empty one allocates, and leave() makes one
};

}  // namespace heliograph::plugin
