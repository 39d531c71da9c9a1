#include "plugins/limiters/memory/limiter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace heliograph::plugins::memory {
namespace {

hg_limit_rule rule(std::string_view id, std::uint64_t limit, std::uint64_t window_ns,
                   std::uint32_t algorithm = HG_LIMIT_SLIDING_WINDOW, std::uint64_t burst = 0) {
  hg_limit_rule made{};
  made.size = sizeof(made);
  made.algorithm = algorithm;
  made.window_ns = window_ns;
  made.limit = limit;
  made.burst = burst;
  made.id = sdk::to_abi(id);
  return made;
}

hg_limit_key key(std::string_view name, std::uint32_t rule_index, std::uint32_t cost = 1) {
  return {sdk::to_abi(name), rule_index, cost};
}

struct Answer {
  hg_status status = HG_OK;
  hg_limit_result result{};
};

class Subject {
 public:
  explicit Subject(const std::vector<hg_limit_rule>& rules, std::size_t keys_max = 1'000)
      : limiter(keys_max) {
    EXPECT_EQ(set_rules(rules), HG_OK) << why;
  }

  hg_status set_rules(const std::vector<hg_limit_rule>& rules) {
    return limiter.set_rules(sdk::LimitRules(rules.data(), rules.size()), why);
  }

  Answer acquire(std::uint64_t now, const std::vector<hg_limit_key>& keys, std::uint32_t min_n = 1,
                 std::uint32_t max_n = 1) {
    hg_limit_req request{};
    request.size = sizeof(request);
    request.n_keys = static_cast<std::uint32_t>(keys.size());
    request.keys = keys.data();
    request.min_n = min_n;
    request.max_n = max_n;
    request.now_mono_ns = now;
    Answer answer;
    answer.result.size = sizeof(answer.result);
    answer.status = limiter.acquire(request, answer.result);
    return answer;
  }

  Limiter limiter;
  std::string why;
};

TEST(Limiter, GrantsForAllKeysOrForNone) {
  Subject subject({rule("total", 3, 1'000), rule("provider", 2, 1'000)});
  const std::vector<hg_limit_key> first{key("all", 0), key("p1", 1)};
  const std::vector<hg_limit_key> second{key("all", 0), key("p2", 1)};
  EXPECT_EQ(subject.acquire(0, first).result.granted, 1u);
  EXPECT_EQ(subject.acquire(0, first).result.granted, 1u);
  const Answer denied = subject.acquire(5, first);
  EXPECT_EQ(denied.result.granted, 0u);
  EXPECT_EQ(denied.result.denied_key, 1u);
  EXPECT_EQ(denied.result.retry_after_ns, 995u);
  EXPECT_EQ(subject.acquire(5, second).result.granted, 1u)
      << "p1's denial took nothing of the total";
  EXPECT_EQ(subject.acquire(5, second).result.denied_key, 0u);
}

TEST(Limiter, GrantsBetweenMinimumAndMaximum) {
  Subject subject({rule("provider", 10, 1'000)});
  EXPECT_EQ(subject.acquire(0, {key("p", 0, 3)}, 1, 100).result.granted, 3u);
  EXPECT_EQ(subject.acquire(0, {key("p", 0, 1)}, 2, 5).result.granted, 0u);
  EXPECT_EQ(subject.acquire(0, {key("p", 0, 1)}, 1, 5).result.granted, 1u);
}

TEST(Limiter, AKeyNamedTwiceCostsTheSum) {
  Subject subject({rule("provider", 4, 1'000)});
  EXPECT_EQ(subject.acquire(0, {key("p", 0, 1), key("p", 0, 2)}).result.granted, 1u);
  EXPECT_EQ(subject.acquire(0, {key("p", 0, 1), key("p", 0, 2)}).result.granted, 0u);
  EXPECT_EQ(subject.acquire(0, {key("p", 0, 1)}).result.granted, 1u);
}

TEST(Limiter, ReportsTheKeyThatTakesLongest) {
  Subject subject({rule("fast", 1, 100), rule("slow", 1, 5'000)});
  EXPECT_EQ(subject.acquire(0, {key("k", 0), key("k", 1)}).result.granted, 1u);
  const Answer denied = subject.acquire(10, {key("k", 0), key("k", 1)});
  EXPECT_EQ(denied.result.denied_key, 1u);
  EXPECT_EQ(denied.result.retry_after_ns, 4'990u);
  EXPECT_EQ(subject.acquire(4'999, {key("k", 0), key("k", 1)}).result.granted, 0u);
  EXPECT_EQ(subject.acquire(5'000, {key("k", 0), key("k", 1)}).result.granted, 1u);
}

TEST(Limiter, RefundOfAGrantFreesAllItsKeys) {
  Subject subject({rule("total", 5, 1'000), rule("provider", 5, 1'000)});
  const std::vector<hg_limit_key> keys{key("all", 0), key("p", 1, 2)};
  const Answer granted = subject.acquire(7, keys, 1, 5);
  ASSERT_EQ(granted.result.granted, 2u);
  subject.limiter.refund(granted.result.grant, keys, 1);
  EXPECT_EQ(subject.acquire(8, keys, 1, 5).result.granted, 1u);
}

TEST(Limiter, CountsAreCarriedOverByRuleIdAndKey) {
  Subject subject({rule("a", 3, 1'000), rule("b", 3, 1'000)});
  EXPECT_EQ(subject.acquire(0, {key("p", 1)}, 1, 2).result.granted, 2u);
  ASSERT_EQ(subject.set_rules({rule("b", 5, 1'000), rule("c", 3, 1'000)}), HG_OK);
  EXPECT_EQ(subject.acquire(1, {key("p", 0)}, 1, 9).result.granted, 3u);
  EXPECT_EQ(subject.acquire(1, {key("p", 1)}, 1, 9).result.granted, 3u) << "c is a new rule";
}

TEST(Limiter, AChangeOfAlgorithmNeverGivesABurst) {
  Subject subject({rule("a", 10, 1'000)});
  EXPECT_EQ(subject.acquire(500, {key("p", 0)}, 1, 8).result.granted, 8u);
  ASSERT_EQ(subject.set_rules({rule("a", 10, 1'000, HG_LIMIT_TOKEN_BUCKET)}), HG_OK);
  EXPECT_EQ(subject.acquire(500, {key("p", 0)}, 1, 10).result.granted, 2u);
  ASSERT_EQ(subject.set_rules({rule("a", 12, 1'000)}), HG_OK);
  EXPECT_EQ(subject.acquire(500, {key("p", 0)}, 1, 20).result.granted, 2u);
}

TEST(Limiter, RefusesRulesInWordsAndKeepsTheOldOnes) {
  Subject subject({rule("a", 1, 1'000)});
  EXPECT_EQ(subject.set_rules({rule("a", 9, 1'000), rule("x", 1, 1'000, 7)}), HG_E_UNSUPPORTED);
  EXPECT_EQ(subject.why, "rule 'x': algorithm 7 is not one of sliding_window, token_bucket");
  EXPECT_EQ(subject.set_rules({rule("x", 0, 1'000)}), HG_E_CONFIG);
  EXPECT_EQ(subject.why, "rule 'x': limit must be above 0");
  EXPECT_EQ(subject.set_rules({rule("x", 1, 0)}), HG_E_CONFIG);
  EXPECT_EQ(subject.why, "rule 'x': window must be above 0");
  EXPECT_EQ(subject.set_rules({rule("x", 1, 1), rule("x", 2, 1)}), HG_E_CONFIG);
  EXPECT_EQ(subject.why, "rule 'x' is there twice");
  EXPECT_EQ(subject.acquire(0, {key("p", 0)}, 1, 5).result.granted, 1u);
}

TEST(Limiter, RefusesRequestsThatMakeNoSense) {
  Subject subject({rule("a", 5, 1'000)});
  EXPECT_EQ(subject.acquire(0, {}).status, HG_E_CONFIG);
  EXPECT_EQ(subject.acquire(0, {key("p", 1)}).status, HG_E_CONFIG);
  EXPECT_EQ(subject.acquire(0, {key("p", 0, 0)}).status, HG_E_CONFIG);
  EXPECT_EQ(subject.acquire(0, {key("p", 0)}, 2, 1).status, HG_E_CONFIG);
  EXPECT_EQ(subject.acquire(0, {key("p", 0)}, 0, 1).status, HG_E_CONFIG);
  EXPECT_EQ(subject.acquire(0, {key("p", 0, 6)}).status, HG_E_LIMIT) << "can never fit";
  subject.limiter.refund(0, std::vector{key("p", 9)}, 1);
}

TEST(Limiter, IdleKeysMakeRoomAndBusyOnesDoNot) {
  Subject subject({rule("a", 1, 1'000)}, 100);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(subject.acquire(0, {key("k" + std::to_string(i), 0)}).result.granted, 1u);
  }
  EXPECT_EQ(subject.acquire(10, {key("one more", 0)}).status, HG_E_LIMIT);
  EXPECT_EQ(subject.acquire(1'000, {key("one more", 0)}).result.granted, 1u);
  for (int i = 0; i < 100'000; ++i) {
    const std::uint64_t now = 2'000 + static_cast<std::uint64_t>(i) * 100;
    ASSERT_EQ(subject.acquire(now, {key("n" + std::to_string(i), 0)}).result.granted, 1u);
  }
  EXPECT_LE(subject.limiter.keys(), 100u);
}

TEST(Limiter, KeysOfOneRequestDoNotPushEachOtherOut) {
  Subject subject({rule("a", 1, 1'000)}, 2);
  EXPECT_EQ(subject.acquire(0, {key("x", 0), key("y", 0)}).result.granted, 1u);
  EXPECT_EQ(subject.acquire(1'000, {key("z", 0), key("w", 0)}).result.granted, 1u);
  EXPECT_EQ(subject.acquire(1'500, {key("z", 0)}).result.granted, 0u);
  EXPECT_EQ(subject.acquire(1'500, {key("w", 0)}).result.granted, 0u);
}

// The definition for any number of keys: a list of what was granted, and nothing cached.
struct Granted {
  std::uint64_t at;
  std::uint32_t items;
  std::vector<hg_limit_key> keys;
};

class Definition {
 public:
  Definition(std::vector<hg_limit_rule> rules) : rules_(std::move(rules)) {}

  std::uint64_t used(std::uint64_t now, const hg_limit_key& key) const {
    const std::uint64_t window = rules_[key.rule].window_ns;
    std::uint64_t sum = 0;
    for (const Granted& g : grants_) {
      if (now - g.at < window) sum += units(g, key);
    }
    return sum;
  }

  std::uint32_t room(std::uint64_t now, const std::vector<hg_limit_key>& keys) const {
    for (std::uint32_t items = 0;; ++items) {
      for (const hg_limit_key& key : keys) {
        const std::uint64_t wanted = units({now, items + 1, keys}, key);
        if (used(now, key) + wanted > rules_[key.rule].limit) return items;
      }
    }
  }

  void add(Granted granted) { grants_.push_back(std::move(granted)); }
  Granted& at(std::size_t i) { return grants_[i]; }
  std::size_t size() const { return grants_.size(); }
  void forget(std::uint64_t before) {
    std::erase_if(grants_, [&](const Granted& g) { return g.at < before; });
  }

 private:
  static std::uint64_t units(const Granted& granted, const hg_limit_key& key) {
    std::uint64_t cost = 0;
    for (const hg_limit_key& k : granted.keys) {
      const bool same = k.rule == key.rule && sdk::to_view(k.key) == sdk::to_view(key.key);
      if (same) cost += k.cost;
    }
    return cost * granted.items;
  }

  std::vector<hg_limit_rule> rules_;
  std::vector<Granted> grants_;
};

TEST(Limiter, BehavesLikeItsDefinitionOverRandomHistoriesOfSeveralKeys) {
  const std::vector<hg_limit_rule> rules{rule("total", 30, 150), rule("provider", 9, 90)};
  const std::vector<std::string> names{"p0", "p1", "p2", "p3"};
  Subject subject(rules);
  Definition definition(rules);
  std::mt19937_64 random(7);
  const auto up_to = [&](std::uint32_t n) {
    return static_cast<std::uint32_t>(random() % (n + 1));
  };
  std::uint64_t now = 1'000;
  for (int step = 0; step < 100'000; ++step) {
    now += up_to(2) == 0 ? up_to(40) : up_to(3);
    definition.forget(now - 400);
    if (up_to(9) == 0 && definition.size() != 0) {
      Granted& g = definition.at(
          definition.size() - 1 -
          up_to(static_cast<std::uint32_t>(std::min<std::size_t>(5, definition.size() - 1))));
      const std::uint32_t n = up_to(g.items);
      // A refund names no time: the limiter takes it at that of its latest acquire.
      subject.acquire(now, {key("clock", 1)});
      subject.limiter.refund(g.at, g.keys, n);
      g.items -= n;
      continue;
    }
    std::vector<hg_limit_key> keys{key("all", 0), key(names[up_to(3)], 1, 1 + up_to(2))};
    if (up_to(7) == 0) keys.push_back(key(names[up_to(3)], 1));
    const std::uint32_t min_n = 1 + up_to(1);
    const std::uint32_t max_n = min_n + up_to(3);
    const std::uint32_t fits = definition.room(now, keys);
    const std::uint32_t expected = fits < min_n ? 0 : std::min(fits, max_n);
    const Answer answer = subject.acquire(now, keys, min_n, max_n);
    ASSERT_EQ(answer.status, HG_OK) << "step " << step;
    ASSERT_EQ(answer.result.granted, expected) << "step " << step;
    if (expected != 0) {
      definition.add({now, expected, keys});
    } else {
      const std::uint64_t then = now + answer.result.retry_after_ns;
      ASSERT_GE(definition.room(then, keys), min_n) << "step " << step;
      ASSERT_LT(definition.room(then - 1, keys), min_n) << "step " << step;
    }
  }
}

}  // namespace
}  // namespace heliograph::plugins::memory
