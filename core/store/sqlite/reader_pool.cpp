#include "core/store/sqlite/reader_pool.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "core/store/sqlite/read_deadline.h"

namespace heliograph::store {
namespace {

constexpr std::chrono::seconds kReadMax{1};

}  // namespace

std::optional<std::string> run_read(Operation<Queries>& operation, Queries& queries,
                                    ports::Log* log) {
  try {
    operation.apply(queries);
  } catch (const DatabaseError& error) {
    if (error.is_damage()) return error.what();
    if (log != nullptr) log->error("reading the store failed", {{"error", error.what()}});
  }
  return std::nullopt;
}

ReaderPool::ReaderPool(const std::string& path, int count, ports::Log* log, OnDamage on_damage)
    : log_(log), on_damage_(std::move(on_damage)) {
  for (int i = 0; i < std::max(count, 1); ++i) readers_.push_back(std::make_unique<Reader>(path));
}

ReaderPool::~ReaderPool() { stop(); }

void ReaderPool::start() {
  for (const auto& reader : readers_) {
    threads_.emplace_back([this, &reader = *reader] { loop(reader); });
  }
}

void ReaderPool::submit(ReadKind kind, Read operation) {
  {
    const std::scoped_lock lock(mutex_);
    if (stopping_) return;
    (kind == ReadKind::kUrgent ? urgent_ : browsing_).push_back(std::move(operation));
  }
  changed_.notify_one();
}

void ReaderPool::stop() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

// Null: stopping, and nothing is left for this thread.
Read ReaderPool::take(std::unique_lock<std::mutex>& lock, bool& browsing) {
  const std::size_t browsing_max = std::max<std::size_t>(readers_.size() - 1, 1);
  while (true) {
    browsing = false;
    if (!urgent_.empty()) {
      Read operation = std::move(urgent_.front());
      urgent_.pop_front();
      return operation;
    }
    if (!browsing_.empty() && (browsing_now_ < browsing_max || stopping_)) {
      browsing = true;
      Read operation = std::move(browsing_.front());
      browsing_.pop_front();
      return operation;
    }
    if (stopping_) return nullptr;
    changed_.wait(lock);
  }
}

// What meets damage is not answered: "there is no such message" would be a lie.
void ReaderPool::serve(Reader& reader, Read operation) {
  std::optional<std::string> damage;
  {
    const ReadDeadline deadline(reader.connection, kReadMax);
    damage = run_read(*operation, reader.queries, log_);
  }
  if (damage) return on_damage_(*damage);
  post_result(std::move(operation));
}

void ReaderPool::loop(Reader& reader) {
  std::unique_lock lock(mutex_);
  bool browsing = false;
  while (Read operation = take(lock, browsing)) {
    browsing_now_ += browsing ? 1 : 0;
    lock.unlock();
    serve(reader, std::move(operation));
    lock.lock();
    if (browsing) {
      --browsing_now_;
      // One that was held back may go now.
      changed_.notify_one();
    }
  }
}

}  // namespace heliograph::store
