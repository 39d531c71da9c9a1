#include "core/app/system_clock.h"

#include <chrono>

namespace heliograph::app {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::time_point_cast;

ports::MonoTime read_mono() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return ports::MonoTime{std::chrono::duration_cast<nanoseconds>(now)};
}

}  // namespace

SystemClock::SystemClock()
    : mono_start_(read_mono()),
      wall_start_(time_point_cast<nanoseconds>(std::chrono::system_clock::now())) {}

std::chrono::milliseconds SystemClock::not_before(model::TimePoint time) {
  const auto behind = time - wall();
  if (behind.count() <= 0) return milliseconds{0};
  wall_start_ += behind;
  return behind;
}

ports::MonoTime SystemClock::mono() const { return read_mono(); }

model::TimePoint SystemClock::wall() const {
  const auto now = wall_start_ + (read_mono() - mono_start_);
  return std::chrono::floor<milliseconds>(now);
}

model::TimePoint SystemClock::real_wall() const {
  return std::chrono::floor<milliseconds>(std::chrono::system_clock::now());
}

}  // namespace heliograph::app
