// A Server on a free port with the routes the tests ask for.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/base/unique_function.h"
#include "core/http/server.h"

namespace heliograph::http::testing {

// An operation under the test's control: handlers of "GET /wait" await it, the test ends it.
class Gate {
 public:
  void enter(base::UniqueFunction<void(int)> done);
  bool wait_for_waiting(std::size_t count);  // until so many wait; false: too late
  std::vector<base::UniqueFunction<void(int)>> take();

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<base::UniqueFunction<void(int)>> waiting_;
};

// Routes: GET /hello, POST /echo (at most 1000 bytes), GET /canary (counts), GET /wait (awaits the
// gate), GET /throw, GET /split (a header with CR LF), GET /info (what the request says), GET
// /large (8 MiB), GET /abort, GET /items/{id}, and answers without a known end: GET /feed/count (a
// number every few milliseconds), /feed/hour (one every hour), /feed/three (three, then the end),
// /feed/flood (as much as is taken), /feed/fail (one, then an exception).
class TestServer {
 public:
  explicit TestServer(ServerOptions options = {});

  std::string address() const { return server_->addresses().front(); }
  Server& server() { return *server_; }
  int canaries() const { return canaries_; }
  int feeds() const { return feeds_; }              // that are alive
  std::size_t flooded() const { return flooded_; }  // pieces that /feed/flood has made
  Gate& gate() { return gate_; }
  std::vector<std::string> log();
  bool wait_until(const std::function<bool(const ServerStats&)>& holds);
  bool wait_for_feeds(int alive);  // until so many are; false: too late

 private:
  Router make_router();
  void add_feeds(Router& router);

  std::atomic<int> canaries_{0};
  std::atomic<int> feeds_{0};
  std::atomic<std::size_t> flooded_{0};
  Gate gate_;
  std::mutex log_mutex_;
  std::vector<std::string> log_;
  std::unique_ptr<Server> server_;
};

}  // namespace heliograph::http::testing
