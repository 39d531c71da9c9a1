// Limiter: grants permits under the contracts with providers. The pipeline's view of a limiter
// plugin's instance.
//
// Threads: [loop]. All keys of a request are taken together or none.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/unique_function.h"
#include "core/ports/clock.h"

namespace heliograph::ports {

enum class LimitAlgorithm : std::uint8_t { kSlidingWindow, kTokenBucket };  // as HG_LIMIT_*

// One limit as the limiter is to keep it; the guard is already in `window`.
struct LimitRule {
  std::string id;  // part of the key in a shared backend: "provider1", "dispatch"
  LimitAlgorithm algorithm = LimitAlgorithm::kSlidingWindow;
  std::chrono::nanoseconds window{};
  std::uint64_t limit = 0;  // >= 1
  std::uint64_t burst = 0;  // token bucket only
};

struct LimitKey {
  std::uint32_t rule = 0;  // index into the rules
  std::uint32_t cost = 1;  // units per item; at most the rule's limit
};

struct LimitAnswer {
  std::uint32_t granted = 0;                // items; 0: denied
  std::uint64_t grant = 0;                  // names the grant in refund()
  std::chrono::nanoseconds retry_after{};   // when denied: not before; 0: unknown
  std::optional<std::uint32_t> denied_key;  // when denied: index into the request's keys
  bool failed = false;  // the backend failed: this is what the operator's on_failure makes of it
};

struct LimitRequest {
  std::span<const LimitKey> keys;  // at most 8; valid for the call only
  std::uint32_t min_items = 1;
  std::uint32_t max_items = 1;
  MonoTime now{};
  MonoTime deadline{};
};

class Limiter {
 public:
  virtual ~Limiter() = default;
  // The answer at once, or nullopt: `done` will be called, exactly once and not before this
  // returned, at the latest at the deadline (then as failed).
  virtual std::optional<LimitAnswer> acquire(const LimitRequest& request,
                                             base::UniqueFunction<void(LimitAnswer)> done) = 0;
  // Gives `items` of a grant back, with the keys it was taken for. Best effort.
  virtual void refund(std::uint64_t grant, std::span<const LimitKey> keys, std::uint32_t items) = 0;
};

}  // namespace heliograph::ports
