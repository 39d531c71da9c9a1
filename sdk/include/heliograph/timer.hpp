// Timer: one function of the plugin, run once at a time that can be moved or called off.
//
// Belongs to one instance and to its strand: [loop] (and [ctl] except in the constructor and
// destructor of the plugin's class, where nothing is running yet or any more; members may be
// destroyed there).
//
//   sdk::Timer reconnect_{host, [this] { connect(); }};
//   reconnect_.start(host_.now() + 5s);
#pragma once

#include <heliograph/abi/abi.h>

#include <functional>
#include <utility>

#include <heliograph/host.hpp>

namespace heliograph::sdk {

class Timer {
 public:
  Timer(Host host, std::function<void()> work) : host_(host), work_(std::move(work)) {}
  ~Timer() { cancel(); }
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  // Starts it, or moves it when it is running. `work` must not destroy this timer. False: refused
  // by the host (too many timers, or the instance is not running), so `work` will not run.
  bool start(MonoTime when) {
    cancel();
    return host_.raw()->timer_start(host_.raw(), to_abi(when), &Timer::run, this, 0, &id_) == HG_OK;
  }

  // After this `work` does not run until the next start().
  void cancel() noexcept {
    if (id_ != 0 && !host_.state().closing) host_.raw()->timer_cancel(host_.raw(), id_);
    id_ = 0;
  }

  bool running() const noexcept { return id_ != 0; }

 private:
  static void run(void* arg, uint64_t) noexcept {
    Timer* self = static_cast<Timer*>(arg);
    self->id_ = 0;
    self->host_.guard("a timer", self->work_);
  }

  Host host_;
  std::function<void()> work_;
  hg_id id_ = 0;
};

}  // namespace heliograph::sdk
