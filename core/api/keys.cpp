#include "core/api/keys.h"

#include "core/http/digest.h"

namespace heliograph::api {

std::string generate_api_key() {
  constexpr std::size_t kIdBytes = 4;
  constexpr std::size_t kSecretBytes = 32;
  return "hg_live_" + http::random_hex(kIdBytes) + "_" + http::random_hex(kSecretBytes);
}

ports::KeyHash hash_api_key(std::string_view key) { return http::sha256(key); }

}  // namespace heliograph::api
