#include "plugins/limiters/memory/sliding_window.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace heliograph::plugins::memory {
namespace {

constexpr std::uint64_t kWindow = 1'000;

Rule window_of(std::uint64_t limit, std::uint64_t window_ns = kWindow) {
  return {Algorithm::kSlidingWindow, window_ns, limit, limit};
}

TEST(SlidingWindow, GrantsUpToTheLimitAndFreesEachUnitAfterExactlyOneWindow) {
  const Rule rule = window_of(3);
  SlidingWindow window;
  window.take(100, 2, rule);
  window.take(150, 1, rule);
  EXPECT_EQ(window.available(150, rule), 0u);
  EXPECT_EQ(window.available(1'099, rule), 0u);
  EXPECT_EQ(window.available(1'100, rule), 2u);
  EXPECT_EQ(window.available(1'150, rule), 3u);
}

TEST(SlidingWindow, WaitIsExactToTheNanosecond) {
  const Rule rule = window_of(3);
  SlidingWindow window;
  window.take(100, 1, rule);
  window.take(150, 2, rule);
  EXPECT_EQ(window.wait(200, 1, rule), 900u);
  EXPECT_EQ(window.wait(200, 2, rule), 950u);
  EXPECT_EQ(window.wait(200, 3, rule), 950u);
  EXPECT_EQ(window.wait(1'100, 1, rule), 0u);
}

TEST(SlidingWindow, RefundFreesThatGrantOnly) {
  const Rule rule = window_of(4);
  SlidingWindow window;
  window.take(100, 2, rule);
  window.take(200, 2, rule);
  window.refund(300, 200, 1, rule);
  EXPECT_EQ(window.available(300, rule), 1u);
  window.refund(300, 200, 5, rule);
  EXPECT_EQ(window.available(300, rule), 2u) << "not more than the grant had";
  window.refund(300, 250, 2, rule);
  EXPECT_EQ(window.available(300, rule), 2u) << "there was no grant at 250";
}

TEST(SlidingWindow, RefundOfAGrantThatLeftTheWindowDoesNothing) {
  const Rule rule = window_of(2);
  SlidingWindow window;
  window.take(100, 2, rule);
  window.take(1'100, 2, rule);
  window.refund(1'200, 100, 2, rule);
  EXPECT_EQ(window.available(1'200, rule), 0u);
}

TEST(SlidingWindow, ARuleThatShrankIsHonouredAtOnce) {
  SlidingWindow window;
  window.take(0, 5, window_of(10));
  window.take(10, 5, window_of(10));
  const Rule smaller = window_of(3);
  EXPECT_EQ(window.available(20, smaller), 0u);
  EXPECT_EQ(window.wait(20, 1, smaller), 10 + kWindow - 20);
}

TEST(SlidingWindow, TakingAndRefundingInTurnNeedsNoMemory) {
  const Rule rule = window_of(2, 1'000'000'000);
  SlidingWindow window;
  for (std::uint64_t now = 0; now < 10'000; ++now) {
    window.take(now, 1, rule);
    window.refund(now, now, 1, rule);
  }
  EXPECT_EQ(window.entries(), 0u);
}

TEST(SlidingWindow, AHugeLimitIsBoundedInMemoryAndNeverExceeded) {
  const std::uint64_t limit = 10'000'000;
  const Rule rule = window_of(limit, 1'000'000'000);
  SlidingWindow window;
  std::uint64_t granted = 0;
  for (std::uint64_t now = 0; now < 1'000'000'000; now += 500) {
    const std::uint64_t units = std::min<std::uint64_t>(6, window.available(now, rule));
    if (units != 0) window.take(now, units, rule);
    granted += units;
  }
  EXPECT_EQ(granted, limit);
  EXPECT_LE(window.entries(), SlidingWindow::kEntriesMax + 2);
  EXPECT_EQ(window.available(999'999'999, rule), 0u);
  const std::uint64_t quantum = 1'000'000'000 / SlidingWindow::kEntriesMax;
  EXPECT_LE(window.wait(999'999'999, 1, rule), 1 + quantum) << "rounding costs one quantum at most";
}

// The definition, taken literally: a list of all grants.
class Reference {
 public:
  explicit Reference(Rule rule) : rule_(rule) {}

  std::uint64_t used(std::uint64_t now) const {
    std::uint64_t sum = 0;
    for (const auto& [at, units] : grants_) {
      if (now - at < rule_.window_ns) sum += units;
    }
    return sum;
  }
  std::uint64_t available(std::uint64_t now) const { return rule_.limit - used(now); }
  std::uint64_t wait(std::uint64_t now, std::uint64_t units) const {
    for (std::uint64_t later = now;; ++later) {
      if (available(later) >= units) return later - now;
    }
  }
  void take(std::uint64_t now, std::uint64_t units) { grants_[now] += units; }
  void refund(std::uint64_t now, std::uint64_t at, std::uint64_t units) {
    const auto found = grants_.find(at);
    if (found == grants_.end() || now - at >= rule_.window_ns) return;
    found->second -= std::min(units, found->second);
  }
  void forget(std::uint64_t now) {
    while (!grants_.empty() && now - grants_.begin()->first > 2 * rule_.window_ns) {
      grants_.erase(grants_.begin());
    }
  }

 private:
  Rule rule_;
  std::map<std::uint64_t, std::uint64_t> grants_;
};

TEST(SlidingWindow, BehavesLikeItsDefinitionOverRandomHistories) {
  std::mt19937_64 random(20240611);
  const auto up_to = [&](std::uint64_t n) { return random() % (n + 1); };
  std::uint64_t now = 0;
  std::uint64_t last_grant = 0;
  const Rule rule = window_of(20, 200);
  SlidingWindow window;
  Reference reference(rule);
  for (int step = 0; step < 100'000; ++step) {
    now += up_to(3) == 0 ? up_to(60) : up_to(4);
    const std::uint64_t free_units = reference.available(now);
    ASSERT_EQ(window.available(now, rule), free_units) << "step " << step;
    const std::uint64_t wanted = 1 + up_to(4);
    if (up_to(9) == 0) {
      const std::uint64_t at = up_to(1) == 0 ? last_grant : now - std::min(now, up_to(250));
      window.refund(now, at, wanted, rule);
      reference.refund(now, at, wanted);
    } else if (wanted <= free_units) {
      ASSERT_EQ(window.wait(now, wanted, rule), 0u);
      window.take(now, wanted, rule);
      reference.take(now, wanted);
      last_grant = now;
    } else {
      ASSERT_EQ(window.wait(now, wanted, rule), reference.wait(now, wanted)) << "step " << step;
    }
    reference.forget(now);
  }
}

}  // namespace
}  // namespace heliograph::plugins::memory
