// SharedValue: what many threads read and one replaces now and then; a reader keeps what it has
// got.
//
// In place of std::atomic<std::shared_ptr>: that of libstdc++ 12 releases its lock in load() with
// relaxed order (https://gcc.gnu.org/PR104442), so a store may overwrite the pointer that is still
// being read. Any thread.
#pragma once

#include <memory>
#include <mutex>
#include <utility>

namespace heliograph::base {

template <class T>
class SharedValue {
 public:
  SharedValue() = default;
  explicit SharedValue(std::shared_ptr<T> value) : value_(std::move(value)) {}

  std::shared_ptr<T> load() const {
    const std::lock_guard lock(mutex_);
    return value_;
  }
  void store(std::shared_ptr<T> value) {
    const std::lock_guard lock(mutex_);
    value_.swap(value);  // what was there goes after the lock: parameters outlive locals
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<T> value_;
};

}  // namespace heliograph::base
