// LimiterBench: a limiter under test, asked by one caller, whether it answers at once or later.
//
// A limiter that answers inside acquire() counts by the clock it is given: the cases then run on
// virtual time. One that answers later has a backend with a clock of its own: the cases then run in
// real time, with shorter windows.
#pragma once

#include <algorithm>
#include <deque>

#include "kind_bench.hpp"

namespace heliograph::sdk::conformance {

class LimiterBench {
 public:
  // Running, with `rules` set. Skips the case when the limiter lacks an algorithm of theirs or its
  // backend cannot be reached.
  LimiterBench(const Subject& subject, std::vector<RuleSpec> rules);

  KindBench& bench() { return bench_; }
  LimiterDriver& driver() { return driver_; }
  std::uint64_t now_ns() const;
  // Answers come from a backend: real time passes.
  bool real_time() const { return real_time_; }
  void pass(std::chrono::nanoseconds time);

  // The answer, awaited when it is pending; HG_E_LIMIT counts as denied. Fails for other errors and
  // for a grant outside of what was asked for.
  hg_limit_result ask(const std::vector<KeySpec>& keys, std::uint32_t min_n = 1,
                      std::uint32_t max_n = 1);
  // All of `limit` items, one after the other; fails when one is denied.
  std::vector<hg_limit_result> take(const KeySpec& key, std::uint32_t items);
  // The key's name in this run: shared backends keep what earlier runs counted.
  std::string key(std::string_view name) const { return run_ + std::string(name); }
  void finish() { bench_.finish(); }

 private:
  void reach_backend();
  void warm_up(const std::vector<RuleSpec>& rules);

  std::string run_;
  KindBench bench_;
  LimiterDriver driver_;
  std::uint32_t probe_rule_ = 0;
  bool real_time_ = false;
};

// Whether grants fit into a sliding window: never more than `limit` units in any span shorter than
// the window. A grant may have been counted at any moment between its question and its answer.
class WindowJudge {
 public:
  WindowJudge(std::uint64_t limit, std::chrono::nanoseconds window)
      : limit_(limit), window_ns_(static_cast<std::uint64_t>(window.count())) {}
  // The most units that stood in one window, the new ones included.
  std::uint64_t granted(std::uint64_t asked_ns, std::uint64_t answered_ns, std::uint64_t units);
  std::uint64_t limit() const { return limit_; }

 private:
  struct Grant {
    std::uint64_t asked_ns;
    std::uint64_t units;
  };
  std::uint64_t limit_;
  std::uint64_t window_ns_;
  std::deque<Grant> grants_;
  std::uint64_t units_ = 0;
};

// The cases, in two files.
std::vector<Case> limiter_limit_cases();
std::vector<Case> limiter_answer_cases();

}  // namespace heliograph::sdk::conformance
