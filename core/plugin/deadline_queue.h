// DeadlineQueue: one timer of the loop for any number of deadlines.
//
// Work that ends in time is not taken out: its entry is dropped when it comes to the front. So a
// provider with a five second timeout and 10,000 sends a second sets a timer about once in five
// seconds. [loop]
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <queue>
#include <vector>

#include "core/ports/clock.h"
#include "core/ports/executor.h"

namespace heliograph::plugin {

class DeadlineQueue {
 public:
  // `open`: is this number still waited for? `passed`: its deadline is over.
  DeadlineQueue(ports::Loop& loop, const ports::Clock& clock,
                std::function<bool(std::uint64_t)> open, std::function<void(std::uint64_t)> passed);
  ~DeadlineQueue();
  DeadlineQueue(const DeadlineQueue&) = delete;
  DeadlineQueue& operator=(const DeadlineQueue&) = delete;

  void add(std::uint64_t number, ports::MonoTime deadline);

 private:
  struct State;
  std::shared_ptr<State> state_;  // shared with the timer, which may outlive this object
};

}  // namespace heliograph::plugin
