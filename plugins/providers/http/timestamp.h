// The moments that providers put into their receipts.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace heliograph::plugins::http {

// RFC 3339 ("2024-05-01T12:00:00.25Z", "...+02:00"), or a number of seconds or (from 10^11 on)
// milliseconds, since 1970. nullopt for anything else. Thread-safe.
std::optional<std::chrono::nanoseconds> parse_timestamp(std::string_view text);

}  // namespace heliograph::plugins::http
