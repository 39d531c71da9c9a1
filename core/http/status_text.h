// The standard phrase of a status code (RFC 9110, section 15): status lines and problem titles.
// Pure, thread-safe.
#pragma once

#include <string_view>

namespace heliograph::http {

// "Unknown" for codes that are not in use.
std::string_view status_text(unsigned status);

}  // namespace heliograph::http
