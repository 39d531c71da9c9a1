// Base64 (RFC 4648, section 4), padded. Thread-safe.
#pragma once

#include <string>
#include <string_view>

namespace heliograph::plugins::http {

// Appends `bytes` to `out`. The result needs no escapes in JSON.
void append_base64(std::string& out, std::string_view bytes);

}  // namespace heliograph::plugins::http
