// Worker: one API thread. Its io_context, the connections that live on it, and the clockwork they
// share: one periodic sweep looks at every connection's deadline, so that a request costs no timer
// of its own (two timer operations a request were measurable, a sweep of 4096 connections takes
// some 10 us).
//
// Threads: the constructor, post_*() and requests() any; everything else the worker's own. Internal
// to core/http (Asio).
#pragma once

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/intrusive/list.hpp>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <thread>

#include "core/base/shared_value.h"
#include "core/http/connection_limits.h"
#include "core/http/framing_guard.h"
#include "core/http/router.h"
#include "core/http/server.h"
#include "core/http/server_metrics.h"
#include "core/ports/executor.h"

namespace heliograph::http {

// What the connections of all workers share; immutable but for `router`, `limits` and the counters.
struct ServerShared {
  ServerShared(ServerOptions server_options, Router server_router)
      : options(std::move(server_options)),
        framing{options.header_max, options.target_max, options.fields_max},
        router(std::make_shared<const Router>(std::move(server_router))),
        limits(options.max_connections, options.max_connections_per_address),
        metrics(ports::metrics_or_none(options.metrics)) {}

  void log_error(std::string_view line) const {
    if (options.log_error) options.log_error(line);
  }

  const ServerOptions options;
  const FramingLimits framing;
  // A request keeps the one that it was found in until it is answered.
  base::SharedValue<const Router> router;
  ConnectionLimits limits;
  std::atomic<std::uint64_t> refused{0};
  mutable ServerMetrics metrics;
};

// A connection as its worker sees it; unlinks itself when it is destroyed.
class SweptConnection : public boost::intrusive::list_base_hook<
                            boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr Clock::time_point kNoDeadline = Clock::time_point::max();

  SweptConnection() = default;
  SweptConnection(const SweptConnection&) = delete;
  SweptConnection& operator=(const SweptConnection&) = delete;
  virtual ~SweptConnection() = default;
  virtual void on_deadline() = 0;
  virtual void on_drain() = 0;  // close if idle; otherwise the answer under way is the last
  virtual void cut() = 0;       // close now

  Clock::time_point deadline = kNoDeadline;
};

class Worker final : public ports::Executor {
 public:
  explicit Worker(ServerShared& shared);
  ~Worker() override;
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void post(base::Task task) override;
  void start();       // spawns the thread
  void post_drain();  // tells every connection, now and later ones
  void post_cut();    // closes every connection, then ends the thread
  void join();

  boost::asio::io_context& context() { return context_; }
  const ServerShared& shared() const { return shared_; }
  bool draining() const { return draining_; }
  std::string_view date() const { return date_; }  // for the Date field, at most a sweep old
  std::string make_request_id();

  void add(SweptConnection& connection) { connections_.push_back(connection); }

  // Room for a request with a large body; whoever got it gives it back.
  bool take_large_request();
  void give_back_large_request() { --large_requests_; }

  void count_request() { requests_.fetch_add(1, std::memory_order_relaxed); }
  void count_framing_error() { framing_errors_.fetch_add(1, std::memory_order_relaxed); }
  std::uint64_t requests() const { return requests_.load(std::memory_order_relaxed); }
  std::uint64_t framing_errors() const { return framing_errors_.load(std::memory_order_relaxed); }

 private:
  using List = boost::intrusive::list<SweptConnection, boost::intrusive::constant_time_size<false>>;
  void schedule_sweep();
  void sweep();
  void update_date();

  ServerShared& shared_;
  std::chrono::milliseconds sweep_every_;
  std::string id_prefix_;
  std::uint64_t id_count_ = 0;
  std::string date_;
  std::int64_t date_second_ = 0;
  bool draining_ = false;
  std::size_t large_requests_ = 0;
  std::atomic<bool> stopped_{false};
  std::atomic<std::uint64_t> requests_{0};
  std::atomic<std::uint64_t> framing_errors_{0};
  List connections_;
  // Destroyed first of the data: with it go the coroutines that never ended, and their connections.
  boost::asio::io_context context_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  boost::asio::steady_timer sweep_timer_;
  std::thread thread_;
};

}  // namespace heliograph::http
