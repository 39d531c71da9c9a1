#include "core/store/sqlite/writer.h"

#include <algorithm>
#include <exception>
#include <iterator>
#include <utility>

#include "core/base/assert.h"

namespace heliograph::store {
namespace {

// How long the writer waits before it tries again what a full disk refused, and how often it looks
// whether there is room again while nothing else happens.
constexpr std::chrono::milliseconds kDiskPause{250};
// Tries while stopping; afterwards what is queued is lost as in a crash, unacknowledged.
constexpr int kStopTries = 4;

}  // namespace

Writer::Writer(Engine& engine, std::mutex& engine_mutex, Committer& committer, Gauges& gauges,
               ports::Clock& clock, const Settings& settings, ports::Log* log)
    : engine_(engine),
      engine_mutex_(engine_mutex),
      committer_(committer),
      gauges_(gauges),
      clock_(clock),
      settings_(settings),
      log_(log),
      queue_(settings.accept_queue_max) {}

Writer::~Writer() { HG_ASSERT(!thread_.joinable()); }

bool Writer::submit(OperationKind kind, Write& operation) {
  Write dropped;  // destroyed after the lock is gone
  const bool stalled = kind == OperationKind::kAccept && gauges_.is_stalled(clock_.mono());
  const std::scoped_lock lock(mutex_);
  if (closed_) {
    if (gauges_.failed && kind == OperationKind::kAccept) return false;
    dropped = std::move(operation);
    return true;
  }
  if (kind == OperationKind::kAccept && (!queue_.has_room_for_accept() || stalled)) return false;
  queue_.push(kind, std::move(operation));
  if (idle_) changed_.notify_all();
  return true;
}

std::size_t Writer::queued() const {
  const std::scoped_lock lock(mutex_);
  return queue_.size();
}

void Writer::set_events(ports::StoreEvents& events) {
  events_ = &events;
  committer_.set_events(&events);
}

void Writer::start() {
  HG_ASSERT(events_ != nullptr && !thread_.joinable());
  thread_ = std::thread([this] { loop(); });
}

bool Writer::stop() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
  std::vector<Write> dropped;
  const std::scoped_lock lock(mutex_);
  closed_ = true;
  dropped = queue_.take_all();
  return dropped.empty() && !gauges_.failed;
}

std::size_t Writer::pump() {
  std::vector<Write> batch;
  {
    const std::scoped_lock lock(mutex_);
    batch = queue_.take_all();
  }
  const std::size_t count = batch.size();
  if (count == 0) return 0;
  if (run_batch(batch)) return count;
  const std::scoped_lock lock(mutex_);
  if (!closed_) queue_.put_back(std::move(batch));
  return 0;
}

// False: stop now.
bool Writer::wait_for_work(std::unique_lock<std::mutex>& lock) {
  idle_ = true;
  while (queue_.empty() && !stopping_) {
    if (!disk_was_full_ || closed_) {
      changed_.wait(lock);
      continue;
    }
    // Accepts are refused upstream while the disk is full, so nobody else would notice.
    changed_.wait_for(lock, kDiskPause);
    lock.unlock();
    look_at_disk();
    lock.lock();
  }
  idle_ = false;
  return !queue_.empty();
}

void Writer::loop() {
  int tries_left = kStopTries;
  std::unique_lock lock(mutex_);
  while (wait_for_work(lock)) {
    std::vector<Write> batch = queue_.take(settings_.batch_max);
    lock.unlock();
    const bool done = run_batch(batch);
    lock.lock();
    if (closed_) {  // a reader has met damage meanwhile
      lock.unlock();
      return refuse_accepts(std::move(batch));
    }
    queue_.put_back(std::move(batch));
    if (done) continue;
    if (stopping_ && --tries_left == 0) return;
    wait_for_room(lock);
  }
}

void Writer::wait_for_room(std::unique_lock<std::mutex>& lock) {
  const bool was_stopping = stopping_;
  changed_.wait_for(lock, kDiskPause, [&] { return stopping_ && !was_stopping; });
}

// True: the transaction is committed; what is left in `batch` had no time. False: the disk is full,
// or the store has failed.
bool Writer::run_batch(std::vector<Write>& batch) {
  try {
    const std::scoped_lock lock(engine_mutex_);
    const bool done = committer_.run(batch, settings_.batch_time_max);
    committer_.checkpoint_if_due();
    note_disk(engine_.disk().is_full());
    return done;
  } catch (const std::exception& error) {
    fail(error.what(), std::exchange(batch, {}));
    return false;
  }
}

void Writer::look_at_disk() {
  try {
    const std::scoped_lock lock(engine_mutex_);
    engine_.disk().check();
    committer_.give_log_back_if_that_helps();
    note_disk(engine_.disk().check());
  } catch (const std::exception& error) {
    fail(error.what(), {});
  }
}

void Writer::note_disk(bool is_full) {
  if (is_full == disk_was_full_) return;
  disk_was_full_ = is_full;
  if (log_ == nullptr) return;
  if (is_full) {
    log_->error("disk full, messages are refused until there is room");
  } else {
    log_->info("there is room on the disk again, messages are accepted");
  }
}

// A failed sync may have lost pages that the kernel no longer holds; asking again could succeed
// without them. So nothing more is written by this process, not even a checkpoint.
void Writer::fail(const std::string& what, std::vector<Write> batch) {
  gauges_.failed = true;
  if (log_ != nullptr) log_->error("the store has failed", {{"error", what}});
  {
    const std::scoped_lock lock(mutex_);
    closed_ = true;
    std::ranges::move(queue_.take_all(), std::back_inserter(batch));
  }
  refuse_accepts(std::move(batch));
  if (events_ != nullptr) events_->on_fatal(what);
}

// Who waits for an accept is told that it was not promised. The rest is dropped: an outcome that is
// not kept must not be acted on.
void Writer::refuse_accepts(std::vector<Write> operations) {
  std::erase_if(operations,
                [](const Write& write) { return write->kind != OperationKind::kAccept; });
  for (const Write& accept : operations) accept->fail();
  post_results(std::move(operations));
}

}  // namespace heliograph::store
