#include "core/plugin/strand.h"

#include <utility>

namespace heliograph::plugin {

bool Strand::try_enter() {
  const std::lock_guard lock(mutex_);
  if (taken_ || abandoned_) return false;
  taken_ = true;
  return true;
}

void Strand::enter() {
  std::unique_lock lock(mutex_);
  ++entering_;
  free_.wait(lock, [this] { return !taken_; });
  --entering_;
  taken_ = true;
}

void Strand::leave() {
  std::vector<base::Task> waiting;
  bool awaited = false;
  {
    const std::lock_guard lock(mutex_);
    taken_ = false;
    awaited = entering_ > 0;
    waiting.swap(waiting_);
  }
  if (awaited) free_.notify_one();
  for (auto& task : waiting) loop_.post(std::move(task));
}

void Strand::put_off(base::Task task) {
  {
    const std::lock_guard lock(mutex_);
    if (abandoned_) return;
    if (taken_) {
      waiting_.push_back(std::move(task));
      return;
    }
  }
  loop_.post(std::move(task));
}

void Strand::abandon() {
  std::vector<base::Task> dropped;
  const std::lock_guard lock(mutex_);
  abandoned_ = true;
  dropped.swap(waiting_);
}

}  // namespace heliograph::plugin
