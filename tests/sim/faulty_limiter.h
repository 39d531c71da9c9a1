// A limiter whose backend is at times slow, away or silent. It keeps exact windows (the fake), and
// answers for its faults as the gateway's own handle of limiter plugins does: denied or granted, as
// the operator has chosen.
#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "tests/sim/journal.h"
#include "tests/support/fake_strategies.h"

namespace heliograph::sim {

enum class LimiterFault : std::uint8_t { kNone, kLate, kFails, kSilent };

class FaultyLimiter final : public ports::Limiter {
 public:
  FaultyLimiter(std::vector<ports::LimitRule> rules, test::VirtualLoop& loop, bool fails_open)
      : inner_(std::move(rules), loop), loop_(loop), fails_open_(fails_open) {}

  // Drawn for each request; `delay` is how late kLate is.
  std::function<std::pair<LimiterFault, std::chrono::nanoseconds>()> draw;

  std::optional<ports::LimitAnswer> acquire(
      const ports::LimitRequest& request,
      base::UniqueFunction<void(ports::LimitAnswer)> done) override {
    auto counted = [this, done = std::move(done)](const ports::LimitAnswer& answer) mutable {
      granted_ += answer.granted;
      done(answer);
    };
    const auto answer = answer_or_call(request, std::move(counted));
    if (answer) granted_ += answer->granted;
    return answer;
  }
  void refund(std::uint64_t grant, std::span<const ports::LimitKey> keys,
              std::uint32_t items) override {
    granted_ -= items;
    if (grant < kOwnGrants) inner_.refund(grant, keys, items);
  }
  // Permits given and not given back: each is one send's.
  std::uint64_t granted() const { return granted_; }

 private:
  // Of grants that the backend knows nothing of.
  static constexpr std::uint64_t kOwnGrants = std::uint64_t{1} << 62;

  std::optional<ports::LimitAnswer> answer_or_call(
      const ports::LimitRequest& request, base::UniqueFunction<void(ports::LimitAnswer)> done) {
    const auto [fault, delay] = draw();
    switch (fault) {
      case LimiterFault::kFails:
        return failure();
      case LimiterFault::kSilent:
        loop_.run_at(request.deadline,
                     [this, done = std::move(done)]() mutable { done(failure()); });
        return std::nullopt;
      case LimiterFault::kLate:
        inner_.answer_delay = [delay] { return std::optional(delay); };
        break;
      case LimiterFault::kNone:
        inner_.answer_delay = [] { return std::optional<std::chrono::nanoseconds>{}; };
    }
    return inner_.acquire(request, std::move(done));
  }

  ports::LimitAnswer failure() {
    ports::LimitAnswer answer;
    answer.failed = true;
    if (fails_open_) {
      answer.granted = 1;
      answer.grant = kOwnGrants;
    } else {
      answer.retry_after = std::chrono::seconds{1};
    }
    return answer;
  }

  test::FakeLimiter inner_;
  test::VirtualLoop& loop_;
  const bool fails_open_;
  std::uint64_t granted_ = 0;
};

}  // namespace heliograph::sim
