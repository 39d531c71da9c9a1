// ReadDeadline: cuts off what a connection runs beyond its time; the statement then fails with
// SQLITE_INTERRUPT. For as long as it lives; the connection's thread.
#pragma once

#include <chrono>

namespace heliograph::store {

class Connection;

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

}  // namespace heliograph::store
