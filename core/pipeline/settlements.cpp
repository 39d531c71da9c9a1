#include "core/pipeline/settlements.h"

#include <algorithm>
#include <utility>

namespace heliograph::pipeline {

void Settlements::answer(Waiter waiter, End end) {
  ports::Executor& where = *waiter.where;
  where.post([done = std::move(waiter.done), end]() mutable { done(end); });
}

std::uint64_t Settlements::watch(model::MessageId id, ports::Executor& where,
                                 ports::Done<End> done) {
  Waiter waiter{.id = id, .where = &where, .done = std::move(done)};
  {
    const std::lock_guard lock(mutex_);
    if (!closed_ && waiters_.size() < waiters_max_) {
      ++last_ticket_;
      waiters_.emplace(last_ticket_, std::move(waiter));
      by_message_.emplace(id, last_ticket_);
      ++count_;
      return last_ticket_;
    }
  }
  answer(std::move(waiter), End::kNotTaken);
  return 0;
}

// With the lock held.
Settlements::Waiter Settlements::take(std::unordered_map<std::uint64_t, Waiter>::iterator found) {
  const auto [first, last] = by_message_.equal_range(found->second.id);
  const auto own =
      std::find_if(first, last, [&](const auto& entry) { return entry.second == found->first; });
  by_message_.erase(own);
  Waiter waiter = std::move(found->second);
  waiters_.erase(found);
  --count_;
  return waiter;
}

void Settlements::give_up(std::uint64_t ticket) {
  Waiter waiter;
  {
    const std::lock_guard lock(mutex_);
    const auto found = waiters_.find(ticket);
    if (found == waiters_.end()) return;
    waiter = take(found);
  }
  answer(std::move(waiter), End::kGivenUp);
}

void Settlements::tell(std::span<const model::MessageId> ids) {
  if (count_.load() == 0) return;
  std::vector<Waiter> told;
  {
    const std::lock_guard lock(mutex_);
    for (const model::MessageId& id : ids) {
      for (auto own = by_message_.find(id); own != by_message_.end(); own = by_message_.find(id)) {
        told.push_back(take(waiters_.find(own->second)));
      }
    }
  }
  for (Waiter& waiter : told) answer(std::move(waiter), End::kSettled);
}

void Settlements::close() {
  std::unordered_map<std::uint64_t, Waiter> all;
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    all.swap(waiters_);
    by_message_.clear();
    count_ = 0;
  }
  for (auto& [ticket, waiter] : all) answer(std::move(waiter), End::kNotTaken);
}

}  // namespace heliograph::pipeline
