// Cases of limiters: what a single answer says and does - several keys, refunds, new rules,
// pending.
#include <array>
#include <fstream>

#include <unistd.h>

#include "limiter_bench.hpp"

namespace heliograph::sdk::conformance {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

// A window that no case outlives by accident, in real time either.
constexpr seconds kLong{5};

RuleSpec long_rule(std::string id, std::uint64_t limit) {
  return {.id = std::move(id), .limit = limit, .window = kLong};
}

void check_all_or_nothing(Subject& subject) {
  LimiterBench limiter(subject, {long_rule("wide", 10), long_rule("narrow", 2)});
  const KeySpec wide{limiter.key("wide"), 0, 1};
  const KeySpec narrow{limiter.key("narrow"), 1, 1};
  limiter.take(narrow, 2);
  for (int i = 0; i < 4; ++i) {
    const hg_limit_result answer =
        limiter.ask(i % 2 == 0 ? std::vector{wide, narrow} : std::vector{narrow, wide});
    demand(answer.granted == 0, "granted although one of its keys is at its limit");
    const std::uint32_t guilty = i % 2 == 0 ? 1 : 0;
    demand(answer.denied_key == guilty || answer.denied_key == UINT32_MAX,
           "denied_key names a key that was not at its limit");
  }
  limiter.take(wide, 10);  // nothing of the denied questions may have been counted
  demand(limiter.ask({wide}).granted == 0, "more than the limit was granted");
  limiter.finish();
}

// Eight keys with room of their own each, against a model of them.
void check_many_keys_at_once(Subject& subject) {
  std::vector<RuleSpec> rules;
  for (std::uint32_t i = 0; i < HG_LIMIT_KEYS_MAX; ++i) {
    rules.push_back(long_rule("r" + std::to_string(i), 90 - 7 * i));
  }
  LimiterBench limiter(subject, rules);
  std::array<std::uint64_t, HG_LIMIT_KEYS_MAX> used{};
  Dice dice(subject.seed);
  for (int step = 0; step < 300; ++step) {
    std::vector<KeySpec> keys;
    bool fits = true;
    for (std::uint32_t i = 0; i < HG_LIMIT_KEYS_MAX; ++i) {
      if (dice.chance(40)) continue;
      keys.push_back({limiter.key("m" + std::to_string(i)), i, 1 + dice.below32(3)});
      fits = fits && used[i] + keys.back().cost <= rules[i].limit;
    }
    if (keys.empty()) continue;
    const bool granted = limiter.ask(keys).granted == 1;
    demand(granted || !fits, "denied although every key had room");
    demand(fits || !granted, "granted although a key had no room");
    if (!granted) continue;
    for (const KeySpec& key : keys) used[key.rule] += key.cost;
  }
  limiter.finish();
}

void check_min_and_max(Subject& subject) {
  LimiterBench limiter(subject, {long_rule("range", 10)});
  const KeySpec key{limiter.key("range"), 0, 1};
  std::uint32_t left = 10;
  const std::uint32_t first = limiter.ask({key}, 1, 7).granted;
  demand(first > 0, "denied 1 to 7 of 10");
  left -= first;
  demand(limiter.ask({key}, left + 1, left + 5).granted == 0,
         "granted fewer items than the least that was asked for, or more than the limit");
  const std::uint32_t rest = limiter.ask({key}, left, left + 3).granted;
  demand(rest == left, "denied what was left, or granted more than the limit");
  demand(limiter.ask({key}, 1, 1).granted == 0, "more than the limit was granted");
  limiter.finish();
}

void check_cost(Subject& subject) {
  LimiterBench limiter(subject, {long_rule("cost", 9)});
  const std::string key = limiter.key("cost");
  for (const std::uint32_t cost : {10u, 1'000'000u, UINT32_MAX}) {
    const LimiterDriver::Answer answer = limiter.driver().acquire({{key, 0, cost}});
    if (answer.status == HG_PENDING) {
      limiter.bench().host().run_until(
          [&] { return limiter.bench().host().limited(answer.op).has_value(); });
    }
    const std::uint32_t granted =
        answer.status == HG_PENDING
            ? limiter.bench().host().limited(answer.op).value_or(hg_limit_result{}).granted
            : answer.result.granted;
    demand(granted == 0 || answer.status < 0, "granted an item that costs more than the limit");
  }
  const std::uint32_t two = limiter.ask({{key, 0, 4}}, 1, 9).granted;
  demand(two == 2 || two == 1, "of a limit of 9 not one or two items of cost 4 were granted");
  if (two == 1) limiter.ask({{key, 0, 4}});
  demand(limiter.ask({{key, 0, 4}}).granted == 0, "costs are not multiplied: 3 x 4 of 9 granted");
  demand(limiter.ask({{key, 0, 1}}).granted == 1, "what was left after the costs was denied");
  limiter.finish();
}

void settle_refund(LimiterBench& limiter) {
  if (limiter.real_time()) limiter.pass(milliseconds{30});
}

void check_refund(Subject& subject) {
  if (static_cast<const hg_limiter*>(subject.component.vtbl)->refund == nullptr) {
    skip("it takes no refunds");
  }
  LimiterBench limiter(subject, {long_rule("refund", 12)});
  const KeySpec key{limiter.key("refund"), 0, 1};
  limiter.take(key, 4);
  const hg_limit_result batch = limiter.ask({key}, 8, 8);
  demand(batch.granted == 8, "denied 8 of the 8 that were left");
  limiter.driver().refund(batch.grant, {key}, 0);
  settle_refund(limiter);
  demand(limiter.ask({key}).granted == 0, "a refund of nothing gave something back");
  limiter.driver().refund(batch.grant, {key}, 3);
  settle_refund(limiter);
  std::uint32_t back = 0;
  while (back < 20 && limiter.ask({key}).granted == 1) ++back;
  demand(back == 3, "3 items were given back and " + std::to_string(back) + " can be had again");
  limiter.finish();
}

void check_refund_bounds(Subject& subject) {
  if (static_cast<const hg_limiter*>(subject.component.vtbl)->refund == nullptr) {
    skip("it takes no refunds");
  }
  LimiterBench limiter(subject, {{.id = "late", .limit = 5, .window = milliseconds{400}}});
  const KeySpec key{limiter.key("late"), 0, 1};
  const hg_limit_result old = limiter.ask({key}, 5, 5);
  limiter.pass(milliseconds{450});
  limiter.take(key, 5);
  // The old grant left the window long ago: it has nothing to give back.
  limiter.driver().refund(old.grant, {key}, 5);
  settle_refund(limiter);
  demand(limiter.ask({key}).granted == 0,
         "a refund of a grant that had left the window freed units of later grants");
  limiter.finish();
}

void check_new_rules(Subject& subject) {
  LimiterBench limiter(subject, {long_rule("stays", 5)});
  const KeySpec key{limiter.key("rules"), 0, 1};
  limiter.take(key, 4);
  const std::string id = limiter.key("stays");
  RuleSpec strange = long_rule(id, 5);
  strange.algorithm = 4711;
  demand(limiter.driver().set_rules({strange}).status != HG_OK,
         "rules of an algorithm that does not exist were accepted");
  RuleSpec other{.id = limiter.key("other"), .limit = 100, .window = kLong};
  const StepRecord set = limiter.driver().set_rules({other, long_rule(id, 5)});
  demand(set.status == HG_OK, "on_rules() failed on a change: " + set.text);
  const KeySpec moved{key.key, 1, 1};
  demand(limiter.ask({moved}).granted == 1, "a unit was lost when the rules changed");
  demand(limiter.ask({moved}).granted == 0, "a change of the rules forgot what was counted");
  limiter.finish();
}

std::size_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::size_t size = 0, resident = 0;
  statm >> size >> resident;
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

void ask_for_many_keys(LimiterBench& limiter, const std::string& name, int keys) {
  for (int i = 0; i < keys; ++i) {
    limiter.ask({{limiter.key(name + std::to_string(i) + "-of-many-clients"), 0, 1}});
    if (i % 500 == 0 && !limiter.real_time()) limiter.pass(milliseconds{100});
  }
}

// Keys come and go; those whose window is over must not be kept for ever. What a limiter keeps for
// use again is there after the first ones.
void check_memory(Subject& subject) {
  // The fake host remembers each op, which makes 10 MiB of it.
  constexpr std::size_t kMost = 24U << 20U;
  LimiterBench limiter(subject, {{.id = "keys", .limit = 2, .window = milliseconds{100}}});
  const int keys = limiter.real_time() ? 3'000 : 150'000;
  ask_for_many_keys(limiter, "a", keys);
  const std::size_t before = resident_bytes();
  ask_for_many_keys(limiter, "b", keys);
  const std::size_t after = resident_bytes();
  const std::size_t grown = after > before ? after - before : 0;
  subject.note(std::to_string(keys) + " further keys grew the process by " +
               std::to_string(grown >> 10U) + " KiB");
  demand(grown < kMost, "memory grew by " + std::to_string(grown >> 20U) + " MiB over " +
                            std::to_string(keys) + " keys whose windows had passed");
  limiter.finish();
}

void check_pending(Subject& subject) {
  LimiterBench limiter(subject, {long_rule("pending", 50)});
  if (!limiter.real_time()) skip("it answers inside acquire()");
  FakeHost& host = limiter.bench().host();
  const KeySpec key{limiter.key("pending"), 0, 1};
  std::vector<hg_op> ops;
  for (int i = 0; i < 40; ++i) {
    const LimiterDriver::Answer answer = limiter.driver().acquire({key});
    if (answer.status == HG_PENDING) ops.push_back(answer.op);
    // Some are cancelled at once, twice, some after the gateway's patience, some not at all.
    if (answer.status == HG_PENDING && i % 4 == 0) limiter.driver().cancel(answer.op);
    if (answer.status == HG_PENDING && i % 8 == 0) limiter.driver().cancel(answer.op);
  }
  host.advance(milliseconds{60});
  for (std::size_t i = 0; i < ops.size(); i += 3) limiter.driver().cancel(ops[i]);
  demand(host.run_until([&] { return host.outstanding(OpKind::kLimit).empty(); }, seconds{3}),
         std::to_string(host.outstanding(OpKind::kLimit).size()) +
             " pending answers never came; a cancelled one is owed too");
  for (const hg_op op : ops) limiter.driver().cancel(op);  // too late, and harmless
  limiter.finish();
}

void check_stop_while_pending(Subject& subject) {
  LimiterBench limiter(subject, {long_rule("stop", 50)});
  if (!limiter.real_time()) skip("it answers inside acquire()");
  for (int i = 0; i < 20; ++i) limiter.driver().acquire({{limiter.key("stop"), 0, 1}});
  const StepRecord stopped = limiter.bench().instance().stop();
  demand(stopped.status == HG_OK, "stop() failed: " + stopped.text);
  limiter.finish();  // every answer is owed by now
}

void check_prompt(Subject& subject) {
  LimiterBench limiter(subject, {long_rule("prompt", 1000)});
  const KeySpec key{limiter.key("prompt"), 0, 1};
  for (int i = 0; i < 3; ++i) demand_prompt("acquire()", [&] { limiter.driver().acquire({key}); });
  if (!limiter.real_time()) {
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < 20'000; ++i) limiter.ask({key});
    const nanoseconds took = std::chrono::steady_clock::now() - begin;
    subject.note("acquire() takes " + std::to_string(took.count() / 20'000) +
                 " ns, the fake host's part included");
  }
  limiter.bench().host().run_until(
      [&] { return limiter.bench().host().outstanding(OpKind::kLimit).empty(); });
  limiter.finish();
}

}  // namespace

std::vector<Case> limiter_answer_cases() {
  return {
      {"limiter", "all-or-nothing", "All keys are granted together or none is charged.",
       kind_bit(HG_KIND_LIMITER), Needs::kInstance, kind_body<check_all_or_nothing>},
      {"limiter", "many-keys-at-once",
       "Eight keys in one question are counted each under its rule.", kind_bit(HG_KIND_LIMITER),
       Needs::kInstance, kind_body<check_many_keys_at_once>},
      {"limiter", "min-and-max", "No grant is below min_n or above max_n.",
       kind_bit(HG_KIND_LIMITER), Needs::kInstance, kind_body<check_min_and_max>},
      {"limiter", "cost",
       "An item costs what its key says; what costs more than the limit is denied.",
       kind_bit(HG_KIND_LIMITER), Needs::kInstance, kind_body<check_cost>},
      {"limiter", "refund", "What is given back can be had again, no more and no less.",
       kind_bit(HG_KIND_LIMITER), Needs::kInstance, kind_body<check_refund>},
      {"limiter", "refund-bounds", "A refund frees units of its own grant only.",
       kind_bit(HG_KIND_LIMITER), Needs::kInstance, kind_body<check_refund_bounds>},
      {"limiter", "new-rules", "Counts are kept by rule id and key when the rules change.",
       kind_bit(HG_KIND_LIMITER), Needs::kInstance, kind_body<check_new_rules>},
      {"limiter", "memory", "Keys whose window is over do not stay in memory.",
       kind_bit(HG_KIND_LIMITER), Needs::kInstance, kind_body<check_memory>, seconds{60}},
      {"limiter", "pending", "A pending answer comes exactly once, cancelled or not.",
       kind_bit(HG_KIND_LIMITER), Needs::kInstance, kind_body<check_pending>},
      {"limiter", "stop-while-pending", "stop() leaves no answer owed.", kind_bit(HG_KIND_LIMITER),
       Needs::kInstance, kind_body<check_stop_while_pending>},
      {"limiter", "prompt", "acquire() does not block.", kind_bit(HG_KIND_LIMITER),
       Needs::kInstance, kind_body<check_prompt>},
  };
}

}  // namespace heliograph::sdk::conformance
