#include "core/http/connection_limits.h"

#include <algorithm>

#include "core/base/assert.h"

namespace heliograph::http {

ConnectionLimits::ConnectionLimits(std::size_t connections_max, std::size_t per_address_max)
    : connections_max_(connections_max), per_address_max_(per_address_max) {}

ConnectionLimits::Key ConnectionLimits::key_of(const boost::asio::ip::address& address) {
  Key key{};
  if (address.is_v4()) {
    const auto bytes = address.to_v4().to_bytes();
    key[10] = key[11] = 0xff;  // as the mapped IPv6 address, which no other can collide with
    std::ranges::copy(bytes, key.begin() + 12);
  } else {
    const auto bytes = address.to_v6().to_bytes();
    std::copy_n(bytes.begin(), 8, key.begin());
  }
  return key;
}

bool ConnectionLimits::take(const Key& key) {
  const std::lock_guard lock(mutex_);
  if (open_ >= connections_max_) return false;
  std::size_t& count = by_address_[key];
  if (count >= per_address_max_) {
    if (count == 0) by_address_.erase(key);
    return false;
  }
  ++count;
  ++open_;
  return true;
}

void ConnectionLimits::give(const Key& key) {
  const std::lock_guard lock(mutex_);
  const auto it = by_address_.find(key);
  HG_ASSERT(it != by_address_.end() && open_ > 0);
  if (--it->second == 0) by_address_.erase(it);
  if (--open_ == 0) none_left_.notify_all();
}

std::size_t ConnectionLimits::open() const {
  const std::lock_guard lock(mutex_);
  return open_;
}

bool ConnectionLimits::wait_until_none(std::chrono::steady_clock::time_point deadline) const {
  std::unique_lock lock(mutex_);
  return none_left_.wait_until(lock, deadline, [this] { return open_ == 0; });
}

std::optional<ConnectionSeat> ConnectionSeat::take(ConnectionLimits& limits,
                                                   const boost::asio::ip::address& address) {
  const ConnectionLimits::Key key = ConnectionLimits::key_of(address);
  if (!limits.take(key)) return std::nullopt;
  return ConnectionSeat(limits, key);
}

}  // namespace heliograph::http
