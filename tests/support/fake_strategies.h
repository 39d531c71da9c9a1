// A distributor and a limiter for tests of the pipeline: smooth weighted round robin, and an exact
// sliding window. Both check what the pipeline owes them: every pick is answered once, no key costs
// more than its limit.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "core/ports/distributor.h"
#include "core/ports/limiter.h"
#include "tests/support/virtual_time.h"

namespace heliograph::test {

class FakeDistributor final : public ports::Distributor {
 public:
  std::vector<ports::Candidate> candidates;
  std::vector<std::int64_t> current;
  struct Open {
    std::size_t index;
    std::vector<std::int64_t> step;  // what the pick added to each
  };
  std::map<std::uint64_t, Open> open;  // by token
  std::map<model::Outcome, int> outcomes;
  std::uint64_t last_token = 0;
  // Chooses among the candidates that may be picked, in place of smooth weighted round robin;
  // nullopt: picks none.
  std::function<std::optional<std::size_t>(const std::vector<std::size_t>& eligible)> choose;

  void on_candidates(std::span<const ports::Candidate> set) override {
    candidates.assign(set.begin(), set.end());
    current.resize(candidates.size());
  }
  std::optional<ports::Pick> pick(const ports::PickRequest& request) override {
    std::optional<std::size_t> best;
    std::int64_t total = 0;
    std::vector<std::int64_t> step(candidates.size());
    std::vector<std::size_t> eligible;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      if ((request.excluded[i / 64] >> (i % 64) & 1) != 0 || candidates[i].weight == 0) continue;
      EXPECT_NE(candidates[i].state, ports::CandidateState::kDown);
      EXPECT_NE(candidates[i].state, ports::CandidateState::kDraining);
      step[i] = candidates[i].weight;
      current[i] += step[i];
      total += candidates[i].weight;
      eligible.push_back(i);
      if (!best || current[i] > current[*best]) best = i;
    }
    if (choose && best) {
      best = choose(eligible);
      if (!best)
        for (std::size_t i = 0; i < current.size(); ++i) current[i] -= step[i];
    }
    if (!best) return std::nullopt;
    current[*best] -= total;
    step[*best] -= total;
    open[++last_token] = {*best, step};
    return ports::Pick{.index = *best, .token = last_token};
  }
  void on_result(const ports::Pick& pick, model::ProviderKey provider, model::Outcome outcome,
                 std::chrono::nanoseconds) override {
    const auto found = open.find(pick.token);
    ASSERT_NE(found, open.end()) << "a pick was answered twice";
    EXPECT_EQ(candidates[found->second.index].provider, provider);
    if (outcome == model::Outcome::kNotTried)
      for (std::size_t i = 0; i < current.size(); ++i) current[i] -= found->second.step[i];
    ++outcomes[outcome];
    open.erase(found);
  }
};

class FakeLimiter final : public ports::Limiter {
 public:
  FakeLimiter(std::vector<ports::LimitRule> rules, VirtualLoop& loop)
      : rules_(std::move(rules)), loop_(loop), taken_(rules_.size()) {}

  std::function<std::optional<std::chrono::nanoseconds>()> answer_delay = [] {
    return std::optional<std::chrono::nanoseconds>{};
  };
  bool failing = false;
  // How long the next requests are denied for: others were there before.
  std::deque<std::chrono::nanoseconds> denials;
  int denied = 0;
  int granted = 0;
  int refunded = 0;

  std::optional<ports::LimitAnswer> acquire(
      const ports::LimitRequest& request,
      base::UniqueFunction<void(ports::LimitAnswer)> done) override {
    const auto delay = answer_delay();
    const ports::LimitAnswer answer = decide(request);
    if (!delay) return answer;
    loop_.run_at(request.now + *delay,
                 [answer, done = std::move(done)]() mutable { done(answer); });
    return std::nullopt;
  }
  void refund(std::uint64_t grant, std::span<const ports::LimitKey> keys, std::uint32_t) override {
    ++refunded;
    for (const ports::LimitKey& key : keys)
      std::erase_if(taken_[key.rule], [&](const Taken& taken) { return taken.grant == grant; });
  }

 private:
  struct Taken {
    ports::MonoTime at;
    std::uint64_t units;
    std::uint64_t grant;
  };
  ports::LimitAnswer decide(const ports::LimitRequest& request) {
    ports::LimitAnswer answer;
    if (failing) {
      answer.failed = true;
      answer.retry_after = std::chrono::seconds{1};
      return answer;
    }
    if (!denials.empty()) {
      ++denied;
      answer.retry_after = denials.front();
      denials.pop_front();
      return answer;
    }
    for (std::uint32_t i = 0; i < request.keys.size(); ++i) {
      const ports::LimitKey& key = request.keys[i];
      const ports::LimitRule& rule = rules_.at(key.rule);
      EXPECT_LE(key.cost, rule.limit);
      auto& taken = taken_[key.rule];
      while (!taken.empty() && taken.front().at + rule.window <= request.now) taken.pop_front();
      std::uint64_t used = 0;
      for (const Taken& entry : taken) used += entry.units;
      if (used + key.cost <= rule.limit) continue;
      ++denied;
      answer.denied_key = i;
      answer.retry_after = taken.front().at + rule.window - request.now;
      return answer;
    }
    answer.granted = 1;
    answer.grant = ++grants_;
    ++granted;
    for (const ports::LimitKey& key : request.keys)
      taken_[key.rule].push_back({request.now, key.cost, answer.grant});
    return answer;
  }

  std::vector<ports::LimitRule> rules_;
  VirtualLoop& loop_;
  std::vector<std::deque<Taken>> taken_;
  std::uint64_t grants_ = 0;
};

}  // namespace heliograph::test
