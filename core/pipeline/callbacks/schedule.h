// When a callback is tried again. Pure; thread-safe.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

namespace heliograph::pipeline {

// Standard Webhooks 1.0, "Retries": the pause before the second attempt, the third and so on; the
// first is made at once. 75 hours in all.
const std::vector<std::chrono::milliseconds>& default_callback_delays();

// The pause after `attempts` failed ones; nullopt: that was the last. Up to a fifth is added, by
// `unit` in [0, 1), so that what failed together does not come back together.
std::optional<std::chrono::milliseconds> callback_delay(
    const std::vector<std::chrono::milliseconds>& delays, std::size_t attempts, double unit);

}  // namespace heliograph::pipeline
