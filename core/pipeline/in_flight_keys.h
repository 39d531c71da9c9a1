// In-flight keys: the idempotency keys of requests that have been handed to the store and are not
// answered yet. A second request with the same key meanwhile is refused instead of racing the
// first. Thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_set>
#include <utility>

namespace heliograph::pipeline {

class InFlightKeys {
 public:
  using Key = std::array<std::uint8_t, 16>;  // a hash: evenly distributed

  // Holds a key; gives it free when destroyed, also when an operation is dropped unanswered. Must
  // not outlive the set.
  class Claim {
   public:
    Claim(InFlightKeys& keys, const Key& key) : keys_(&keys), key_(key) {}
    Claim(Claim&& other) noexcept : keys_(std::exchange(other.keys_, nullptr)), key_(other.key_) {}
    Claim& operator=(Claim&&) = delete;
    ~Claim() {
      if (keys_ != nullptr) keys_->release(key_);
    }

   private:
    InFlightKeys* keys_;
    Key key_;
  };

  // nullopt: another request holds the key.
  std::optional<Claim> claim(const Key& key);
  std::size_t size() const;

 private:
  struct Hash {
    std::size_t operator()(const Key& key) const noexcept {
      std::size_t value = 0;
      std::memcpy(&value, key.data(), sizeof value);
      return value;
    }
  };
  void release(const Key& key);

  mutable std::mutex mutex_;
  std::unordered_set<Key, Hash> keys_;
};

}  // namespace heliograph::pipeline
