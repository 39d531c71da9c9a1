#include <heliograph/testing/schedule.hpp>

#include <algorithm>

namespace heliograph::sdk::testing {

hg_id Schedule::at(std::uint64_t when_ns, std::function<void()> work) {
  const std::lock_guard lock(mutex_);
  const hg_id id = ++last_id_;
  due_.emplace(Key{std::max(when_ns, now_ns()), id}, std::move(work));
  return id;
}

bool Schedule::cancel(hg_id id) {
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(due_.begin(), due_.end(),
                                  [&](const auto& entry) { return entry.first.second == id; });
  if (found == due_.end()) return false;
  due_.erase(found);
  return true;
}

void Schedule::clear() {
  const std::lock_guard lock(mutex_);
  due_.clear();
}

bool Schedule::run_next(std::uint64_t until_ns) {
  std::function<void()> work;
  {
    const std::lock_guard lock(mutex_);
    if (due_.empty() || due_.begin()->first.first > until_ns) return false;
    now_ns_ = std::max(now_ns(), due_.begin()->first.first);
    work = std::move(due_.begin()->second);
    due_.erase(due_.begin());
  }
  work();
  return true;
}

}  // namespace heliograph::sdk::testing
