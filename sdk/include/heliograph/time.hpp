// The gateway's monotonic time as a std::chrono type, so that deadlines and durations cannot be
// mixed.
//
// There is no now() here: a plugin asks its host (host.hpp), which may be on a virtual clock.
#pragma once

#include <chrono>
#include <cstdint>

namespace heliograph::sdk {

struct MonoClock {
  using rep = std::int64_t;
  using period = std::nano;
  using duration = std::chrono::nanoseconds;
  using time_point = std::chrono::time_point<MonoClock, duration>;
  static constexpr bool is_steady = true;
};

using MonoTime = MonoClock::time_point;

// The ABI's form of a moment. MonoTime{} stands for "none" (rule R9).
constexpr std::uint64_t to_abi(MonoTime when) noexcept {
  return static_cast<std::uint64_t>(when.time_since_epoch().count());
}

constexpr MonoTime to_mono(std::uint64_t mono_ns) noexcept {
  return MonoTime{std::chrono::nanoseconds{static_cast<std::int64_t>(mono_ns)}};
}

// A relative time as the ABI wants it; what is negative becomes 0.
constexpr std::uint64_t to_abi(std::chrono::nanoseconds duration) noexcept {
  return duration.count() < 0 ? 0 : static_cast<std::uint64_t>(duration.count());
}

}  // namespace heliograph::sdk
