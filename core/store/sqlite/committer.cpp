#include "core/store/sqlite/committer.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace heliograph::store {
namespace {

// 24 MB of log. Shorter: more syncs of the database file; longer: a longer stall for each of them.
constexpr int kCheckpointPages = 6'000;

}  // namespace

Committer::Committer(Engine& engine, Gauges& gauges, ports::Clock& clock)
    : engine_(engine), gauges_(gauges), clock_(clock) {}

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

// 0: the disk is full.
std::size_t Committer::attempt(std::vector<Write>& batch, std::chrono::milliseconds time_max) {
  try {
    engine_.begin();
    const std::size_t count = apply(batch, time_max);
    const ports::MonoTime before = clock_.mono();
    engine_.commit();
    const auto took = std::chrono::duration_cast<std::chrono::microseconds>(clock_.mono() - before);
    gauges_.last_commit_us.store(took.count(), std::memory_order_relaxed);
    return count;
  } catch (const DatabaseError& error) {
    engine_.rollback();
    if (!error.is_disk_full()) throw;
    engine_.disk().on_write_failed();
    return 0;
  } catch (...) {
    engine_.rollback();
    throw;
  }
}

// The log can be used again from its start once it is in the database.
void Committer::make_room() {
  try {
    engine_.connection().checkpoint(false);
  } catch (const DatabaseError& error) {
    if (!error.is_disk_full()) throw;
  }
}

bool Committer::run(std::vector<Write>& batch, std::chrono::milliseconds time_max) {
  std::size_t count = attempt(batch, time_max);
  if (count == 0) {
    make_room();
    count = attempt(batch, time_max);
  }
  if (count == 0) return false;
  const auto end = batch.begin() + static_cast<std::ptrdiff_t>(count);
  std::vector<Write> done(std::make_move_iterator(batch.begin()), std::make_move_iterator(end));
  batch.erase(batch.begin(), end);
  publish(std::move(done));
  return true;
}

void Committer::publish_counts() {
  gauges_.waiting.store(static_cast<std::uint64_t>(engine_.waiting()), std::memory_order_relaxed);
  gauges_.sending.store(static_cast<std::uint64_t>(engine_.sending()), std::memory_order_relaxed);
}

void Committer::publish(std::vector<Write> done) {
  publish_counts();
  gauges_.transactions.fetch_add(1, std::memory_order_relaxed);
  gauges_.operations.fetch_add(done.size(), std::memory_order_relaxed);
  if (engine_.effects().clients_changed) {
    // Release: who sees the new version reads the new rows.
    gauges_.clients_version.fetch_add(1, std::memory_order_release);
  }
  post_results(std::move(done));
  std::vector<model::WorkItem> waiting = std::move(engine_.effects().waiting_items);
  if (waiting.empty() || events_ == nullptr) return;
  std::ranges::sort(waiting, {}, &model::WorkItem::id);
  events_->on_waiting(std::move(waiting));
}

void Committer::checkpoint_if_due() {
  const int pages = engine_.connection().wal_pages();
  if (pages < pages_checked_) pages_checked_ = 0;  // the log has begun anew
  if (pages - pages_checked_ < kCheckpointPages) return;
  pages_checked_ = pages;
  make_room();
}

}  // namespace heliograph::store
