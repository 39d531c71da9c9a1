// The headers that tell a client how much it may still send: RateLimit and RateLimit-Policy
// (draft-ietf-httpapi-ratelimit-headers) and the X-RateLimit-* that older clients read.
#pragma once

#include <chrono>

#include "core/http/message.h"
#include "core/pipeline/intake.h"

namespace heliograph::api {

// Nothing when no limit applies. Pure; thread-safe.
void add_rate_limit_headers(const pipeline::LimitState& state, http::Response& response);

// Whole seconds, rounded up, at least 1: a client that waits them finds what it was promised.
void add_retry_after(std::chrono::milliseconds wait, http::Response& response);

}  // namespace heliograph::api
