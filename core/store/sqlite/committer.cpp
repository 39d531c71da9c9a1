#include "core/store/sqlite/committer.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace heliograph::store {
namespace {

// 24 MB of log. Shorter: more syncs of the database file; longer: a longer stall for each of them.
constexpr int kCheckpointPages = 6'000;
// While there is little room, so that results find it in the log and do not use up the reserve.
constexpr int kCheckpointPagesWhenFull = 256;

// Far above the slowest healthy disk, far below the patience of clients.
constexpr std::chrono::seconds kStalledAfter{5};
constexpr std::chrono::seconds kSlowCommit{1};

// Tells other threads that the disk is being waited for.
class Committing {
 public:
  Committing(Gauges& gauges, ports::MonoTime now)
      : gauges_(gauges), outermost_(gauges.committing_since_ns == 0) {
    if (outermost_) gauges_.committing_since_ns = now.time_since_epoch().count();
  }
  ~Committing() {
    if (outermost_) gauges_.committing_since_ns = 0;
  }
  Committing(const Committing&) = delete;
  Committing& operator=(const Committing&) = delete;

 private:
  Gauges& gauges_;
  const bool outermost_;
};

}  // namespace

bool Gauges::is_stalled(ports::MonoTime now) const {
  const std::int64_t since = committing_since_ns.load(std::memory_order_relaxed);
  if (since == 0) return false;
  return now.time_since_epoch() - std::chrono::nanoseconds{since} > kStalledAfter;
}

Committer::Committer(Engine& engine, Gauges& gauges, ports::Clock& clock, ports::Log* log,
                     ports::Metrics& metrics)
    : engine_(engine), gauges_(gauges), clock_(clock), log_(log), metrics_(metrics) {}

std::size_t Committer::apply(std::vector<Write>& batch, std::chrono::milliseconds time_max) {
  const ports::MonoTime deadline = clock_.mono() + time_max;
  std::size_t count = 0;
  for (const Write& operation : batch) {
    operation->apply(engine_);
    ++count;
    if (time_max.count() > 0 && clock_.mono() >= deadline) break;
  }
  return count;
}

Committer::Attempt Committer::attempt(std::vector<Write>& batch,
                                      std::chrono::milliseconds time_max) {
  try {
    engine_.begin();
    const std::size_t count = apply(batch, time_max);
    const ports::MonoTime before = clock_.mono();
    engine_.commit();
    const auto took = std::chrono::duration_cast<std::chrono::microseconds>(clock_.mono() - before);
    metrics_.committed(count, took);
    gauges_.last_commit_us.store(took.count(), std::memory_order_relaxed);
    if (took > kSlowCommit && log_ != nullptr) {
      log_->warn("slow commit: the disk keeps everybody waiting",
                 {{"milliseconds", std::to_string(took.count() / 1'000)}});
    }
    return {.count = count};
  } catch (const DatabaseError& error) {
    engine_.rollback();
    if (error.is_locked()) return {.verdict = Verdict::kLocked};
    if (error.is_constraint()) return {.verdict = Verdict::kConstraint, .error = error.what()};
    if (!error.is_disk_full()) throw;
    engine_.disk().on_write_failed();
    return {.verdict = Verdict::kDiskFull};
  } catch (...) {
    engine_.rollback();
    throw;
  }
}

// The log can be used again from its start once it is in the database.
void Committer::make_room() {
  const Committing committing(gauges_, clock_.mono());
  try {
    engine_.connection().checkpoint(false);
  } catch (const DatabaseError& error) {
    if (!error.is_disk_full()) throw;
  }
}

bool Committer::run(std::vector<Write>& batch, std::chrono::milliseconds time_max) {
  const Committing committing(gauges_, clock_.mono());
  Attempt tried = attempt(batch, time_max);
  if (tried.verdict == Verdict::kDiskFull) {
    make_room();
    tried = attempt(batch, time_max);
    if (tried.verdict == Verdict::kDiskFull) refuse_accepts(batch);
  }
  note_locked(tried.verdict == Verdict::kLocked);
  if (tried.verdict == Verdict::kConstraint) return run_one_by_one(batch);
  if (tried.verdict != Verdict::kDone) return false;
  finish(batch, tried.count);
  return true;
}

void Committer::finish(std::vector<Write>& batch, std::size_t count) {
  const auto end = batch.begin() + static_cast<std::ptrdiff_t>(count);
  std::vector<Write> done(std::make_move_iterator(batch.begin()), std::make_move_iterator(end));
  batch.erase(batch.begin(), end);
  publish(std::move(done));
}

// One of them breaks a rule of the schema, which is our own mistake: its neighbours must not pay.
bool Committer::run_one_by_one(std::vector<Write>& batch) {
  while (!batch.empty()) {
    std::vector<Write> one;
    one.push_back(std::move(batch.front()));
    const Attempt tried = attempt(one, {});
    if (tried.verdict == Verdict::kDiskFull || tried.verdict == Verdict::kLocked) {
      batch.front() = std::move(one.front());
      return false;
    }
    batch.erase(batch.begin());
    if (tried.verdict == Verdict::kConstraint) {
      one.front()->fail();
      if (log_ != nullptr) {
        log_->error("an operation breaks the rules of the store", {{"error", tried.error}});
      }
    }
    finish(one, 1);
  }
  return true;
}

// There is no room even for results. Refusing needs none, and a client should not wait for people.
void Committer::refuse_accepts(std::vector<Write>& batch) {
  std::vector<Write> accepts;
  std::vector<Write> others;
  for (Write& write : batch) {
    (write->kind == OperationKind::kAccept ? accepts : others).push_back(std::move(write));
  }
  if (!accepts.empty()) {
    const Attempt tried = attempt(accepts, {});
    if (tried.verdict == Verdict::kDone) finish(accepts, tried.count);
  }
  std::ranges::move(accepts, std::back_inserter(others));
  batch = std::move(others);
}

void Committer::note_locked(bool locked) {
  if (locked == was_locked_) return;
  was_locked_ = locked;
  if (log_ == nullptr) return;
  if (locked) {
    log_->error("another program holds a lock on the database; everything waits for it");
  } else {
    log_->info("the database is free again");
  }
}

void Committer::publish_counts() {
  gauges_.waiting.store(static_cast<std::uint64_t>(engine_.waiting()), std::memory_order_relaxed);
  gauges_.sending.store(static_cast<std::uint64_t>(engine_.sending()), std::memory_order_relaxed);
}

void Committer::publish(std::vector<Write> done) {
  publish_counts();
  gauges_.transactions.fetch_add(1, std::memory_order_relaxed);
  gauges_.operations.fetch_add(done.size(), std::memory_order_relaxed);
  metrics_.count(engine_.effects(), engine_.names());
  recent_.take(engine_.effects());
  if (engine_.effects().clients_changed) {
    // Release: who sees the new version reads the new rows.
    gauges_.clients_version.fetch_add(1, std::memory_order_release);
  }
  post_results(std::move(done));
  if (!engine_.effects().callbacks_due.empty() && callback_events_ != nullptr) {
    callback_events_->on_callbacks_due(std::move(engine_.effects().callbacks_due));
  }
  if (events_ == nullptr) return;
  std::vector<model::WorkItem> waiting = std::move(engine_.effects().waiting_items);
  if (!waiting.empty()) {
    std::ranges::sort(waiting, {}, &model::WorkItem::id);
    events_->on_waiting(std::move(waiting));
  }
  const std::vector<model::MessageId>& settled = engine_.effects().settled;
  if (!settled.empty()) events_->on_settled(settled);
}

void Committer::checkpoint_if_due() {
  const int pages = engine_.connection().wal_pages();
  if (pages < pages_checked_) pages_checked_ = 0;  // the log has begun anew
  const int due = engine_.disk().is_full() ? kCheckpointPagesWhenFull : kCheckpointPages;
  if (pages - pages_checked_ < due) return;
  pages_checked_ = pages;
  make_room();
}

void Committer::give_log_back_if_that_helps() {
  Connection& connection = engine_.connection();
  const std::uint64_t bytes = connection.log_bytes();
  if (!engine_.disk().would_have_room_with(bytes)) return;
  const Committing committing(gauges_, clock_.mono());
  try {
    if (!connection.checkpoint(true)) return;
  } catch (const DatabaseError& error) {
    if (!error.is_disk_full()) throw;
    return;
  }
  engine_.disk().look_again();
  if (log_ == nullptr) return;
  log_->info("the store's log has given its room back", {{"bytes", std::to_string(bytes)}});
}

}  // namespace heliograph::store
