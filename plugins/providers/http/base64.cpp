#include "plugins/providers/http/base64.h"

#include <cstdint>

namespace heliograph::plugins::http {

namespace {

constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// The byte at `i`; 0 behind the end.
std::uint32_t byte_at(std::string_view bytes, std::size_t i) {
  return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0u;
}

}  // namespace

void append_base64(std::string& out, std::string_view bytes) {
  std::size_t at = out.size();
  out.resize(at + (bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::uint32_t bits =
        byte_at(bytes, i) << 16 | byte_at(bytes, i + 1) << 8 | byte_at(bytes, i + 2);
    out[at++] = kAlphabet[bits >> 18 & 63u];
    out[at++] = kAlphabet[bits >> 12 & 63u];
    out[at++] = i + 1 < bytes.size() ? kAlphabet[bits >> 6 & 63u] : '=';
    out[at++] = i + 2 < bytes.size() ? kAlphabet[bits & 63u] : '=';
  }
}

}  // namespace heliograph::plugins::http
