// Token bucket in integers: over any time T at most burst + limit * T / window units are granted.
//
// The level is kept in credits of 1/window_ns unit, so that one nanosecond brings exactly `limit`
// credits and nothing is ever rounded; 128 bits hold any rule. A new bucket is full.
//
// Refunds are the delicate part. Tokens that overflowed while the bucket was full are gone, so a
// late refund may give back only what the bucket would hold had the grant never been made: the
// grant's units, less what would have overflowed since. That needs the highest level since the
// grant, which `peaks_` keeps as a short, falling staircase of (time, level).
//
// Times are the caller's now_mono_ns and must not go back. Not thread-safe: one strand owns it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "plugins/limiters/memory/rule.h"

namespace heliograph::plugins::memory {

class TokenBucket {
 public:
  // Units that could be granted at `now`.
  [[nodiscard]] std::uint64_t available(std::uint64_t now, const Rule& rule) {
    refill(now, rule);
    return static_cast<std::uint64_t>(level_ / rule.window_ns);
  }

  // Records `units` granted at `now`. The caller has asked available() at this `now`.
  void take(std::uint64_t now, std::uint64_t units, const Rule& rule) {
    remember_peak(now);
    level_ -= std::min(level_, Credits{units} * rule.window_ns);
  }

  // Nanoseconds from `now` until `units` (<= burst) can be granted if nothing else happens; 0: now.
  [[nodiscard]] std::uint64_t wait(std::uint64_t now, std::uint64_t units, const Rule& rule) {
    refill(now, rule);
    const Credits needed = Credits{units} * rule.window_ns;
    if (needed <= level_) return 0;
    const Credits delay = (needed - level_ + rule.limit - 1) / rule.limit;
    const Credits longest = std::numeric_limits<std::uint64_t>::max();
    return static_cast<std::uint64_t>(std::min(delay, longest));
  }

  // Gives back up to `units` of what was granted at `granted_at`; less, or nothing, when the bucket
  // would meanwhile have overflowed.
  void refund(std::uint64_t now, std::uint64_t granted_at, std::uint64_t units, const Rule& rule) {
    refill(now, rule);
    const Credits full = capacity(rule);
    const Credits peak = std::min(full, std::max(level_, peak_since(granted_at)));
    const Credits back = std::min(Credits{units} * rule.window_ns, full - peak);
    level_ += back;
    raise_peaks(granted_at, back);
  }

  // Full: a new bucket would behave alike.
  [[nodiscard]] bool idle(std::uint64_t now, const Rule& rule) {
    refill(now, rule);
    return level_ == capacity(rule);
  }

  // A changed rule keeps the number of units that were out, never more than the new burst.
  void convert(std::uint64_t now, const Rule& from, const Rule& to) {
    refill(now, from);
    const Credits out_credits = capacity(from) - level_;
    const Credits out_units = (out_credits + from.window_ns - 1) / from.window_ns;
    level_ = (to.burst - std::min<Credits>(out_units, to.burst)) * to.window_ns;
    peaks_.clear();
    peaks_.push_back({now, capacity(to)});  // refunds of older grants give nothing
  }

 private:
  // 128 bits: burst * window_ns of a daily limit in millions passes 2^64.
  __extension__ using Credits = unsigned __int128;

  struct Peak {
    std::uint64_t at;
    Credits level;
  };

  static constexpr std::size_t kPeaksMax = 64;

  static Credits capacity(const Rule& rule) noexcept {
    return Credits{rule.burst} * rule.window_ns;
  }

  void refill(std::uint64_t now, const Rule& rule) {
    if (!started_) {
      started_ = true;
      level_ = capacity(rule);
      refilled_at_ = now;
    }
    if (now <= refilled_at_) return;
    const Credits missing = capacity(rule) - level_;
    level_ += std::min(missing, Credits{now - refilled_at_} * rule.limit);
    refilled_at_ = now;
  }

  // The level just before a take is a local maximum. Earlier, lower ones can never be asked for.
  void remember_peak(std::uint64_t now) {
    while (!peaks_.empty() && peaks_.back().level <= level_) peaks_.pop_back();
    if (!peaks_.empty() && peaks_.back().at == now) return;
    if (peaks_.size() == kPeaksMax) thin_out();
    peaks_.push_back({now, level_});
  }

  // What a refund gave back counts as if it had been there ever since its grant, or the next refund
  // would overlook it. Levels must fall from old to new, so a raised one lifts its elders.
  void raise_peaks(std::uint64_t granted_at, Credits back) noexcept {
    Credits highest = 0;
    for (std::size_t i = peaks_.size(); i-- > 0;) {
      if (peaks_[i].at > granted_at) peaks_[i].level += back;
      highest = std::max(highest, peaks_[i].level);
      peaks_[i].level = highest;
    }
  }

  // Merges neighbours: the later time with the higher level, so an answer errs towards less refund.
  void thin_out() noexcept {
    for (std::size_t i = 0; i < kPeaksMax / 2; ++i) {
      peaks_[i] = {peaks_[2 * i + 1].at, peaks_[2 * i].level};
    }
    peaks_.resize(kPeaksMax / 2);
  }

  // Takes of the grant's own moment do not count: no token can have overflowed between them.
  [[nodiscard]] Credits peak_since(std::uint64_t granted_at) const noexcept {
    for (const Peak& p : peaks_) {
      if (p.at > granted_at) return p.level;
    }
    return 0;
  }

  Credits level_ = 0;
  std::uint64_t refilled_at_ = 0;
  bool started_ = false;
  std::vector<Peak> peaks_;  // times rise, levels fall
};

}  // namespace heliograph::plugins::memory
