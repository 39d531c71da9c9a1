// RFC 3339 times in UTC with milliseconds, the one form the API speaks: "2026-11-22T14:35:00.123Z".
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace heliograph::base {

// Milliseconds since 1970-01-01T00:00:00Z.
using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;

std::string format_rfc3339(WallTime time);

// Accepts any offset and any number of fraction digits (cut to milliseconds); nullopt when it is
// not RFC 3339 or no real date.
std::optional<WallTime> parse_rfc3339(std::string_view text);

}  // namespace heliograph::base
