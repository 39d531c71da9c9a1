// Metadata: the service took any JSON in it, messages here carry strings. Pure; thread-safe.
#pragma once

#include <expected>
#include <string>

#include "core/api/json_value.h"

namespace heliograph::api::messaging {

// The object as a JSON object of strings, which are what they were; other values become their own
// JSON text. "" for an empty one. The error is a sentence: too many entries, or one too long.
std::expected<std::string, std::string> text_map(const JsonValue& object);

}  // namespace heliograph::api::messaging
