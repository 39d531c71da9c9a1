#include "limiter_bench.hpp"

#include <unistd.h>

#include <utility>

namespace heliograph::sdk::conformance {
namespace {

// The gateway waits 50 ms for a pending answer; a plugin that takes this long will never answer.
constexpr std::chrono::seconds kNever{2};
constexpr std::chrono::seconds kBackendGrace{1};

}  // namespace

LimiterBench::LimiterBench(const Subject& subject, std::vector<RuleSpec> rules)
    : run_("check-" + std::to_string(getpid()) + "-"), bench_(subject), driver_(bench_.instance()) {
  for (RuleSpec& rule : rules) rule.id = run_ + rule.id;
  probe_rule_ = static_cast<std::uint32_t>(rules.size());
  rules.push_back({.id = run_ + "probe", .limit = 1'000'000});
  StepRecord set = driver_.set_rules(rules);
  if (set.status == HG_E_UNSUPPORTED) skip("the limiter lacks the algorithm");
  demand(set.status == HG_OK, "on_rules() failed: " + set.text);
  bench_.start();
  reach_backend();
  if (real_time_) warm_up(rules);
}

// The first answer tells whether there is a backend. One that cannot be reached says nothing about
// the plugin; any other error does.
void LimiterBench::reach_backend() {
  const auto until = std::chrono::steady_clock::now() + kBackendGrace;
  while (true) {
    const LimiterDriver::Answer answer = driver_.acquire({{key("probe"), probe_rule_, 1}});
    hg_status status = answer.status;
    bool granted = answer.result.granted > 0;
    if (status == HG_OK) return;
    real_time_ = true;
    if (status == HG_PENDING) {
      demand(bench_.host().run_until([&] { return bench_.host().limited(answer.op).has_value(); },
                                     kNever),
             "an acquire() that returned HG_PENDING was never completed");
      status = bench_.host().limited(answer.op)->status;
      granted = bench_.host().limited(answer.op)->granted > 0;
    }
    if (status == HG_OK && granted) return;
    demand(status == HG_OK || status == HG_E_IO || status == HG_E_BUSY || status == HG_E_DEADLINE ||
               status == HG_E_AUTH,
           "acquire() failed with status " + std::to_string(status));
    if (std::chrono::steady_clock::now() > until) {
      skip("its backend does not answer (status " + std::to_string(status) +
           "): give the address of one in the configuration");
    }
    pass(std::chrono::milliseconds{20});
  }
}

// A limiter whose backend is new to it may deny for a whole window, because it cannot know what was
// granted before.
void LimiterBench::warm_up(const std::vector<RuleSpec>& rules) {
  for (std::uint32_t i = 0; i < rules.size(); ++i) {
    const auto until = std::chrono::steady_clock::now() + rules[i].window + kBackendGrace;
    while (ask({{key("warm"), i, 1}}).granted == 0) {
      demand(std::chrono::steady_clock::now() < until, "nothing is granted for a whole window");
      pass(std::chrono::milliseconds{10});
    }
  }
}

std::uint64_t LimiterBench::now_ns() const {
  if (!real_time_) return const_cast<KindBench&>(bench_).host().now_ns();
  return static_cast<std::uint64_t>(
      std::chrono::nanoseconds{std::chrono::steady_clock::now().time_since_epoch()}.count());
}

void LimiterBench::pass(std::chrono::nanoseconds time) {
  if (real_time_) {
    const auto until = std::chrono::steady_clock::now() + time;
    bench_.host().run_until([&] { return std::chrono::steady_clock::now() >= until; },
                            std::chrono::ceil<std::chrono::milliseconds>(time));
  }
  bench_.host().advance(time);
}

hg_limit_result LimiterBench::ask(const std::vector<KeySpec>& keys, std::uint32_t min_n,
                                  std::uint32_t max_n) {
  const LimiterDriver::Answer answer = driver_.acquire(keys, min_n, max_n);
  hg_limit_result result = answer.result;
  hg_status status = answer.status;
  if (status == HG_PENDING) {
    demand(bench_.host().run_until([&] { return bench_.host().limited(answer.op).has_value(); },
                                   kNever),
           "an acquire() that returned HG_PENDING was never completed");
    result = *bench_.host().limited(answer.op);
    status = result.status;
  }
  // "Larger than a bound; trying again will not help": more than the limit ever holds.
  if (status == HG_E_LIMIT) return {};
  demand(status == HG_OK, "acquire() failed with status " + std::to_string(status));
  const bool asked_for =
      result.granted == 0 || (result.granted >= min_n && result.granted <= max_n);
  demand(asked_for, "acquire() granted " + std::to_string(result.granted) + " where " +
                        std::to_string(min_n) + " to " + std::to_string(max_n) + " were asked for");
  return result;
}

std::vector<hg_limit_result> LimiterBench::take(const KeySpec& key, std::uint32_t items) {
  std::vector<hg_limit_result> grants;
  for (std::uint32_t i = 0; i < items; ++i) {
    grants.push_back(ask({key}));
    demand(grants.back().granted == 1, "item " + std::to_string(i + 1) + " of a limit of " +
                                           std::to_string(items) + " was denied");
  }
  return grants;
}

std::uint64_t WindowJudge::granted(std::uint64_t asked_ns, std::uint64_t answered_ns,
                                   std::uint64_t units) {
  grants_.push_back({asked_ns, units});
  units_ += units;
  while (answered_ns - grants_.front().asked_ns >= window_ns_) {
    units_ -= grants_.front().units;
    grants_.pop_front();
    if (grants_.empty()) break;
  }
  return units_;
}

}  // namespace heliograph::sdk::conformance
