#include "core/base/base64.h"

#include <array>
#include <cstdint>

namespace heliograph::base {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t kNoDigit = 0xff;

constexpr std::array<std::uint8_t, 256> make_values() {
  std::array<std::uint8_t, 256> values{};
  values.fill(kNoDigit);
  for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
    values[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return values;
}
constexpr auto kValues = make_values();

char digit(std::uint32_t bits) { return kAlphabet[bits & 63u]; }

std::size_t padding_of(std::string_view text) {
  if (text.ends_with("==")) return 2;
  return text.ends_with('=') ? 1 : 0;
}

}  // namespace

std::string to_base64(std::string_view bytes) {
  std::string out((bytes.size() + 2) / 3 * 4, '=');
  const auto byte = [&](std::size_t i) {
    return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : std::uint32_t{0};
  };
  for (std::size_t i = 0, at = 0; i < bytes.size(); i += 3, at += 4) {
    const std::uint32_t group = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    out[at] = digit(group >> 18);
    out[at + 1] = digit(group >> 12);
    if (i + 1 < bytes.size()) out[at + 2] = digit(group >> 6);
    if (i + 2 < bytes.size()) out[at + 3] = digit(group);
  }
  return out;
}

std::optional<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  const std::size_t digits = text.size() - padding_of(text);
  std::string out(base64_decoded_size(text), '\0');
  std::uint32_t bits = 0;
  unsigned held = 0;
  std::size_t at = 0;
  for (const char c : text.substr(0, digits)) {
    const std::uint8_t value = kValues[static_cast<unsigned char>(c)];
    if (value == kNoDigit) return std::nullopt;
    bits = (bits << 6 | value) & 0xfffu;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    out[at++] = static_cast<char>(bits >> held & 0xffu);
  }
  const std::uint32_t unused = bits & ((1u << held) - 1u);
  return unused == 0 ? std::optional(std::move(out)) : std::nullopt;
}

std::size_t base64_decoded_size(std::string_view text) {
  return text.size() / 4 * 3 - (text.empty() ? 0 : padding_of(text));
}

}  // namespace heliograph::base
