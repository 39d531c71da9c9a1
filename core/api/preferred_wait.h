// Prefer: wait (RFC 7240, 4.3): how long a client would wait for its message to be sent. Pure;
// thread-safe.
#pragma once

#include <chrono>
#include <expected>
#include <optional>

#include "core/http/message.h"
#include "core/http/problem.h"

namespace heliograph::api {

inline constexpr std::chrono::seconds kWaitMax{30};  // a longer wish is cut to it

// nullopt: no wish, so the gateway's own setting counts; zero (also for `respond-async`): not to
// wait. Other preferences are ignored (section 2). The error is a 400: a `wait` that is no number
// of seconds.
std::expected<std::optional<std::chrono::seconds>, http::Problem> preferred_wait(
    const http::Request& request);

}  // namespace heliograph::api
