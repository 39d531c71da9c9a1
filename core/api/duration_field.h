// A duration in a body: "10m" as in the configuration, or a whole number of seconds.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "core/api/json_fields.h"

namespace heliograph::api {

inline constexpr std::chrono::hours kValidityMax{24 * 366};  // keeps due times far from overflow

// nullopt: not given, or wrong (fields.finish() tells); else more than 0 and at most kValidityMax.
std::optional<std::chrono::milliseconds> read_validity(JsonFields& fields, std::string_view name);

}  // namespace heliograph::api
