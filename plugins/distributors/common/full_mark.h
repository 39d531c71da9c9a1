// Remembers that a provider could not take a message just now, so that the next ones pass it over.
//
// A choice that was NOT_TRIED says that the window was full or the limit reached. Who shares by
// weight asks again at once and waits; who prefers one provider must not, or messages queue for it
// while others are idle. The mark ends as soon as the provider has less in flight than it had then
// (so its window is used to the full), and in any case after a moment.
//
// Not thread-safe: one strand owns it. No allocation.
#pragma once

#include <cstdint>

namespace heliograph::plugins::distributors {

class FullMark {
 public:
  // The longest time one refusal counts: at most 20 vain choices a second.
  static constexpr std::uint64_t kLastsNs = 50'000'000;

  // The provider was chosen while it had `in_flight`.
  void chosen(std::uint32_t in_flight) noexcept { seen_ = in_flight; }

  void not_tried(std::uint64_t now_ns) noexcept {
    until_ns_ = now_ns + kLastsNs;
    full_at_ = seen_;
  }

  [[nodiscard]] bool full(std::uint64_t now_ns, std::uint32_t in_flight) const noexcept {
    return now_ns < until_ns_ && in_flight >= full_at_;
  }

 private:
  std::uint64_t until_ns_ = 0;
  std::uint32_t full_at_ = 0;
  std::uint32_t seen_ = 0;
};

}  // namespace heliograph::plugins::distributors
