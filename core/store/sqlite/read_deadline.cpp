#include "core/store/sqlite/read_deadline.h"

#include <sqlite3.h>

#include "core/store/sqlite/connection.h"

namespace heliograph::store {
namespace {

// Steps of SQLite's machine between two looks at the clock, some 100 microseconds.
constexpr int kStepsBetweenLooks = 10'000;

// Not 0: stop.
int is_over(void* end) {
  using Time = std::chrono::steady_clock::time_point;
  return std::chrono::steady_clock::now() >= *static_cast<const Time*>(end) ? 1 : 0;
}

int is_set(void* stop) { return *static_cast<const std::atomic<bool>*>(stop) ? 1 : 0; }

}  // namespace

ReadDeadline::ReadDeadline(Connection& connection, std::chrono::milliseconds time_max)
    : connection_(connection), end_(std::chrono::steady_clock::now() + time_max) {
  sqlite3_progress_handler(connection_.handle(), kStepsBetweenLooks, is_over, &end_);
}

ReadDeadline::~ReadDeadline() {
  sqlite3_progress_handler(connection_.handle(), 0, nullptr, nullptr);
}

ReadStop::ReadStop(Connection& connection, const std::atomic<bool>& stop)
    : connection_(connection) {
  sqlite3_progress_handler(connection_.handle(), kStepsBetweenLooks, is_set,
                           const_cast<std::atomic<bool>*>(&stop));  // its type; it is only read
}

ReadStop::~ReadStop() { sqlite3_progress_handler(connection_.handle(), 0, nullptr, nullptr); }

}  // namespace heliograph::store
