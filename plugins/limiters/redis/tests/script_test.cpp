// The scripts' arithmetic, asked directly, with the time set by the test: TIME is replaced by a
// key.
#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <random>

#include "plugins/limiters/redis/greeting.h"
#include "plugins/limiters/redis/tests/redis_server.h"

namespace heliograph::plugins::redis {
namespace {

constexpr std::int64_t kSecond = 1'000'000;

struct Rule {
  bool bucket = false;
  std::int64_t window = kSecond;
  std::int64_t limit = 1;
  std::int64_t burst = 1;
  std::int64_t cost = 1;
};

struct Answer {
  std::int64_t granted = 0;
  std::int64_t grant = 0;
  std::int64_t retry = 0;
  std::int64_t denied = -1;
};

// A script with a clock that stands in the key "now", in microseconds, and keys that expire by hand
// only: expiry by the real clock would race with the test's.
std::string with_test_clock(Script script) {
  std::string text(text_of(script));
  const std::string clock =
      "local redis = setmetatable({ call = function(name, ...)\n"
      "  if name == 'TIME' then\n"
      "    local now = redis.call('GET', 'now')\n"
      "    return { string.sub(now, 1, -7), string.sub(now, -6) }\n"
      "  end\n"
      "  if name == 'PEXPIRE' then\n"
      "    redis.call('HSET', 'expiry', (...), (select(2, ...)))\n"
      "    return 1\n"
      "  end\n"
      "  return redis.call(name, ...)\n"
      "end }, { __index = redis })\n";
  return clock + text;
}

class ScriptTest : public ::testing::Test {
 protected:
  ScriptTest() {
    for (std::size_t i = 0; i < kScripts; ++i) {
      shas_[i] = server_.text({"SCRIPT", "LOAD", with_test_clock(static_cast<Script>(i))});
    }
    set_now(now_);
    // As if this memory had begun long ago.
    server_.command({"SET", "birth", "run 1"});
  }

  void set_now(std::int64_t now) {
    now_ = now;
    server_.command({"SET", "now", std::to_string(now)});
  }
  void pass(std::int64_t us) { set_now(now_ + us); }

  static void append(Words& words, const std::vector<Rule>& rules) {
    for (const Rule& rule : rules) {
      words.push_back(rule.bucket ? "1" : "0");
      for (const auto n : {rule.window, rule.limit, rule.burst, rule.cost}) {
        words.push_back(std::to_string(n));
      }
    }
  }
  Words start(Script script, std::size_t keys) {
    return {"EVALSHA", shas_[static_cast<std::size_t>(script)], std::to_string(keys)};
  }

  Answer acquire(const std::vector<Rule>& rules, std::int64_t max = 1, std::int64_t min = 1) {
    Words words = start(Script::kAcquire, rules.size() + 1);
    words.push_back("birth");
    for (std::size_t i = 0; i < rules.size(); ++i) words.push_back("k" + std::to_string(i));
    words.insert(words.end(),
                 {run_, std::to_string(60 * kSecond), std::to_string(min), std::to_string(max)});
    append(words, rules);
    const auto reply = server_.command(words);
    if (reply->type != REDIS_REPLY_ARRAY) {
      ADD_FAILURE() << reply->str;
      return {};
    }
    const auto value = [&](std::size_t i) { return std::int64_t{reply->element[i]->integer}; };
    return {value(0), value(1), value(2), value(3)};
  }
  void refund(const std::vector<Rule>& rules, std::int64_t grant, std::int64_t items = 1) {
    Words words = start(Script::kRefund, rules.size());
    for (std::size_t i = 0; i < rules.size(); ++i) words.push_back("k" + std::to_string(i));
    words.push_back(std::to_string(grant));
    words.push_back(std::to_string(items));
    append(words, rules);
    EXPECT_EQ(server_.text(words), "OK");
  }

  test::RedisServer server_;
  std::array<std::string, kScripts> shas_;
  std::int64_t now_ = 1'700'000'000 * kSecond;
  std::string run_ = "run";
};

TEST_F(ScriptTest, WindowGrantsTheLimitAndSaysWhenTheNextIsFree) {
  const std::vector<Rule> rules{{.limit = 3}};
  EXPECT_EQ(acquire(rules, 2).granted, 2);
  pass(400'000);
  const Answer partly = acquire(rules, 5);
  EXPECT_EQ(partly.granted, 1);
  EXPECT_EQ(partly.retry, 600'000);
  pass(599'999);
  const Answer denied = acquire(rules);
  EXPECT_EQ(denied.granted, 0);
  EXPECT_EQ(denied.retry, 1);
  EXPECT_EQ(denied.denied, 0);
  pass(1);
  EXPECT_EQ(acquire(rules, 5).granted, 2);
}

TEST_F(ScriptTest, SeveralKeysAllOrNothing) {
  const std::vector<Rule> rules{{.limit = 10}, {.limit = 2}};
  EXPECT_EQ(acquire(rules, 10).granted, 2);
  const Answer denied = acquire(rules);
  EXPECT_EQ(denied.granted, 0);
  EXPECT_EQ(denied.denied, 1);
  // The first key was charged for what was granted only.
  EXPECT_EQ(acquire({{.limit = 10}}, 100).granted, 8);
}

TEST_F(ScriptTest, CostInUnitsAndMinimum) {
  const std::vector<Rule> rules{{.limit = 10, .cost = 4}};
  EXPECT_EQ(acquire(rules, 5, 3).granted, 0);
  EXPECT_EQ(acquire(rules, 5, 2).granted, 2);
  const Answer denied = acquire(rules);
  EXPECT_EQ(denied.granted, 0);
  EXPECT_EQ(denied.retry, kSecond);
  EXPECT_EQ(acquire({{.limit = 10}}, 5).granted, 2);
}

TEST_F(ScriptTest, KeysAlwaysExpire) {
  acquire({{.window = 5 * kSecond, .limit = 3}, {.bucket = true, .limit = 3, .burst = 3}});
  EXPECT_EQ(server_.text({"HGET", "expiry", "k0"}), "5001");
  EXPECT_NE(server_.text({"HGET", "expiry", "k1"}), "");
  EXPECT_GT(server_.number({"PTTL", "birth"}), 0);
}

TEST_F(ScriptTest, RefundFreesThatGrantOnly) {
  const std::vector<Rule> rules{{.limit = 3}};
  const Answer first = acquire(rules);
  pass(100);
  const Answer second = acquire(rules, 2);
  refund(rules, second.grant);
  EXPECT_EQ(acquire(rules, 5).granted, 1);
  refund(rules, first.grant);
  refund(rules, first.grant);  // a second time: nothing
  EXPECT_EQ(acquire(rules, 5).granted, 1);
  pass(2 * kSecond);
  EXPECT_EQ(acquire(rules, 3).granted, 3);
  refund(rules, second.grant, 2);  // it has left the window long ago
  EXPECT_EQ(acquire(rules).granted, 0);
}

TEST_F(ScriptTest, TakingAndRefundingInTurnFillsNoMemory) {
  const std::vector<Rule> rules{{.limit = 5}};
  acquire(rules);
  for (int i = 0; i < 50; ++i) {
    pass(1);
    refund(rules, acquire(rules).grant);
  }
  EXPECT_LE(server_.number({"LLEN", "k0"}), 3);
}

TEST_F(ScriptTest, MemoryIsBoundedAboveFourThousandEntries) {
  const std::vector<Rule> rules{{.window = kSecond, .limit = 1'000'000}};
  std::int64_t granted = 0;
  for (int i = 0; i < 6'000; ++i) {
    granted += acquire(rules, 10).granted;
    pass(100);
  }
  EXPECT_EQ(granted, 60'000);
  EXPECT_LE(server_.number({"LLEN", "k0"}), 4'100);
}

TEST_F(ScriptTest, BucketRefillsEvenlyUpToItsBurst) {
  const std::vector<Rule> rules{{.bucket = true, .limit = 100, .burst = 10}};
  EXPECT_EQ(acquire(rules, 1'000).granted, 10);
  const Answer denied = acquire(rules);
  EXPECT_EQ(denied.granted, 0);
  EXPECT_EQ(denied.retry, 10'000);
  pass(50'000);
  EXPECT_EQ(acquire(rules, 1'000).granted, 5);
  pass(60 * kSecond);
  EXPECT_EQ(acquire(rules, 1'000).granted, 10);
}

TEST_F(ScriptTest, BucketRefundGivesNoMoreThanWouldBeThere) {
  const std::vector<Rule> rules{{.bucket = true, .limit = 10, .burst = 10}};
  const Answer first = acquire(rules, 5);
  ASSERT_EQ(first.granted, 5);
  pass(400'000);  // level 9
  ASSERT_EQ(acquire(rules, 9).granted, 9);
  // Without the first grant it would have been full: of its five only one would still be there.
  refund(rules, first.grant, 5);
  EXPECT_EQ(acquire(rules, 10).granted, 1);
}

TEST_F(ScriptTest, AYoungMemoryGrantsNothingForAWindow) {
  const std::vector<Rule> rules{{.window = 2 * kSecond, .limit = 3}};
  server_.command({"DEL", "birth"});
  const Answer denied = acquire(rules);
  EXPECT_EQ(denied.granted, 0);
  EXPECT_EQ(denied.retry, 2 * kSecond);
  pass(2 * kSecond - 1);
  EXPECT_EQ(acquire(rules).granted, 0);
  pass(1);
  EXPECT_EQ(acquire(rules).granted, 1);
  // Another run of the server: its data may be old.
  run_ = "another";
  EXPECT_EQ(acquire(rules).granted, 0);
  pass(2 * kSecond);
  EXPECT_EQ(acquire(rules, 9).granted, 3);
}

TEST_F(ScriptTest, AYoungMemoryWaitsForNoLongerThanSettle) {
  const std::vector<Rule> rules{{.window = 3'600 * kSecond, .limit = 3}};
  server_.command({"DEL", "birth"});
  EXPECT_EQ(acquire(rules).retry, 60 * kSecond);
}

TEST_F(ScriptTest, ClockSetBackCountsWhatIsOutAsTakenNow) {
  const std::vector<Rule> rules{{.limit = 3}};
  acquire(rules, 2);
  pass(-3'600 * kSecond);
  server_.command({"SET", "birth", "run 1"});
  EXPECT_EQ(acquire(rules, 5).granted, 1);
  EXPECT_EQ(acquire(rules).retry, kSecond);
  pass(kSecond);
  EXPECT_EQ(acquire(rules, 5).granted, 3);
}

TEST_F(ScriptTest, ChangedAlgorithmStartsUsedUp) {
  acquire({{.limit = 3}});
  const std::vector<Rule> bucket{{.bucket = true, .limit = 3, .burst = 3}};
  EXPECT_EQ(acquire(bucket).granted, 0);
  pass(kSecond);
  EXPECT_EQ(acquire(bucket, 5).granted, 3);
  EXPECT_EQ(acquire({{.limit = 3}}).granted, 0);
  pass(kSecond);
  EXPECT_EQ(acquire({{.limit = 3}}, 5).granted, 3);
}

TEST_F(ScriptTest, SmallerLimitWaitsForTheDebt) {
  acquire({{.limit = 10}}, 10);
  pass(100);
  const Answer denied = acquire({{.limit = 4}});
  EXPECT_EQ(denied.granted, 0);
  EXPECT_EQ(denied.retry, kSecond - 100);
}

// The definition taken literally, over random steps with refunds.
TEST_F(ScriptTest, NeverAboveTheLimitInAnyWindow) {
  std::mt19937 random(4711);
  const auto draw = [&](int low, int high) {
    return std::uniform_int_distribution<int>(low, high)(random);
  };
  struct Taken {
    std::int64_t at;
    std::int64_t units;
  };
  const std::vector<Rule> rules{{.window = 1'000, .limit = 20}};
  std::deque<Taken> taken;
  for (int step = 0; step < 20'000; ++step) {
    if (draw(0, 3) > 0) pass(draw(0, 90));
    while (!taken.empty() && taken.front().at + 1'000 <= now_) taken.pop_front();
    std::int64_t used = 0;
    for (const Taken& one : taken) used += one.units;
    if (draw(0, 9) == 0 && !taken.empty()) {
      const auto i = static_cast<std::size_t>(draw(0, static_cast<int>(taken.size()) - 1));
      refund(rules, taken[i].at);
      if (--taken[i].units == 0) taken.erase(taken.begin() + static_cast<std::ptrdiff_t>(i));
      continue;
    }
    const Answer answer = acquire(rules, draw(1, 8));
    ASSERT_LE(used + answer.granted, 20) << step;
    if (answer.granted == 0) {
      ASSERT_EQ(used, 20) << step;
      ASSERT_EQ(answer.retry, taken.front().at + 1'000 - now_) << step;
      continue;
    }
    if (!taken.empty() && taken.back().at == answer.grant) {
      taken.back().units += answer.granted;
    } else {
      taken.push_back({answer.grant, answer.granted});
    }
  }
}

}  // namespace
}  // namespace heliograph::plugins::redis
