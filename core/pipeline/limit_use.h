// How much of a limit is used now, for people: operators, and the rate-limit pages of the facades.
// A snapshot; nothing is decided by it.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>

#include "core/config/config.h"
#include "core/pipeline/rate_meter.h"

namespace heliograph::pipeline {

struct LimitUse {
  config::Limit limit;                       // as configured, without the guard
  std::uint64_t quota = 0;                   // units that fit at once after long idleness
  std::uint64_t count = 0;                   // of these, what is taken now
  std::chrono::milliseconds retry_after{0};  // until one more fits, rounded up; 0: it fits now
  bool limited() const { return retry_after.count() > 0; }
};

// `meter` counts `limit`; `free_at`: when one more fits.
inline LimitUse limit_use(const config::Limit& limit, RateMeter& meter, ports::MonoTime now,
                          ports::MonoTime free_at) {
  using std::chrono::milliseconds;
  const std::uint64_t quota = meter.quota();
  return {.limit = limit,
          .quota = quota,
          .count = quota - std::min(quota, meter.room(now)),
          .retry_after =
              free_at > now ? std::chrono::ceil<milliseconds>(free_at - now) : milliseconds{0}};
}

}  // namespace heliograph::pipeline
