// Base64 with padding (RFC 4648, 4). Pure; thread-safe.
#pragma once

#include <string>
#include <string_view>

namespace heliograph::base {

std::string to_base64(std::string_view bytes);

}  // namespace heliograph::base
