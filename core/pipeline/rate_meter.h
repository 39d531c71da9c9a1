// Rate meter: counts units against one limit, as a sliding window or a token bucket.
//
// Used on the accept side (what a client may submit) and by the dispatcher, which forecasts what
// the limiter will grant. It only counts; who waits and who is refused is decided elsewhere. Never
// more generous than the limit: grants close in time share one entry that carries the later time,
// which bounds memory and can only delay. Not thread-safe; times must not go back.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>

#include "core/config/config.h"
#include "core/ports/clock.h"
#include "core/ports/limiter.h"

namespace heliograph::pipeline {

class RateMeter {
 public:
  struct Rule {
    ports::LimitAlgorithm algorithm = ports::LimitAlgorithm::kSlidingWindow;
    std::uint64_t limit = 1;            // units per window, >= 1
    std::chrono::nanoseconds window{};  // > 0
    double burst = 0;                   // token bucket only; 0: limit

    bool operator==(const Rule&) const = default;
  };
  explicit RateMeter(const Rule& rule);

  std::uint64_t room(ports::MonoTime now);  // whole units that fit now
  void take(ports::MonoTime now, std::uint64_t units);
  void give_back(std::uint64_t units);  // of the latest takes
  // Of what was taken at that moment, so that the rest is forgotten when it should be.
  void give_back(std::uint64_t units, ports::MonoTime taken_at);
  // The earliest moment at which `units` (at most the limit or burst) fit if nothing else is taken;
  // `now` when they fit already.
  ports::MonoTime when(ports::MonoTime now, std::uint64_t units);
  bool counts_like(const RateMeter& other) const { return rule_ == other.rule_; }
  std::uint64_t quota() const;  // units that fit at once after long idleness
  // The earliest moment at which the whole quota is there again.
  ports::MonoTime when_whole(ports::MonoTime now);

 private:
  struct Entry {
    ports::MonoTime at;
    std::uint64_t units;
  };
  void forget(ports::MonoTime now);
  void refill(ports::MonoTime now);
  bool bucket() const { return rule_.algorithm == ports::LimitAlgorithm::kTokenBucket; }

  Rule rule_;
  std::chrono::nanoseconds grain_;  // takes within it share an entry
  std::deque<Entry> taken_;         // sliding window: oldest first
  std::uint64_t used_ = 0;
  double tokens_ = 0;  // token bucket
  double units_per_ns_ = 0;
  ports::MonoTime refilled_{};
};

// A configured limit as a meter's rule, without any guard.
RateMeter::Rule meter_rule(const config::Limit& limit);

}  // namespace heliograph::pipeline
