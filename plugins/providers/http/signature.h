// HMAC-SHA256 signatures of requests that a provider sends us.
#pragma once

#include <string_view>

namespace heliograph::plugins::http {

// Is `signature` the HMAC-SHA256 of `body` under `secret`, as 64 hexadecimal digits of either case
// with or without "sha256=" before them? Compares in constant time. Thread-safe.
bool signature_matches(std::string_view secret, std::string_view body, std::string_view signature);

}  // namespace heliograph::plugins::http
