// JSON strings, written by appending. Pure; thread-safe.
#pragma once

#include <string>
#include <string_view>

namespace heliograph::base {

// Appends `text` as a JSON string with its quotation marks. Any bytes: what is not UTF-8 comes out
// as U+FFFD, so that the document is always valid.
void append_json_string(std::string& out, std::string_view text);

}  // namespace heliograph::base
