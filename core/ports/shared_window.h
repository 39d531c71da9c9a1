// SharedWindow: success and failure counts shared by all gateways, kept in the limiter's backend
// over a sliding window. What makes a provider that fails at one gateway unhealthy at all.
//
// Threads: [loop]. Exchanged about once a second, never in the way of a message.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include "core/base/unique_function.h"

namespace heliograph::ports {

// What this gateway saw since the last exchange.
struct SharedCounts {
  std::string key;  // a provider's id
  std::uint64_t ok = 0;
  std::uint64_t failed = 0;
};

// Over the window and all gateways, the additions of the exchange included.
struct SharedTotals {
  std::uint64_t ok = 0;
  std::uint64_t failed = 0;
};

enum class SharedFailure : std::uint8_t {
  kNotCounted,    // add the same again next time
  kMaybeCounted,  // it was sent and not answered
};

class SharedWindow {
 public:
  using Answer = std::expected<std::vector<SharedTotals>, SharedFailure>;

  virtual ~SharedWindow() = default;
  // One total for each item, in order. `window` is a multiple of `bucket`, to which the totals are
  // exact. `done` is called once, inside this call or later.
  virtual void exchange(std::chrono::nanoseconds window, std::chrono::nanoseconds bucket,
                        std::vector<SharedCounts> items,
                        base::UniqueFunction<void(Answer)> done) = 0;
  // Forgets a key for all gateways. Best effort.
  virtual void reset(const std::string& key) = 0;
};

}  // namespace heliograph::ports
