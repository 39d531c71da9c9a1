// Committer: runs operations as one transaction and tells the world what came of it, in this order:
// gauges, results, waiting messages, settled ones.
//
// Three errors are lived with; the transaction is rolled back first. A full disk: run again with
// accepts refused, and when even that does not fit, the accepts alone are answered and the rest is
// left for later. A lock that another program holds on the file: left for later. A constraint: the
// operations run one by one, and the one at fault gets its fallback for an answer. Every other
// error is the caller's to treat as fatal: nothing of the transaction has been told to anybody.
// Writer's thread, or the owner's in inline mode.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "core/ports/clock.h"
#include "core/ports/log.h"
#include "core/ports/store.h"
#include "core/ports/store_callbacks.h"
#include "core/store/sqlite/engine.h"
#include "core/store/sqlite/operation.h"
#include "core/store/sqlite/recent_ends.h"
#include "core/store/sqlite/store_metrics.h"

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
  // When the commit that is under way began, on the monotonic clock; 0: none is.
  std::atomic<std::int64_t> committing_since_ns{0};

  // The disk has not taken a commit for so long that who asks should be told rather than wait.
  bool is_stalled(ports::MonoTime now) const;
};

class Committer {
 public:
  // `log`: nullptr is silent.
  Committer(Engine& engine, Gauges& gauges, ports::Clock& clock, ports::Log* log,
            ports::Metrics& metrics = ports::metrics_or_none(nullptr));

  void set_events(ports::StoreEvents* events) { events_ = events; }
  void set_callback_events(ports::CallbackEvents* events) { callback_events_ = events; }

  // Runs operations from the front of `batch` until all are done or `time_max` is over (zero: no
  // limit), and removes them from it. False: the disk is full or the file locked, and nothing was
  // done but refusing accepts. Throws DatabaseError.
  bool run(std::vector<Write>& batch, std::chrono::milliseconds time_max);

  // Moves the log into the database once it is long enough.
  void checkpoint_if_due();
  // When the disk is full and would not be without the log's file: moves the log into the database
  // and gives its room back. It is kept otherwise, because results can be written into it.
  void give_log_back_if_that_helps();
  ports::RecentEnds recent() const { return recent_.copy(); }  // any thread
  // Copies the engine's counts to the gauges.
  void publish_counts();

 private:
  enum class Verdict : std::uint8_t { kDone, kDiskFull, kLocked, kConstraint };
  struct Attempt {
    Verdict verdict = Verdict::kDone;
    std::size_t count = 0;  // operations done, from the front
    std::string error{};
  };
  Attempt attempt(std::vector<Write>& batch, std::chrono::milliseconds time_max);
  void finish(std::vector<Write>& batch, std::size_t count);
  bool run_one_by_one(std::vector<Write>& batch);
  void refuse_accepts(std::vector<Write>& batch);
  void note_locked(bool locked);
  std::size_t apply(std::vector<Write>& batch, std::chrono::milliseconds time_max);
  void make_room();
  void publish(std::vector<Write> done);

  Engine& engine_;
  Gauges& gauges_;
  ports::Clock& clock_;
  ports::Log* log_;
  StoreMetrics metrics_;
  RecentEnds recent_;
  ports::StoreEvents* events_ = nullptr;
  ports::CallbackEvents* callback_events_ = nullptr;
  bool was_locked_ = false;
  int pages_checked_ = 0;
};

}  // namespace heliograph::store
