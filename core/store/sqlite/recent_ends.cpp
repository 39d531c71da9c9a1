#include "core/store/sqlite/recent_ends.h"

#include <algorithm>

namespace heliograph::store {
namespace {

using model::Status;

template <class T>
void put(std::deque<T>& newest_first, T value, std::size_t most) {
  newest_first.push_front(value);
  if (newest_first.size() > most) newest_first.pop_back();
}

}  // namespace

void RecentEnds::take(const Effects& effects) {
  if (effects.ends.empty()) return;
  const std::lock_guard lock(mutex_);
  for (const Effects::End& end : effects.ends) {
    std::erase(failed_, end.id);
    if (end.status == Status::kSent || end.status == Status::kDelivered) {
      Times& times = end.status == Status::kSent ? sent_ : delivered_;
      if (end.took) put(times, *end.took, kTimesMax);
    } else if (end.status != Status::kCancelled) {
      put(failed_, end.id, kFailedMax);
    }
  }
}

ports::RecentEnds RecentEnds::copy() const {
  const std::lock_guard lock(mutex_);
  return {.failed = {failed_.begin(), failed_.end()},
          .sent = {sent_.begin(), sent_.end()},
          .delivered = {delivered_.begin(), delivered_.end()}};
}

}  // namespace heliograph::store
