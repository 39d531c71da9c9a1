// The limits of the configuration as the limiter is to keep them.
//
// A provider counts when a request arrives, we when it leaves: jitter on the way can bunch requests
// that left evenly. So each window is widened by a guard, by default 2 % of it and at least 10 ms
// (measured with 0.5-5 ms of jitter: 67 arrivals in a second for a limit of 50 without, never above
// 50 with 20 ms, at 98 % use).
#include <algorithm>
#include <cmath>

#include "core/pipeline/pipeline.h"

namespace heliograph::pipeline {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

nanoseconds limit_guard(const config::LimiterPlugin& limiter, nanoseconds window) {
  if (limiter.guard) return *limiter.guard;
  return std::max<nanoseconds>(window / 50, milliseconds{10});
}

namespace {

// A text of 1,600 characters of UCS-2 has 24 parts (3GPP TS 23.038): a bucket that never holds as
// much as a message costs would let it pass below its price.
constexpr std::uint64_t kPartsLargest = 24;
// What refills while the loop is busy elsewhere must find room in the bucket, or it is lost.
constexpr milliseconds kLoopPause{5};

// What is kept of a token bucket's burst, and whether that is all the guard asks for.
struct GuardedBurst {
  std::uint64_t burst = 0;
  bool whole = false;
};

// Jitter of up to the guard adds what the rate gives in that time to a burst; so that much is kept
// back, and no stretch of time T sees more than rate x T + burst. Of a burst that is smaller than
// that only what the bucket cannot do without is left, and jitter may exceed it by the difference.
GuardedBurst guarded_burst(const config::Limit& limit, nanoseconds guard) {
  const std::uint64_t burst = limit.burst > 0 ? limit.burst : limit.limit;
  const double rate =
      static_cast<double>(limit.limit) / static_cast<double>(nanoseconds{limit.window}.count());
  const auto in = [rate](nanoseconds time) {
    return static_cast<std::uint64_t>(std::ceil(rate * static_cast<double>(time.count())));
  };
  const std::uint64_t largest = limit.unit == "parts" ? kPartsLargest : 1;
  const std::uint64_t least = std::min(burst, std::max(largest, in(kLoopPause)));
  const std::uint64_t kept = in(guard);
  const std::uint64_t left = burst > kept ? burst - kept : 0;
  return {.burst = std::max(least, left), .whole = left >= least};
}

ports::LimitRule limit_rule(std::string id, const config::Limit& limit,
                            const config::LimiterPlugin& limiter) {
  const bool bucket = limit.algorithm == "token_bucket";
  const nanoseconds window = limit.window;
  const nanoseconds guard = limit_guard(limiter, window);
  if (!bucket) {
    return {.id = std::move(id),
            .algorithm = ports::LimitAlgorithm::kSlidingWindow,
            .window = window + guard,
            .limit = limit.limit};
  }
  // A bucket whose burst has paid for the guard has its whole rate.
  const GuardedBurst guarded = guarded_burst(limit, guard);
  return {.id = std::move(id),
          .algorithm = ports::LimitAlgorithm::kTokenBucket,
          .window = guarded.whole ? window : window + guard,
          .limit = limit.limit,
          .burst = guarded.burst};
}

}  // namespace

std::vector<ports::LimitRule> limit_rules(const PipelineSettings& settings,
                                          const std::vector<config::Provider>& providers) {
  std::vector<ports::LimitRule> rules;
  if (settings.limits.dispatch)
    rules.push_back(limit_rule("dispatch", *settings.limits.dispatch, settings.limiter));
  for (const config::Provider& provider : providers) {
    if (provider.limit) rules.push_back(limit_rule(provider.id, *provider.limit, settings.limiter));
  }
  return rules;
}

}  // namespace heliograph::pipeline
