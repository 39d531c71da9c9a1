#include "plugins/limiters/memory/token_bucket.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace heliograph::plugins::memory {
namespace {

Rule bucket_of(std::uint64_t limit, std::uint64_t window_ns, std::uint64_t burst) {
  return {Algorithm::kTokenBucket, window_ns, limit, burst};
}

TEST(TokenBucket, StartsFullAndRefillsEvenly) {
  const Rule rule = bucket_of(10, 1'000, 4);
  TokenBucket bucket;
  EXPECT_EQ(bucket.available(5'000, rule), 4u);
  bucket.take(5'000, 4, rule);
  EXPECT_EQ(bucket.available(5'099, rule), 0u);
  EXPECT_EQ(bucket.available(5'100, rule), 1u);
  EXPECT_EQ(bucket.available(5'350, rule), 3u);
  EXPECT_EQ(bucket.available(9'000, rule), 4u) << "never above the burst";
}

TEST(TokenBucket, WaitIsExactAlsoWhereTheRateDoesNotDivide) {
  const Rule rule = bucket_of(3, 1'000, 3);
  TokenBucket bucket;
  EXPECT_EQ(bucket.available(0, rule), 3u);
  bucket.take(0, 3, rule);
  EXPECT_EQ(bucket.wait(0, 1, rule), 334u);
  EXPECT_EQ(bucket.available(333, rule), 0u);
  EXPECT_EQ(bucket.available(334, rule), 1u);
  EXPECT_EQ(bucket.wait(334, 3, rule), 666u);
}

TEST(TokenBucket, TakesLargeRulesWithoutOverflow) {
  const std::uint64_t day = 86'400'000'000'000;
  const Rule rule = bucket_of(50'000'000, day, 50'000'000);
  TokenBucket bucket;
  EXPECT_EQ(bucket.available(1, rule), 50'000'000u);
  bucket.take(1, 50'000'000, rule);
  EXPECT_EQ(bucket.available(1 + day / 2, rule), 25'000'000u);
  EXPECT_EQ(bucket.available(~0ull, rule), 50'000'000u);
}

TEST(TokenBucket, RefundGivesBackWhatHasNotOverflowed) {
  const Rule rule = bucket_of(1, 1'000, 10);
  TokenBucket bucket;
  EXPECT_EQ(bucket.available(0, rule), 10u);
  bucket.take(0, 10, rule);
  bucket.refund(1, 0, 3, rule);
  EXPECT_EQ(bucket.available(1, rule), 3u);

  // Ten taken at 0 and refunded at the end: without them the bucket would have overflowed meanwhile
  // by all but the one token of headroom there was at 9,000.
  TokenBucket late;
  EXPECT_EQ(late.available(0, rule), 10u);
  late.take(0, 10, rule);
  EXPECT_EQ(late.available(9'000, rule), 9u);
  late.take(9'000, 9, rule);
  late.refund(9'000, 0, 10, rule);
  EXPECT_EQ(late.available(9'000, rule), 1u);
}

TEST(TokenBucket, ChangedRuleKeepsTheUnitsThatAreOut) {
  const Rule before = bucket_of(10, 1'000, 10);
  const Rule after = bucket_of(20, 1'000, 20);
  TokenBucket bucket;
  EXPECT_EQ(bucket.available(0, before), 10u);
  bucket.take(0, 7, before);
  bucket.convert(0, before, after);
  EXPECT_EQ(bucket.available(0, after), 13u);
  bucket.refund(1, 0, 7, after);
  EXPECT_EQ(bucket.available(1, after), 20u) << "the grant is of the conversion's own moment";
  bucket.take(2, 20, after);
  bucket.convert(3, after, bucket_of(5, 1'000, 5));
  EXPECT_EQ(bucket.available(3, bucket_of(5, 1'000, 5)), 0u);
}

// What the bucket would hold had refunded units never been granted, replayed from the beginning.
class Replay {
 public:
  explicit Replay(Rule rule) : rule_(rule) {}

  std::uint64_t available(std::uint64_t now) const {
    std::uint64_t level = full();
    std::uint64_t at = takes_.empty() ? now : takes_.front().at;
    for (const Take& take : takes_) {
      level = std::min(full(), level + (take.at - at) * rule_.limit) - take.units * rule_.window_ns;
      at = take.at;
    }
    return std::min(full(), level + (now - at) * rule_.limit) / rule_.window_ns;
  }
  void take(std::uint64_t now, std::uint64_t units) { takes_.push_back({now, units}); }
  std::size_t takes() const { return takes_.size(); }
  std::uint64_t at(std::size_t i) const { return takes_[i].at; }
  // Only grants that share their time with no other are refunded here, so ids are unambiguous.
  std::uint64_t refund(std::size_t i, std::uint64_t units) {
    const std::uint64_t back = std::min(units, takes_[i].units);
    takes_[i].units -= back;
    return back;
  }

  // The promise: between any two grants, both included, at most burst + limit * T / window units.
  bool within_bound() const {
    for (std::size_t i = 0; i < takes_.size(); ++i) {
      std::uint64_t sum = 0;
      for (std::size_t j = i; j < takes_.size(); ++j) {
        sum += takes_[j].units;
        const std::uint64_t time = takes_[j].at - takes_[i].at;
        if (sum * rule_.window_ns > full() + time * rule_.limit) return false;
      }
    }
    return true;
  }

 private:
  struct Take {
    std::uint64_t at;
    std::uint64_t units;
  };
  std::uint64_t full() const { return rule_.burst * rule_.window_ns; }

  Rule rule_;
  std::vector<Take> takes_;
};

struct Outcome {
  std::uint64_t differences = 0;  // steps at which the bucket held less than the replay
};

// `spread` is the longest pause between steps; refunds name any earlier grant.
Outcome run(std::uint64_t seed, int steps, std::uint64_t spread) {
  std::mt19937_64 random(seed);
  const auto up_to = [&](std::uint64_t n) { return random() % (n + 1); };
  const Rule rule = bucket_of(7, 100, 12);
  TokenBucket bucket;
  Replay replay(rule);
  Outcome outcome;
  std::uint64_t now = 0;
  for (int step = 0; step < steps; ++step) {
    now += 1 + up_to(spread);
    const std::uint64_t free_units = bucket.available(now, rule);
    const std::uint64_t expected = replay.available(now);
    EXPECT_LE(free_units, expected) << "seed " << seed << " step " << step;
    if (free_units != expected) ++outcome.differences;
    const std::uint64_t wanted = 1 + up_to(3);
    if (up_to(3) == 0 && replay.takes() != 0) {
      const std::size_t which =
          replay.takes() - 1 - up_to(std::min<std::size_t>(replay.takes() - 1, 8));
      bucket.refund(now, replay.at(which), replay.refund(which, wanted), rule);
    } else if (wanted <= free_units) {
      EXPECT_EQ(bucket.wait(now, wanted, rule), 0u);
      bucket.take(now, wanted, rule);
      replay.take(now, wanted);
    }
  }
  EXPECT_TRUE(replay.within_bound()) << "seed " << seed;
  return outcome;
}

TEST(TokenBucket, EqualsItsReplayWithoutTheRefundedGrants) {
  std::uint64_t differences = 0;
  for (std::uint64_t seed = 1; seed <= 1'000; ++seed) {
    differences += run(seed, 100, 20).differences;
    if (HasFailure()) return;
  }
  // Two refunds of overlapping grants may err towards less; that is rare and never the other way.
  EXPECT_LT(differences, 1'000u) << "of 100,000 steps";
}

TEST(TokenBucket, KeepsItsBoundWhenThereAreMorePeaksThanItRemembers) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    run(seed, 600, 3);
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace heliograph::plugins::memory
