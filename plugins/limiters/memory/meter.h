// What one key has used under its rule, whichever algorithm the rule names.
//
// Both algorithms answer the same four questions; a branch on the rule costs less here than a
// virtual call and keeps meters movable. Not thread-safe: one strand owns it.
#pragma once

#include <cstdint>
#include <type_traits>
#include <variant>

#include "plugins/limiters/memory/rule.h"
#include "plugins/limiters/memory/sliding_window.h"
#include "plugins/limiters/memory/token_bucket.h"

namespace heliograph::plugins::memory {

class Meter {
 public:
  explicit Meter(Algorithm algorithm) {
    if (algorithm == Algorithm::kTokenBucket) state_.emplace<TokenBucket>();
  }

  std::uint64_t available(std::uint64_t now, const Rule& rule) {
    return visit([&](auto& state) { return state.available(now, rule); });
  }
  void take(std::uint64_t now, std::uint64_t units, const Rule& rule) {
    visit([&](auto& state) { state.take(now, units, rule); });
  }
  std::uint64_t wait(std::uint64_t now, std::uint64_t units, const Rule& rule) {
    return visit([&](auto& state) { return state.wait(now, units, rule); });
  }
  void refund(std::uint64_t now, std::uint64_t granted_at, std::uint64_t units, const Rule& rule) {
    visit([&](auto& state) { state.refund(now, granted_at, units, rule); });
  }
  bool idle(std::uint64_t now, const Rule& rule) {
    return visit([&](auto& state) { return state.idle(now, rule); });
  }

  // Goes on under a changed rule with what is used now. Between algorithms the history cannot be
  // translated, so the units that are out count as taken at this moment: stricter, never looser.
  void convert(std::uint64_t now, const Rule& from, const Rule& to) {
    const bool bucket = std::holds_alternative<TokenBucket>(state_);
    if (bucket && to.algorithm == Algorithm::kTokenBucket) {
      std::get<TokenBucket>(state_).convert(now, from, to);
    } else if (bucket || to.algorithm == Algorithm::kTokenBucket) {
      restart(now, from, to);
    }
  }

 private:
  template <typename Call>
  std::invoke_result_t<Call, SlidingWindow&> visit(Call call) {
    if (auto* window = std::get_if<SlidingWindow>(&state_)) return call(*window);
    return call(*std::get_if<TokenBucket>(&state_));
  }

  void restart(std::uint64_t now, const Rule& from, const Rule& to) {
    const std::uint64_t used = from.capacity() - available(now, from);
    *this = Meter(to.algorithm);
    const std::uint64_t room = available(now, to);
    const std::uint64_t taken = used < room ? used : room;
    if (taken != 0) take(now, taken, to);
  }

  std::variant<SlidingWindow, TokenBucket> state_;
};

}  // namespace heliograph::plugins::memory
