// Retry policy: how long a message waits after it has certainly failed at every provider that may
// carry it.
//
// Pure arithmetic; the dispatcher stores the answer as the message's due time, nothing sleeps here.
// Thread-safe.
#pragma once

#include <chrono>

#include "core/config/config.h"

namespace heliograph::pipeline {

// min_delay * factor^(round - 1), at most max_delay; `round` counts from 1. With full jitter
// uniform between zero and that: spreading retries over the whole span empties a backlog with the
// fewest collisions (AWS Architecture Blog, "Exponential Backoff and Jitter"). `unit` in [0, 1) is
// the draw.
std::chrono::milliseconds backoff(const config::Retry& retry, unsigned round, double unit);

// A provider's Retry-After as the gateway honours it: between one second and one hour, so that
// neither a zero makes it spin nor a typing error silences a provider for days.
std::chrono::milliseconds clamp_retry_after(std::chrono::milliseconds given);

}  // namespace heliograph::pipeline
