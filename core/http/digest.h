// SHA-256, HMAC and secrets, by OpenSSL. All functions are thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace heliograph::http {

std::array<std::uint8_t, 32> sha256(std::string_view data);
std::array<std::uint8_t, 32> hmac_sha256(std::string_view key, std::string_view data);
// Constant time in the contents.
bool equal_secrets(std::string_view a, std::string_view b);
// `bytes` of the system's secure randomness in lower-case hex. Throws std::runtime_error when there
// is none.
std::string random_hex(std::size_t bytes);

}  // namespace heliograph::http
