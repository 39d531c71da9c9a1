// How messages look on a terminal. Pure; what comes from a gateway is made harmless first.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace heliograph::app {

// Without control characters, which a terminal would obey: each becomes a blank. What is no UTF-8
// becomes '?', too.
std::string printable(std::string_view text);

// Columns as wide as their widest cell, two blanks between them, a line each. Wide and combining
// characters count as one column.
std::string table(const std::vector<std::string>& head,
                  const std::vector<std::vector<std::string>>& rows);

// A member as text: strings as they are, numbers and booleans spelled, "" where there is none.
std::string member(const nlohmann::json& object, const char* name);

// The answers of the API, as lines.
std::string messages_text(const nlohmann::json& messages);  // a list; "No messages." where empty
std::string story_text(const nlohmann::json& message, const nlohmann::json& attempts,
                       const nlohmann::json& events);

}  // namespace heliograph::app
