// Values that several distributors read from their configuration.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include <heliograph/config.hpp>

#include "plugins/distributors/common/shares.h"

namespace heliograph::plugins::distributors {

// A duration in ns. Throws ConfigError when it is not longer than 0.
inline std::uint64_t positive_ns(const sdk::Config& config, std::string_view key) {
  const std::chrono::nanoseconds value = config.duration(key);
  if (value.count() <= 0) throw sdk::ConfigError(key, "must be longer than 0");
  return static_cast<std::uint64_t>(value.count());
}

// Points of 100 as a share of kWhole.
inline std::int64_t points(const sdk::Config& config, std::string_view key) {
  return static_cast<std::int64_t>(config.number(key) * static_cast<double>(kPoint));
}

}  // namespace heliograph::plugins::distributors
