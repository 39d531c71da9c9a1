// application/x-www-form-urlencoded bodies, read as if they were JSON.
#pragma once

#include <string>
#include <string_view>

namespace heliograph::plugins::http {

// One JSON object of texts, so that pointers ("/MessageSid") work on both. Escapes that are none
// stand for themselves; bytes that are no UTF-8 become U+FFFD. Thread-safe.
std::string form_to_json(std::string_view body);

}  // namespace heliograph::plugins::http
