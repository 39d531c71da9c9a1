// Values that environment variables hold: text whose type is known only to its reader.
//
// For the files of this folder only. Pure; nullopt when the text does not read as the type.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/document.h"

namespace heliograph::config {

// "true", "yes", "on", "1" and their opposites, any letter case.
std::optional<bool> parse_boolean(std::string_view text);
std::optional<std::int64_t> parse_integer(std::string_view text);  // with sign
std::optional<double> parse_real(std::string_view text);           // never NaN or infinite
std::vector<std::string> split_list(std::string_view text);        // at commas, blanks trimmed

// The same for nodes; nullopt too when `node` is no variable.
std::optional<bool> boolean_of_variable(const Node& node);
std::optional<std::int64_t> integer_of_variable(const Node& node);
std::optional<double> real_of_variable(const Node& node);

}  // namespace heliograph::config
