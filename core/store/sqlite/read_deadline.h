// What cuts off a connection's statements, which then fail with SQLITE_INTERRUPT, for as long as it
// lives. The connection's thread; one of them at a time.
#pragma once

#include <atomic>
#include <chrono>

namespace heliograph::store {

class Connection;

// Beyond a time.
class ReadDeadline {
 public:
  ReadDeadline(Connection& connection, std::chrono::milliseconds time_max);
  ~ReadDeadline();
  ReadDeadline(const ReadDeadline&) = delete;
  ReadDeadline& operator=(const ReadDeadline&) = delete;

 private:
  Connection& connection_;
  std::chrono::steady_clock::time_point end_;
};

// Once a flag is set, on whatever thread. The look at a table's structure is one step for SQLite.
class ReadStop {
 public:
  ReadStop(Connection& connection, const std::atomic<bool>& stop);
  ~ReadStop();
  ReadStop(const ReadStop&) = delete;
  ReadStop& operator=(const ReadStop&) = delete;

 private:
  Connection& connection_;
};

}  // namespace heliograph::store
