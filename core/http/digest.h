// SHA-256, HMAC, signatures and secrets, by OpenSSL. All functions are thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace heliograph::http {

std::array<std::uint8_t, 32> sha256(std::string_view data);
std::array<std::uint8_t, 32> hmac_sha256(std::string_view key, std::string_view data);
// For signatures of others that ask for it: as a MAC it is still sound (RFC 6151 says so of MD5's).
std::array<std::uint8_t, 20> hmac_sha1(std::string_view key, std::string_view data);
// ECDSA over P-256 with SHA-256: `spki` is a public key (SubjectPublicKeyInfo, DER; RFC 5480),
// `signature` the DER of ECDSA-Sig-Value (RFC 3279, 2.2.3).
bool is_p256_key(std::string_view spki);
bool verify_p256(std::string_view spki, std::string_view data, std::string_view signature);
// Constant time in the contents.
bool equal_secrets(std::string_view a, std::string_view b);
// `bytes` of the system's secure randomness in lower-case hex. Throws std::runtime_error when there
// is none.
std::string random_hex(std::size_t bytes);

}  // namespace heliograph::http
