// Inbox: completions that come on any thread, taken in one go on the loop, outside of every plugin
// call.
#pragma once

#include <mutex>
#include <utility>
#include <vector>

namespace heliograph::plugin {

template <class Item>
class Inbox {
 public:
  // [any] True: the caller is to post the task that takes them.
  bool put(Item item) {
    const std::lock_guard lock(mutex_);
    items_.push_back(std::move(item));
    return !std::exchange(announced_, true);
  }
  // [loop]
  std::vector<Item> take() {
    const std::lock_guard lock(mutex_);
    announced_ = false;
    return std::exchange(items_, {});
  }

 private:
  std::mutex mutex_;
  std::vector<Item> items_;
  bool announced_ = false;
};

}  // namespace heliograph::plugin
