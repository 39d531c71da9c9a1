#include "plugins/providers/http/signature.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <cstddef>
#include <optional>

namespace heliograph::plugins::http {

namespace {

constexpr std::size_t kDigestBytes = 32;
using Digest = std::array<unsigned char, kDigestBytes>;

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

std::optional<Digest> from_hex(std::string_view text) {
  if (text.size() != 2 * kDigestBytes) return std::nullopt;
  Digest digest;
  for (std::size_t i = 0; i < kDigestBytes; ++i) {
    const int high = hex_digit(text[2 * i]);
    const int low = hex_digit(text[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    digest[i] = static_cast<unsigned char>(high * 16 + low);
  }
  return digest;
}

}  // namespace

bool signature_matches(std::string_view secret, std::string_view body, std::string_view signature) {
  constexpr std::string_view kPrefix = "sha256=";
  if (signature.starts_with(kPrefix)) signature.remove_prefix(kPrefix.size());
  const std::optional<Digest> given = from_hex(signature);
  if (!given) return false;
  Digest expected;
  unsigned int length = 0;
  const auto* const bytes = reinterpret_cast<const unsigned char*>(body.data());
  const unsigned char* const made =
      HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), bytes, body.size(),
           expected.data(), &length);
  return made != nullptr && length == kDigestBytes &&
         CRYPTO_memcmp(expected.data(), given->data(), kDigestBytes) == 0;
}

}  // namespace heliograph::plugins::http
