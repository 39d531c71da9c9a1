// Sweeps over all messages go by row, once: each keeps its place in the database. What a sweep
// meets before it is ready (a message that still waits after its time) or what comes back behind it
// (a requeue) is noted here and looked at again. Writer's thread.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <vector>

#include "core/store/sqlite/statement.h"

namespace heliograph::store {

class Connection;

// Stored.
enum class Sweep : std::uint8_t { kHolds = 1, kKeys = 2, kBodies = 3, kMessages = 4 };

// The first row of a message made after `time`: a row is its message's time and a counter of 16
// bits.
constexpr std::int64_t first_row_after(model::TimePoint time) {
  return (time.time_since_epoch().count() + 1) * 65'536;
}

class Revisits {
 public:
  explicit Revisits(Connection& connection);

  // The last row the sweep has passed; 0 at first.
  std::int64_t place(Sweep sweep);
  void set_place(Sweep sweep, std::int64_t row);

  void add(Sweep sweep, std::int64_t row);
  void remove(Sweep sweep, std::int64_t row);
  // For the sweeps that have passed it.
  void add_all(std::int64_t row);
  // At most `limit`, each call those after the last call's, from the start again at the end.
  std::vector<std::int64_t> next(Sweep sweep, std::size_t limit);

 private:
  std::int64_t last_[5] = {};
  Statement read_place_;
  Statement write_place_;
  Statement insert_;
  Statement remove_;
  Statement read_;
};

}  // namespace heliograph::store
