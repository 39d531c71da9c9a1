// Misbehaviour: what plugins do against the rules, counted by kind and logged at a bounded rate.
//
// None of it harms the gateway; an operator should know of it all the same. Any thread.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

#include "core/ports/clock.h"
#include "core/ports/log.h"

namespace heliograph::plugin {

enum class Fault : std::uint8_t {
  kLateCompletion,  // after the host had answered for it; allowed, but worth counting
  kDoubleCompletion,
  kForeignCompletion,     // with another instance's op
  kStaleCompletion,       // with an op that was never issued, or of another kind
  kMissingCompletion,     // the host answered: deadline and grace were over
  kUnacceptedCompletion,  // of an op that it said it had not taken
  kWrongThread,           // a [loop] function of the host outside a call
  kBadIndex,              // a distributor chose what is excluded or not there
  kBadGrant,              // a limiter granted more or less than was asked for
  kBadStatus,             // a return value with no meaning there
  kBadArgument,           // a size, an id or a number that cannot be
  kAfterEnd,              // a call of the host after stop() or destroy()
  kSlowCall,              // a [loop] call over its budget
  kPanic,                 // an exception or panic
};
inline constexpr std::size_t kFaults = 14;
std::string_view to_string(Fault fault);  // "late_completion"

class Misbehaviour {
 public:
  // `log` may be nullptr.
  Misbehaviour(std::string instance, const ports::Clock& clock, ports::Log* log)
      : instance_(std::move(instance)), clock_(clock), log_(log) {}

  void report(Fault fault, std::string_view detail);
  std::uint64_t count(Fault fault) const {
    return counts_[static_cast<std::size_t>(fault)].load(std::memory_order_relaxed);
  }
  std::uint64_t total() const;

 private:
  bool may_log(Fault fault);

  const std::string instance_;
  const ports::Clock& clock_;
  ports::Log* const log_;
  std::array<std::atomic<std::uint64_t>, kFaults> counts_{};
  std::mutex mutex_;
  std::array<ports::MonoTime, kFaults> silent_until_{};
};

}  // namespace heliograph::plugin
