// How many connections are open, in all and from each address. Thread-safe.
//
// An IPv6 client counts by its /64: that is what one subscriber gets (RFC 6177), so a single
// address would be no limit at all.
#pragma once

#include <array>
#include <boost/asio/ip/address.hpp>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

namespace heliograph::http {

class ConnectionLimits {
 public:
  using Key = std::array<std::uint8_t, 16>;

  ConnectionLimits(std::size_t connections_max, std::size_t per_address_max);

  static Key key_of(const boost::asio::ip::address& address);

  // False: one of the limits is reached, and nothing is counted. True: give() must follow.
  bool take(const Key& key);
  void give(const Key& key);

  std::size_t open() const;
  // Blocks until none is open: true, or false at the deadline.
  bool wait_until_none(std::chrono::steady_clock::time_point deadline) const;

 private:
  const std::size_t connections_max_;
  const std::size_t per_address_max_;
  mutable std::mutex mutex_;
  mutable std::condition_variable none_left_;
  std::size_t open_ = 0;
  std::map<Key, std::size_t> by_address_;
};

// A place taken, given back when it is destroyed. `limits` outlives it.
class ConnectionSeat {
 public:
  static std::optional<ConnectionSeat> take(ConnectionLimits& limits,
                                            const boost::asio::ip::address& address);
  ConnectionSeat(ConnectionSeat&& other) noexcept
      : limits_(std::exchange(other.limits_, nullptr)), key_(other.key_) {}
  ConnectionSeat& operator=(ConnectionSeat&&) = delete;
  ConnectionSeat(const ConnectionSeat&) = delete;
  ConnectionSeat& operator=(const ConnectionSeat&) = delete;
  ~ConnectionSeat() {
    if (limits_) limits_->give(key_);
  }

 private:
  ConnectionSeat(ConnectionLimits& limits, const ConnectionLimits::Key& key)
      : limits_(&limits), key_(key) {}
  ConnectionLimits* limits_;
  ConnectionLimits::Key key_;
};

}  // namespace heliograph::http
