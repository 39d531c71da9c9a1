// CallbackCount: how many accepted callbacks (posts, requests, emitted events) the host still owes
// an instance. destroy() begins only at zero (rule R8 of the ABI). Any thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace heliograph::plugin {

class CallbackCount {
 public:
  void begin() {
    const std::lock_guard lock(mutex_);
    ++count_;
  }
  void end() {
    const std::lock_guard lock(mutex_);
    if (--count_ == 0) none_.notify_all();
  }
  // [control thread] True: none are left.
  bool wait_none(std::chrono::nanoseconds at_most) {
    std::unique_lock lock(mutex_);
    return none_.wait_for(lock, at_most, [this] { return count_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable none_;
  std::size_t count_ = 0;
};

}  // namespace heliograph::plugin
