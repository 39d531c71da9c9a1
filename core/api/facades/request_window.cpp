#include "core/api/facades/request_window.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <numeric>
#include <utility>

#include "core/base/assert.h"

namespace heliograph::api {
namespace {

// "2001:db8:1:2:3:4:5:6" -> "2001:db8:1:2::"; what is no IPv6 address stays.
std::string subscriber_of(std::string_view address) {
  namespace ip = boost::asio::ip;
  constexpr std::size_t kPrefixBytes = 8;
  boost::system::error_code error;
  const ip::address_v6 v6 = ip::make_address_v6(std::string(address), error);
  if (error) return std::string(address);
  if (v6.is_v4_mapped()) return ip::make_address_v4(ip::v4_mapped, v6).to_string();
  auto bytes = v6.to_bytes();
  std::fill(bytes.begin() + kPrefixBytes, bytes.end(), std::uint8_t{0});
  return ip::address_v6(bytes).to_string();
}

}  // namespace

RequestWindow::RequestWindow(std::uint32_t requests, std::chrono::milliseconds period,
                             std::size_t keys_max)
    : requests_(requests),
      period_(period),
      slice_length_(std::chrono::nanoseconds(period) / kSlices),
      keys_max_(keys_max) {
  HG_ASSERT(slice_length_.count() > 0 && keys_max_ > 0 && requests_ <= 65'535);
}

RequestWindow::Verdict RequestWindow::take(std::string_view address, std::uint32_t path,
                                           ports::MonoTime now) {
  const std::int64_t slice = now.time_since_epoch() / slice_length_;
  std::string key = subscriber_of(address) + ' ' + std::to_string(path);
  const std::lock_guard lock(mutex_);
  Entry& entry = entry_of(std::move(key), slice);
  forget_old(entry, slice);
  const auto used = std::accumulate(entry.counts.begin(), entry.counts.end(), std::uint32_t{0});
  if (used >= requests_) {
    return {.allowed = false, .remaining = 0, .retry_after = until_room(entry, now)};
  }
  ++entry.counts[static_cast<std::size_t>(slice) % kRing];
  return {.allowed = true, .remaining = requests_ - used - 1, .retry_after = {}};
}

std::size_t RequestWindow::keys() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

RequestWindow::Entry& RequestWindow::entry_of(std::string key, std::int64_t slice) {
  const auto found = by_key_.find(key);
  if (found != by_key_.end()) {
    entries_.splice(entries_.begin(), entries_, found->second);
    return entries_.front();
  }
  if (entries_.size() == keys_max_) {
    by_key_.erase(entries_.back().key);
    entries_.pop_back();
  }
  entries_.push_front({.key = std::move(key), .slice = slice, .counts = {}});
  by_key_.emplace(entries_.front().key, entries_.begin());
  return entries_.front();
}

// The ring holds the slices up to `slice` and kSlices before it.
void RequestWindow::forget_old(Entry& entry, std::int64_t slice) {
  // Threads read the clock before they get the lock: one may come with an earlier slice.
  const std::int64_t passed = std::max(slice - entry.slice, std::int64_t{0});
  const std::int64_t stale = std::min(passed, static_cast<std::int64_t>(kRing));
  for (std::int64_t i = 1; i <= stale; ++i) {
    entry.counts[static_cast<std::size_t>(entry.slice + i) % kRing] = 0;
  }
  entry.slice = std::max(entry.slice, slice);
}

// When the oldest slice with a request in it is over, together with the period behind it.
std::chrono::milliseconds RequestWindow::until_room(const Entry& entry, ports::MonoTime now) const {
  std::int64_t oldest = entry.slice - kSlices;
  while (oldest < entry.slice && entry.counts[static_cast<std::size_t>(oldest) % kRing] == 0)
    ++oldest;
  const auto free_at = slice_length_ * (oldest + static_cast<std::int64_t>(kRing));
  return std::chrono::ceil<std::chrono::milliseconds>(free_at - now.time_since_epoch());
}

}  // namespace heliograph::api
