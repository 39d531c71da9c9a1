#include "core/pipeline/callbacks/schedule.h"

#include <cstdint>

namespace heliograph::pipeline {

using std::chrono::milliseconds;

std::optional<milliseconds> callback_delay(const std::vector<milliseconds>& delays,
                                           std::size_t attempts, double unit) {
  constexpr double kJitter = 0.2;
  if (attempts == 0) return milliseconds{0};
  if (attempts > delays.size()) return std::nullopt;
  const milliseconds delay = delays[attempts - 1];
  const double added = static_cast<double>(delay.count()) * kJitter * unit;
  return delay + milliseconds{static_cast<std::int64_t>(added)};
}

}  // namespace heliograph::pipeline
