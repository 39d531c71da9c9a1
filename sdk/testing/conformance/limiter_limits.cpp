// Cases of limiters: the limit holds, whatever the traffic, and what it allows can be used.
#include <algorithm>
#include <map>

#include "limiter_bench.hpp"

namespace heliograph::sdk::conformance {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

// Whether grants fit into a token bucket: from any grant i to any later grant j no more than the
// burst and what refilled from the question of i to the answer of j. In units times window.
class BucketJudge {
 public:
  explicit BucketJudge(const RuleSpec& rule)
      : limit_(static_cast<std::int64_t>(rule.limit)),
        window_ns_(rule.window.count()),
        most_(Exact{static_cast<std::int64_t>(rule.burst == 0 ? rule.limit : rule.burst)} *
              window_ns_) {}

  // False: there was no room for so many units.
  bool granted(std::uint64_t asked_ns, std::uint64_t answered_ns, std::uint64_t units) {
    const Exact before = sum_ - limit_ * static_cast<std::int64_t>(asked_ns);
    least_before_ = first_ ? before : std::min(least_before_, before);
    first_ = false;
    sum_ += Exact{static_cast<std::int64_t>(units)} * window_ns_;
    // A thousandth of a unit is forgiven: plugins may count in floating point.
    return sum_ - limit_ * static_cast<std::int64_t>(answered_ns) - least_before_ <=
           most_ + window_ns_ / 1000;
  }

 private:
  __extension__ using Exact = __int128;
  Exact limit_;
  Exact window_ns_;
  Exact most_;
  Exact sum_ = 0;
  Exact least_before_ = 0;
  bool first_ = true;
};

// Pauses that hit the edges: none, the smallest, about one unit, just short of and just a window.
nanoseconds some_pause(Dice& dice, nanoseconds window, std::uint64_t limit) {
  const nanoseconds unit = window / static_cast<std::int64_t>(limit);
  switch (dice.below(7)) {
    case 0:
    case 1:
      return nanoseconds{0};
    case 2:
      return nanoseconds{1};
    case 3:
      return unit;
    case 4:
      return window - nanoseconds{1};
    case 5:
      return window;
    default:
      return nanoseconds{static_cast<std::int64_t>(
          dice.below(static_cast<std::uint64_t>(window.count()) / 2 + 1))};
  }
}

struct Asked {
  std::uint32_t key;
  std::uint32_t cost;
  std::uint32_t min_n;
  std::uint32_t max_n;
};

Asked some_question(Dice& dice, std::uint64_t limit) {
  const auto most = static_cast<std::uint32_t>(std::min<std::uint64_t>(limit, 5));
  const std::uint32_t min_n = dice.chance(70) ? 1 : 1 + dice.below32(3);
  return {dice.below32(3), 1 + dice.below32(most), min_n, min_n + dice.below32(5)};
}

// Random traffic of three keys; `judge(key, asked, answered, units)` hears of every grant.
template <typename Judge>
void play(LimiterBench& limiter, const RuleSpec& rule, Dice& dice, Judge judge) {
  const auto until = std::chrono::steady_clock::now() + milliseconds{600};
  int grants = 0;
  for (int step = 0; step < 4000; ++step) {
    if (limiter.real_time() && std::chrono::steady_clock::now() > until) break;
    limiter.pass(some_pause(dice, rule.window, rule.limit) / (limiter.real_time() ? 4 : 1));
    const Asked asked = some_question(dice, rule.limit);
    const std::uint64_t before = limiter.now_ns();
    const hg_limit_result answer = limiter.ask(
        {{limiter.key("k" + std::to_string(asked.key)), 0, asked.cost}}, asked.min_n, asked.max_n);
    if (answer.granted == 0) continue;
    ++grants;
    judge(asked.key, before, limiter.now_ns(), std::uint64_t{answer.granted} * asked.cost);
  }
  demand(grants > 0, "nothing was ever granted");
}

// A backend's clock is no virtual one: a window must be short to be seen whole.
std::vector<RuleSpec> rules_to_try(Subject& subject, std::uint32_t algorithm) {
  const LimiterBench probe(subject, {{.id = "first", .limit = 1, .algorithm = algorithm}});
  if (probe.real_time()) {
    return {{.id = "real", .limit = 7, .window = milliseconds{100}, .algorithm = algorithm},
            {.id = "one", .limit = 1, .window = milliseconds{50}, .algorithm = algorithm}};
  }
  std::vector<RuleSpec> rules;
  for (const std::uint64_t limit : {1u, 3u, 10u, 250u}) {
    for (const nanoseconds window : {nanoseconds{milliseconds{1}}, nanoseconds{seconds{1}},
                                     nanoseconds{std::chrono::hours{1}}}) {
      rules.push_back({"rule", limit, window, algorithm});
    }
  }
  return rules;
}

void check_sliding_window(Subject& subject) {
  for (const RuleSpec& rule : rules_to_try(subject, HG_LIMIT_SLIDING_WINDOW)) {
    LimiterBench limiter(subject, {rule});
    Dice dice(subject.seed);
    std::map<std::uint32_t, WindowJudge> judges;
    play(limiter, rule, dice, [&](auto key, auto asked, auto answered, auto units) {
      WindowJudge& judge = judges.try_emplace(key, rule.limit, rule.window).first->second;
      const std::uint64_t most = judge.granted(asked, answered, units);
      demand(most <= rule.limit, std::to_string(most) + " units were granted within " +
                                     std::to_string(rule.window.count()) + " ns; the limit is " +
                                     std::to_string(rule.limit));
    });
    limiter.finish();
  }
}

void check_token_bucket(Subject& subject) {
  for (RuleSpec rule : rules_to_try(subject, HG_LIMIT_TOKEN_BUCKET)) {
    for (const std::uint64_t burst : {std::uint64_t{0}, 2 * rule.limit + 1}) {
      rule.burst = burst;
      rule.id = "burst-" + std::to_string(burst);
      LimiterBench limiter(subject, {rule});
      Dice dice(subject.seed);
      std::map<std::uint32_t, BucketJudge> judges;
      play(limiter, rule, dice, [&](auto key, auto asked, auto answered, auto units) {
        BucketJudge& judge = judges.try_emplace(key, rule).first->second;
        demand(judge.granted(asked, answered, units),
               "more was granted than " + std::to_string(rule.limit) +
                   " per window and a burst of " + std::to_string(burst == 0 ? rule.limit : burst) +
                   " allow");
      });
      limiter.finish();
    }
  }
}

// Asks without end for what one window allows at most; what is granted should be nearly all.
double share_used(Subject& subject, const RuleSpec& rule, int windows) {
  LimiterBench limiter(subject, {rule});
  const auto most = static_cast<std::uint32_t>(rule.limit);
  std::uint64_t granted = 0;
  const std::uint64_t begin = limiter.now_ns();
  const std::uint64_t length = static_cast<std::uint64_t>(rule.window.count() * windows);
  while (limiter.now_ns() - begin < length) {
    granted += limiter.ask({{limiter.key("idle"), 0, 1}}, 1, most).granted;
    limiter.pass(rule.window / 500);
  }
  limiter.finish();
  return static_cast<double>(granted) / (static_cast<double>(rule.limit) * windows);
}

void check_idle_use(Subject& subject) {
  const bool real =
      LimiterBench(subject, {{.id = "first", .algorithm = HG_LIMIT_SLIDING_WINDOW}}).real_time();
  for (const std::uint32_t limit : {1u, 10u, 1000u}) {
    const RuleSpec rule{.id = "idle-" + std::to_string(limit),
                        .limit = limit,
                        .window = real ? nanoseconds{milliseconds{100}} : nanoseconds{seconds{1}},
                        .algorithm = HG_LIMIT_SLIDING_WINDOW};
    const double share = share_used(subject, rule, real ? 6 : 50);
    const int percent = static_cast<int>(share * 100);
    if (real) {
      subject.note("of a limit of " + std::to_string(limit) + " in 100 ms " +
                   std::to_string(percent) + " % was granted on demand without end");
      continue;
    }
    demand(share >= 0.97, "of a limit of " + std::to_string(limit) + " only " +
                              std::to_string(percent) + " % was granted on demand without end");
  }
}

void check_clock_jump(Subject& subject) {
  LimiterBench limiter(subject, {{.id = "jump", .limit = 5, .window = seconds{1}}});
  if (limiter.real_time()) skip("it counts by its backend's clock, which cannot be moved");
  for (const nanoseconds jump : {nanoseconds{seconds{1}}, nanoseconds{std::chrono::hours{24}},
                                 nanoseconds{std::chrono::hours{24 * 365 * 50}}}) {
    limiter.take({limiter.key("jump"), 0, 1}, 5);
    demand(limiter.ask({{limiter.key("jump"), 0, 1}}).granted == 0,
           "after a jump of the clock more than the limit was granted");
    limiter.bench().host().advance(jump);
  }
  limiter.finish();
}

void check_retry_after(Subject& subject) {
  for (const std::uint32_t algorithm : {HG_LIMIT_SLIDING_WINDOW, HG_LIMIT_TOKEN_BUCKET}) {
    LimiterBench limiter(
        subject,
        {{.id = "retry", .limit = 6, .window = milliseconds{300}, .algorithm = algorithm}});
    Dice dice(subject.seed);
    int told = 0;
    for (int i = 0; i < (limiter.real_time() ? 12 : 2000); ++i) {
      const KeySpec key{limiter.key("retry"), 0, 1 + dice.below32(3)};
      const hg_limit_result answer = limiter.ask({key});
      if (answer.granted > 0 || answer.retry_after_ns == 0) {
        limiter.pass(milliseconds{dice.below(40)});
        continue;
      }
      ++told;
      const auto wait = static_cast<std::int64_t>(answer.retry_after_ns);
      demand(wait <= nanoseconds{milliseconds{limiter.real_time() ? 330 : 300}}.count(),
             "retry_after_ns is longer than the whole window");
      // Two clocks may differ by a tick of the slower one.
      limiter.pass(nanoseconds{wait} + nanoseconds{milliseconds{limiter.real_time() ? 5 : 0}});
      demand(limiter.ask({key}).granted == 1,
             "denied again at the very time that retry_after_ns named");
    }
    if (told == 0) subject.note("denied without ever telling retry_after_ns");
    limiter.finish();
  }
}

}  // namespace

std::vector<Case> limiter_limit_cases() {
  return {
      {"limiter", "sliding-window", "No window, wherever it begins, holds more than the limit.",
       kind_bit(HG_KIND_LIMITER), Needs::kInstance, kind_body<check_sliding_window>},
      {"limiter", "token-bucket", "Never more than the burst and what has refilled is granted.",
       kind_bit(HG_KIND_LIMITER), Needs::kInstance, kind_body<check_token_bucket>},
      {"limiter", "idle-use", "On demand without end at least 97 % of a limit is granted.",
       kind_bit(HG_KIND_LIMITER), Needs::kInstance, kind_body<check_idle_use>},
      {"limiter", "clock-jump", "After a jump of the clock the limit holds, and is there once.",
       kind_bit(HG_KIND_LIMITER), Needs::kInstance, kind_body<check_clock_jump>},
      {"limiter", "retry-after", "Who asks again when retry_after_ns is over is granted.",
       kind_bit(HG_KIND_LIMITER), Needs::kInstance, kind_body<check_retry_after>},
  };
}

}  // namespace heliograph::sdk::conformance
