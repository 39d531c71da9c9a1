#include "core/http/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include <memory>
#include <span>
#include <stdexcept>
#include <vector>

#include "core/base/assert.h"
#include "core/base/text.h"

namespace heliograph::http {
namespace {

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

Key read_p256(std::string_view spki) {
  const unsigned char* at = bytes_of(spki);
  Key key(d2i_PUBKEY(nullptr, &at, static_cast<long>(spki.size())), &EVP_PKEY_free);
  constexpr int kP256Bits = 256;
  const bool whole = key != nullptr && at == bytes_of(spki) + spki.size();
  std::array<char, 32> group{};
  std::size_t length = 0;
  const bool right = whole && EVP_PKEY_base_id(key.get()) == EVP_PKEY_EC &&
                     EVP_PKEY_bits(key.get()) == kP256Bits &&
                     EVP_PKEY_get_group_name(key.get(), group.data(), group.size(), &length) == 1 &&
                     std::string_view(group.data(), length) == "prime256v1";
  if (!right) key.reset();
  return key;
}

}  // namespace

std::array<std::uint8_t, 32> sha256(std::string_view data) {
  std::array<std::uint8_t, 32> digest{};
  SHA256(bytes_of(data), data.size(), digest.data());
  return digest;
}

std::array<std::uint8_t, 32> hmac_sha256(std::string_view key, std::string_view data) {
  std::array<std::uint8_t, 32> digest{};
  unsigned length = 0;
  const auto* made = HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes_of(data),
                          data.size(), digest.data(), &length);
  HG_ASSERT(made != nullptr && length == digest.size());
  return digest;
}

std::array<std::uint8_t, 20> hmac_sha1(std::string_view key, std::string_view data) {
  std::array<std::uint8_t, 20> digest{};
  unsigned length = 0;
  const auto* made = HMAC(EVP_sha1(), key.data(), static_cast<int>(key.size()), bytes_of(data),
                          data.size(), digest.data(), &length);
  HG_ASSERT(made != nullptr && length == digest.size());
  return digest;
}

bool is_p256_key(std::string_view spki) { return read_p256(spki) != nullptr; }

bool verify_p256(std::string_view spki, std::string_view data, std::string_view signature) {
  const Key key = read_p256(spki);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        &EVP_MD_CTX_free);
  HG_ASSERT(context != nullptr);
  if (key == nullptr) return false;
  if (EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) != 1) {
    return false;
  }
  return EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(data),
                          data.size()) == 1;
}

bool equal_secrets(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string random_hex(std::size_t bytes) {
  std::vector<unsigned char> random(bytes);
  if (RAND_bytes(random.data(), static_cast<int>(bytes)) != 1) {
    throw std::runtime_error("the system has no secure random numbers to give");
  }
  return base::to_hex(std::as_bytes(std::span(random)));
}

}  // namespace heliograph::http
