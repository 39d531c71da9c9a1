#include "core/api/one_time_code.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "core/http/digest.h"

namespace heliograph::api {
namespace {

bool ends_in_blank(std::string_view text) {
  return text.empty() || text.ends_with(' ') || text.ends_with('\n') || text.ends_with('\t');
}

}  // namespace

std::string generate_otp() {
  constexpr std::uint32_t kCodes = 1'000'000;
  // The largest multiple of kCodes in 32 bits: what lies above it would make low codes likelier.
  constexpr std::uint32_t kFair = UINT32_MAX / kCodes * kCodes;
  for (;;) {
    const std::string hex = http::random_hex(4);
    std::uint32_t number = 0;
    std::from_chars(hex.data(), hex.data() + hex.size(), number, 16);
    if (number < kFair) return fmt::format("{:06}", number % kCodes);
  }
}

std::string put_otp(std::string_view text, std::string_view code) {
  std::string out;
  out.reserve(text.size() + kOtpDigits + 1);
  std::size_t at = text.find(kOtpPlaceholder);
  if (at == std::string_view::npos) {
    out = text;
    if (!ends_in_blank(text)) out += ' ';
    return out += code;
  }
  std::size_t from = 0;
  for (; at != std::string_view::npos; at = text.find(kOtpPlaceholder, from)) {
    out += text.substr(from, at - from);
    out += code;
    from = at + kOtpPlaceholder.size();
  }
  return out += text.substr(from);
}

std::optional<std::string> find_otp(std::string_view text, std::string_view with_code) {
  const std::size_t placeholder = text.find(kOtpPlaceholder);
  const std::size_t at = placeholder != std::string_view::npos
                             ? placeholder
                             : text.size() + (ends_in_blank(text) ? 0 : 1);
  if (at > with_code.size()) return std::nullopt;
  const std::string_view code = with_code.substr(at, kOtpDigits);
  const bool digits = std::ranges::all_of(code, [](char c) { return c >= '0' && c <= '9'; });
  if (code.size() != kOtpDigits || !digits) return std::nullopt;
  // The rest has to fit too, else this is another text.
  if (put_otp(text, code) != with_code) return std::nullopt;
  return std::string(code);
}

}  // namespace heliograph::api
