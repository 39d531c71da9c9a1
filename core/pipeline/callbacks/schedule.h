// When a callback is tried again. Pure; thread-safe.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

namespace heliograph::pipeline {

// The pause after `attempts` failed ones, of `delays` the one in its turn; nullopt: that was the
// last. Up to a fifth is added, by `unit` in [0, 1), so that what failed together does not come
// back together.
std::optional<std::chrono::milliseconds> callback_delay(
    const std::vector<std::chrono::milliseconds>& delays, std::size_t attempts, double unit);

}  // namespace heliograph::pipeline
