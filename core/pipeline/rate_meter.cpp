#include "core/pipeline/rate_meter.h"

#include <algorithm>
#include <cmath>

namespace heliograph::pipeline {

namespace {
// Entries of a sliding window at most; a grain of window / 4096 costs less than 0.03 % of the rate.
constexpr std::int64_t kEntriesMax = 4096;
}  // namespace

RateMeter::RateMeter(const Rule& rule)
    : rule_(rule),
      grain_(rule.window / kEntriesMax),
      units_per_ns_(static_cast<double>(rule.limit) / static_cast<double>(rule.window.count())) {
  if (rule_.burst <= 0) rule_.burst = static_cast<double>(rule_.limit);
  tokens_ = rule_.burst;
}

std::uint64_t RateMeter::quota() const {
  return bucket() ? static_cast<std::uint64_t>(rule_.burst) : rule_.limit;
}

void RateMeter::forget(ports::MonoTime now) {
  while (!taken_.empty() && taken_.front().at + rule_.window <= now) {
    used_ -= taken_.front().units;
    taken_.pop_front();
  }
}

void RateMeter::refill(ports::MonoTime now) {
  if (now <= refilled_) return;
  const auto passed = static_cast<double>((now - refilled_).count());
  tokens_ = std::min(rule_.burst, tokens_ + passed * units_per_ns_);
  refilled_ = now;
}

std::uint64_t RateMeter::room(ports::MonoTime now) {
  if (bucket()) {
    refill(now);
    // A token that lacks less than a rounding error counts as whole.
    return tokens_ <= 0 ? 0 : static_cast<std::uint64_t>(tokens_ + 1e-9);
  }
  forget(now);
  return rule_.limit > used_ ? rule_.limit - used_ : 0;
}

void RateMeter::take(ports::MonoTime now, std::uint64_t units) {
  if (bucket()) {
    refill(now);
    tokens_ -= static_cast<double>(units);
    return;
  }
  forget(now);
  used_ += units;
  // An entry carries the end of its grain, so that the last of its takes is not forgotten early.
  if (!taken_.empty() && now <= taken_.back().at) {
    taken_.back().units += units;
  } else {
    taken_.push_back({now + grain_, units});
  }
}

void RateMeter::give_back(std::uint64_t units) {
  if (bucket()) {
    tokens_ = std::min(rule_.burst, tokens_ + static_cast<double>(units));
    return;
  }
  while (units > 0 && !taken_.empty()) {
    const std::uint64_t part = std::min(units, taken_.back().units);
    taken_.back().units -= part;
    used_ -= part;
    units -= part;
    if (taken_.back().units == 0) taken_.pop_back();
  }
}

void RateMeter::give_back(std::uint64_t units, ports::MonoTime taken_at) {
  if (bucket()) return give_back(units);
  const auto found = std::ranges::lower_bound(taken_, taken_at, {}, &Entry::at);
  // What is not there any more has been forgotten with its window.
  if (found == taken_.end() || found->at > taken_at + grain_) return;
  const std::uint64_t part = std::min(units, found->units);
  found->units -= part;
  used_ -= part;
}

ports::MonoTime RateMeter::when(ports::MonoTime now, std::uint64_t units) {
  if (room(now) >= units) return now;
  if (bucket()) {
    const double lacking = static_cast<double>(units) - tokens_;
    return now +
           std::chrono::nanoseconds{static_cast<std::int64_t>(std::ceil(lacking / units_per_ns_))};
  }
  std::uint64_t free = rule_.limit > used_ ? rule_.limit - used_ : 0;
  for (const Entry& entry : taken_) {
    free += entry.units;
    if (free >= units) return entry.at + rule_.window;
  }
  return now + rule_.window;
}

ports::MonoTime RateMeter::when_whole(ports::MonoTime now) { return when(now, quota()); }

RateMeter::Rule meter_rule(const config::Limit& limit) {
  const bool bucket = limit.algorithm == "token_bucket";
  return {.algorithm =
              bucket ? ports::LimitAlgorithm::kTokenBucket : ports::LimitAlgorithm::kSlidingWindow,
          .limit = limit.limit,
          .window = limit.window,
          .burst = static_cast<double>(limit.burst)};
}

}  // namespace heliograph::pipeline
