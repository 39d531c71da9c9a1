// Exact sliding window: at no moment do more than `limit` units lie within the past `window_ns`.
//
// It is a log of grants, oldest first. A unit granted at t counts in [t, t + window) and is free
// again at t + window, to the nanosecond; two fixed windows with weights in between, which is what
// most in-memory limiters do, can exceed the limit and cannot say when the next unit is free.
//
// Memory: grants of the same moment share an entry, so there are never more entries than units in
// the window. Limits above kEntriesMax round the time of a grant UP to window / kEntriesMax: still
// never above the limit, and 1/65536 of the rate is what that costs.
//
// Times are the caller's now_mono_ns and must not go back. Not thread-safe: one strand owns it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "plugins/limiters/memory/rule.h"

namespace heliograph::plugins::memory {

class SlidingWindow {
 public:
  static constexpr std::uint64_t kEntriesMax = 65'536;

  // Units that could be granted at `now`.
  [[nodiscard]] std::uint64_t available(std::uint64_t now, const Rule& rule) {
    forget_before(now, rule);
    return used_ < rule.limit ? rule.limit - used_ : 0;
  }

  // Records `units` granted at `now`. The caller has asked available() at this `now`.
  void take(std::uint64_t now, std::uint64_t units, const Rule& rule) {
    const std::uint64_t at = stamp(now, rule);
    if (count_ != 0 && newest().at >= at) {
      newest().units += units;
    } else {
      push({at, units});
    }
    used_ += units;
  }

  // Nanoseconds from `now` until `units` (<= limit) can be granted if nothing else happens; 0: now.
  [[nodiscard]] std::uint64_t wait(std::uint64_t now, std::uint64_t units, const Rule& rule) {
    std::uint64_t free_units = available(now, rule);
    if (used_ > rule.limit) units += used_ - rule.limit;  // a rule that shrank: the debt goes first
    for (std::size_t i = 0; free_units < units && i < count_; ++i) {
      free_units += entry(i).units;
      if (free_units >= units) return entry(i).at + rule.window_ns - now;
    }
    return 0;
  }

  // Takes back up to `units` of what was granted at `granted_at`, if still in the window at `now`.
  void refund(std::uint64_t now, std::uint64_t granted_at, std::uint64_t units, const Rule& rule) {
    forget_before(now, rule);
    const std::size_t i = find(stamp(granted_at, rule));
    if (i == count_) return;
    const std::uint64_t back = std::min(units, entry(i).units);
    entry(i).units -= back;
    used_ -= back;
    if (entry(i).units == 0) erase(i);
  }

  // Nothing is remembered that a later call could ask for.
  [[nodiscard]] bool idle(std::uint64_t now, const Rule& rule) {
    forget_before(now, rule);
    return count_ == 0;
  }

  [[nodiscard]] std::uint64_t used() const noexcept { return used_; }
  [[nodiscard]] std::size_t entries() const noexcept { return count_; }

 private:
  struct Entry {
    std::uint64_t at;
    std::uint64_t units;
  };

  static std::uint64_t stamp(std::uint64_t now, const Rule& rule) noexcept {
    if (rule.limit <= kEntriesMax) return now;
    const std::uint64_t quantum = std::max<std::uint64_t>(1, rule.window_ns / kEntriesMax);
    return (now + quantum - 1) / quantum * quantum;
  }

  Entry& entry(std::size_t i) noexcept { return ring_[(head_ + i) & (ring_.size() - 1)]; }
  Entry& newest() noexcept { return entry(count_ - 1); }

  void forget_before(std::uint64_t now, const Rule& rule) {
    while (count_ != 0 && now >= entry(0).at && now - entry(0).at >= rule.window_ns) {
      used_ -= entry(0).units;
      drop_oldest();
    }
  }

  void drop_oldest() noexcept {
    head_ = (head_ + 1) & (ring_.size() - 1);
    --count_;
  }

  void push(Entry added) {
    if (count_ == ring_.size()) grow();
    ++count_;
    newest() = added;
  }

  void grow() {
    std::vector<Entry> larger(std::max<std::size_t>(4, ring_.size() * 2));  // a power of two
    for (std::size_t i = 0; i < count_; ++i) larger[i] = entry(i);
    ring_ = std::move(larger);
    head_ = 0;
  }

  std::size_t find(std::uint64_t at) noexcept {
    std::size_t low = 0;
    std::size_t high = count_;
    while (low < high) {
      const std::size_t middle = low + (high - low) / 2;
      if (entry(middle).at < at) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low < count_ && entry(low).at == at ? low : count_;
  }

  // An emptied entry leaves at once, else a caller that takes and refunds in turn would fill the
  // memory. The refunded grant is nearly always among the newest: close the gap from that end.
  void erase(std::size_t i) noexcept {
    for (; i + 1 < count_; ++i) entry(i) = entry(i + 1);
    --count_;
  }

  std::vector<Entry> ring_;
  std::size_t head_ = 0;
  std::size_t count_ = 0;
  std::uint64_t used_ = 0;  // the sum of all units in ring_
};

}  // namespace heliograph::plugins::memory
