// RequestWindow: how many requests an address has made to a path within a sliding period.
//
// Addresses are the attacker's to choose, so memory is bounded: at most `keys_max` pairs of address
// and path are remembered, each in a fixed number of bytes, and the one that was quiet longest
// makes room. An IPv6 address stands for its /64, which is what one subscriber has (RFC 6177).
//
// The period is cut into slices that are counted whole, so no period ever has more than the limit,
// and what was used comes back at most one slice late. Thread-safe.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/ports/clock.h"

namespace heliograph::api {

class RequestWindow {
 public:
  static constexpr std::size_t kKeysMax = 16'384;

  // `requests` <= 65,535 within any `period`; 0: nothing is counted or refused.
  RequestWindow(std::uint32_t requests, std::chrono::milliseconds period,
                std::size_t keys_max = kKeysMax);

  struct Verdict {
    bool allowed = true;
    std::uint32_t remaining = 0;
    std::chrono::milliseconds retry_after{0};  // until there is room again; of a refusal
  };
  bool enabled() const { return requests_ > 0; }
  std::uint32_t requests() const { return requests_; }
  std::chrono::milliseconds period() const { return period_; }

  // Counts the request where it is allowed; a refused one uses nothing. `path`: a number that the
  // caller has given it.
  Verdict take(std::string_view address, std::uint32_t path, ports::MonoTime now);
  std::size_t keys() const;

 private:
  static constexpr std::int64_t kSlices = 60;
  static constexpr std::size_t kRing = kSlices + 1;  // the period, and the slice under way
  struct Entry {
    std::string key;
    std::int64_t slice = 0;  // the latest that was counted
    std::array<std::uint16_t, kRing> counts{};
  };

  Entry& entry_of(std::string key, std::int64_t slice);
  static void forget_old(Entry& entry, std::int64_t slice);
  std::chrono::milliseconds until_room(const Entry& entry, ports::MonoTime now) const;

  const std::uint32_t requests_;
  const std::chrono::milliseconds period_;
  const std::chrono::nanoseconds slice_length_;
  const std::size_t keys_max_;
  mutable std::mutex mutex_;
  std::list<Entry> entries_;                                                 // the latest first
  std::unordered_map<std::string_view, std::list<Entry>::iterator> by_key_;  // views of Entry::key
};

}  // namespace heliograph::api
