// Committer: runs operations as one transaction and tells the world what came of it, in this order:
// gauges, results, waiting messages.
//
// A full disk is the one error that is lived with. The transaction is rolled back and run again
// with accepts refused; when even that does not fit, it is left for later. Every other error is the
// caller's to treat as fatal: nothing of the transaction has been told to anybody. Writer's thread,
// or the owner's in inline mode.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <vector>

#include "core/ports/clock.h"
#include "core/ports/store.h"
#include "core/store/sqlite/engine.h"
#include "core/store/sqlite/operation.h"

namespace heliograph::store {

// What other threads may look at without asking.
struct Gauges {
  std::atomic<std::uint64_t> waiting{0};
  std::atomic<std::uint64_t> sending{0};
  std::atomic<std::uint64_t> clients_version{1};
  std::atomic<std::uint64_t> transactions{0};
  std::atomic<std::uint64_t> operations{0};
  std::atomic<std::int64_t> last_commit_us{0};
  std::atomic<bool> failed{false};  // for good
};

class Committer {
 public:
  Committer(Engine& engine, Gauges& gauges, ports::Clock& clock);

  void set_events(ports::StoreEvents* events) { events_ = events; }

  // Runs operations from the front of `batch` until all are done or `time_max` is over (zero: no
  // limit), and removes them from it. False: the disk is full and nothing was done. Throws
  // DatabaseError.
  bool run(std::vector<Write>& batch, std::chrono::milliseconds time_max);

  // Moves the log into the database once it is long enough.
  void checkpoint_if_due();
  // Copies the engine's counts to the gauges.
  void publish_counts();

 private:
  std::size_t attempt(std::vector<Write>& batch, std::chrono::milliseconds time_max);
  std::size_t apply(std::vector<Write>& batch, std::chrono::milliseconds time_max);
  void make_room();
  void publish(std::vector<Write> done);

  Engine& engine_;
  Gauges& gauges_;
  ports::Clock& clock_;
  ports::StoreEvents* events_ = nullptr;
  int pages_checked_ = 0;
};

}  // namespace heliograph::store
