#include "core/api/cursor.h"

#include <array>
#include <cstddef>

#include "core/http/digest.h"

namespace heliograph::api {
namespace {

constexpr std::size_t kRowBytes = 8;
constexpr std::size_t kSumBytes =
    7;  // 15 bytes in all: 20 characters without padding or spare bits
constexpr std::size_t kBytes = kRowBytes + kSumBytes;
constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";  // RFC 4648, 5

using Bytes = std::array<std::uint8_t, kBytes>;

Bytes pack(std::int64_t row, std::string_view scope) {
  Bytes bytes{};
  for (std::size_t i = 0; i < kRowBytes; ++i) {
    bytes[i] = static_cast<std::uint8_t>(static_cast<std::uint64_t>(row) >> (8 * (7 - i)));
  }
  std::string summed(bytes.begin(), bytes.begin() + kRowBytes);
  summed += scope;
  const auto sum = http::hmac_sha256("heliograph list cursor 1", summed);
  for (std::size_t i = 0; i < kSumBytes; ++i) bytes[kRowBytes + i] = sum[i];
  return bytes;
}

std::string encode(const Bytes& bytes) {
  std::string text;
  for (std::size_t i = 0; i < kBytes; i += 3) {
    const auto group =
        static_cast<std::uint32_t>(bytes[i] << 16 | bytes[i + 1] << 8 | bytes[i + 2]);
    for (int shift = 18; shift >= 0; shift -= 6) text += kAlphabet[group >> shift & 63];
  }
  return text;
}

std::optional<std::int64_t> row_of(std::string_view text) {
  std::uint64_t bits = 0;  // the first 11 characters hold the row and two bits of the sum
  for (std::size_t i = 0; i < 11; ++i) {
    const auto digit = kAlphabet.find(text[i]);
    if (digit == std::string_view::npos) return std::nullopt;
    bits = i < 10 ? bits << 6 | digit : bits << 4 | digit >> 2;
  }
  return static_cast<std::int64_t>(bits);
}

}  // namespace

std::string encode_cursor(std::int64_t row, std::string_view scope) {
  return encode(pack(row, scope));
}

std::optional<std::int64_t> decode_cursor(std::string_view cursor, std::string_view scope) {
  if (cursor.size() != kBytes / 3 * 4) return std::nullopt;
  const auto row = row_of(cursor);
  if (!row || *row <= 0 || encode_cursor(*row, scope) != cursor) return std::nullopt;
  return row;
}

}  // namespace heliograph::api
