// Waiting for an asynchronous port from a thread that may block: the command line, the admin
// socket, start and stop.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <utility>

#include "core/ports/executor.h"
#include "core/ports/store.h"

namespace heliograph::app {

// Runs `task` there and waits for it, from another thread. Throws what it throws.
inline void run_on(ports::Executor& where, base::Task task) {
  auto done = std::make_shared<std::promise<void>>();
  auto finished = done->get_future();
  where.post([task = std::move(task), done]() mutable {
    try {
      task();
      done->set_value();
    } catch (...) {
      done->set_exception(std::current_exception());
    }
  });
  finished.get();
}

// Runs what is posted in the thread that waits.
class WaitingExecutor final : public ports::Executor {
 public:
  void post(base::Task task) override {
    const std::scoped_lock lock(mutex_);
    tasks_.push_back(std::move(task));
    ready_.notify_one();
  }
  // Runs the next task; false when none came within `timeout`.
  bool run_one(std::chrono::milliseconds timeout) {
    std::unique_lock lock(mutex_);
    if (!ready_.wait_for(lock, timeout, [this] { return !tasks_.empty(); })) return false;
    auto task = std::move(tasks_.front());
    tasks_.pop_front();
    lock.unlock();
    task();
    return true;
  }

 private:
  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<base::Task> tasks_;
};

// The result of `start(executor, done)`. Throws std::runtime_error when none came within `timeout`.
template <class T, class Start>
T wait_for(Start start, std::chrono::milliseconds timeout = std::chrono::seconds{30}) {
  // Shared with the completion, which may come after this function has given up.
  struct State {
    WaitingExecutor executor;
    std::optional<T> result;
  };
  auto state = std::make_shared<State>();
  start(state->executor, ports::Done<T>([state](T value) { state->result = std::move(value); }));
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  while (!state->result) {
    const auto left = deadline - std::chrono::steady_clock::now();
    if (left <= left.zero() ||
        !state->executor.run_one(std::chrono::ceil<std::chrono::milliseconds>(left))) {
      throw std::runtime_error("the store did not answer in time");
    }
  }
  return std::move(*state->result);
}

}  // namespace heliograph::app
