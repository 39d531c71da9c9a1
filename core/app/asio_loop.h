// The dispatch loop on an io_context of one thread: ports::Loop for the pipeline, the io_context
// itself for the adapters that do their I/O on the loop (the HTTP client, watched descriptors).
//
// Life: construct -> (post, set up) -> run() in a thread of its own, by start() -> stop(). Timers
// belong to the loop's thread (or to the constructing one before start()).
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>
#include <thread>
#include <unordered_map>

#include "core/ports/executor.h"

namespace heliograph::app {

class AsioLoop final : public ports::Loop {
 public:
  explicit AsioLoop(const ports::Clock& clock);
  ~AsioLoop() override;
  AsioLoop(const AsioLoop&) = delete;
  AsioLoop& operator=(const AsioLoop&) = delete;

  void post(base::Task task) override;
  ports::TimerId run_at(ports::MonoTime at, base::Task task) override;
  void cancel(ports::TimerId id) override;

  boost::asio::io_context& context() { return context_; }
  void start();
  // [any other thread] Ends the thread after the task it is running; what is queued is destroyed
  // unrun.
  void stop();

 private:
  using Key = std::pair<ports::MonoTime, ports::TimerId>;
  void arm();
  void on_alarm();

  const ports::Clock& clock_;
  boost::asio::io_context context_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  // One kernel timer serves all of ours: it is set to the earliest of them.
  boost::asio::steady_timer alarm_;
  ports::MonoTime armed_for_ = ports::MonoTime::max();
  std::map<Key, base::Task> timers_;
  std::unordered_map<std::uint64_t, ports::MonoTime> times_;
  std::uint64_t last_id_ = 0;
  std::thread thread_;
};

}  // namespace heliograph::app
