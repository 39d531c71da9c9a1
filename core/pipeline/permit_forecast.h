// Permit forecast: what the limiter will probably grant, so that an attempt is not begun in the
// store only to be undone.
//
// The order of an attempt is binding: it is recorded as begun before a permit is asked for, because
// a permit must be fresh when the bytes leave. Under a limit that would mean two writes for each
// denial. So the dispatcher keeps a copy of every limit, fed with the permits that were granted,
// and begins only what fits beside the attempts that are begun and have no permit yet. With a
// limiter of our own the copy is exact and denials do not happen. With one shared between instances
// it knows nothing of the others, and they take most: so after a denial nothing begins before the
// limiter's own retry time, then one message, and each grant lets more begin at once, until the
// next denial. Only an estimate: the limiter alone decides. [loop]
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "core/pipeline/limit_use.h"
#include "core/pipeline/rate_meter.h"
#include "core/ports/limiter.h"

namespace heliograph::pipeline {

class PermitForecast {
  // A grant of one lets two more begin: from one to 50 at once takes four round trips.
  static constexpr std::uint64_t kGrowth = 2;

 public:
  PermitForecast(const ports::LimitRule& rule, std::uint32_t index, bool per_part)
      : meter_({.algorithm = rule.algorithm,
                .limit = rule.limit,
                .window = rule.window,
                .burst = static_cast<double>(rule.burst)}),
        index_(index),
        per_part_(per_part),
        most_(rule.algorithm == ports::LimitAlgorithm::kTokenBucket && rule.burst > 0
                  ? std::min(rule.limit, rule.burst)
                  : rule.limit),
        trusted_(most_) {}

  // What one message takes; at most what the limit can ever grant at once.
  ports::LimitKey key(std::uint16_t parts) const {
    const std::uint64_t cost = per_part_ ? std::max<std::uint64_t>(1, parts) : 1;
    return {index_, static_cast<std::uint32_t>(std::min(cost, most_))};
  }

  // What another forecast saw last, when it is of the same limit. What that one still wants is its
  // own affair.
  void inherit(const PermitForecast& before) {
    if (!meter_.counts_like(before.meter_)) return;
    meter_ = before.meter_;
    trusted_ = before.trusted_;
    denied_until_ = before.denied_until_;
  }

  // When a permit of `cost` can be had besides those already wanted; `now`: at once.
  ports::MonoTime when(ports::MonoTime now, std::uint64_t cost) {
    if (now < denied_until_) return denied_until_;
    const std::uint64_t wanted = wanted_ + cost;
    if (wanted_ > 0 && wanted > trusted_) return now + std::chrono::milliseconds{1};
    // More wanted than can ever be there at once: after those that are under way, whenever that is.
    if (wanted > most_)
      return std::max(now + std::chrono::milliseconds{1}, meter_.when(now, most_));
    return meter_.when(now, wanted);
  }

  void want(std::uint64_t cost) { wanted_ += cost; }
  void unwant(std::uint64_t cost) { wanted_ -= std::min(wanted_, cost); }
  void granted(ports::MonoTime now, std::uint64_t cost) {
    unwant(cost);
    meter_.take(now, cost);
    trusted_ = std::min(most_, trusted_ + kGrowth * cost);
  }
  void refunded(ports::MonoTime granted_at, std::uint64_t cost) {
    meter_.give_back(cost, granted_at);
  }
  // Nothing before `until`, whatever the copy says.
  void hold(ports::MonoTime until) { denied_until_ = std::max(denied_until_, until); }
  // The limiter said no.
  void denied(ports::MonoTime until) {
    hold(until);
    trusted_ = 0;
  }
  ports::MonoTime denied_until() const { return denied_until_; }
  // `limit`: what this is a forecast of. Counts what this instance was granted.
  LimitUse use(const config::Limit& limit, ports::MonoTime now) {
    return limit_use(limit, meter_, now, when(now, 1));
  }

 private:
  RateMeter meter_;
  std::uint32_t index_;
  bool per_part_;
  std::uint64_t most_;
  std::uint64_t wanted_ = 0;  // by attempts begun and not yet permitted
  std::uint64_t trusted_;     // so much may be wanted at once; one message always may
  ports::MonoTime denied_until_{};
};

}  // namespace heliograph::pipeline
