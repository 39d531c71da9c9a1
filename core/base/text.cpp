#include "core/base/text.h"

#include <algorithm>
#include <array>
#include <limits>
#include <vector>

namespace heliograph::base {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

// Milliseconds, largest first: sums are written in this order.
constexpr std::array<Unit, 5> kDurationUnits{
    {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};

constexpr std::array<Unit, 5> kSizeUnits{
    {{"", 1}, {"B", 1}, {"KiB", 1ull << 10}, {"MiB", 1ull << 20}, {"GiB", 1ull << 30}}};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Cuts the longest prefix that satisfies `matches` off `rest`.
template <class Predicate>
std::string_view take(std::string_view& rest, Predicate matches) {
  const auto end = std::find_if_not(rest.begin(), rest.end(), matches);
  const auto length = static_cast<std::size_t>(end - rest.begin());
  const std::string_view taken = rest.substr(0, length);
  rest.remove_prefix(length);
  return taken;
}

std::optional<std::uint64_t> multiply(std::uint64_t a, std::uint64_t b) {
  if (b != 0 && a > std::numeric_limits<std::uint64_t>::max() / b) return std::nullopt;
  return a * b;
}

std::optional<int> hex_value(char c) {
  if (is_digit(c)) return c - '0';
  const char l = lower(c);
  if (l >= 'a' && l <= 'f') return l - 'a' + 10;
  return std::nullopt;
}

// Length of the well-formed UTF-8 sequence at the start of `text`, 0 when there is none. The ranges
// of the second byte are those of RFC 3629, 4: they leave out overlong forms, surrogates and what
// lies above U+10FFFF.
std::size_t utf8_sequence(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead < 0xC2 || lead > 0xF4) return 0;
  const std::size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (text.size() < length) return 0;
  const unsigned char low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  const unsigned char high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  if (byte(1) < low || byte(1) > high) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if (byte(i) < 0x80 || byte(i) > 0xBF) return 0;
  }
  return length;
}

// Edits between two words: insertion, deletion, substitution, exchange of two neighbours.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> previous(b.size() + 1);
  std::vector<std::size_t> current(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) previous[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    current[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substituted = previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      current[j] = std::min({substituted, previous[j] + 1, current[j - 1] + 1});
      const bool exchanged = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (exchanged) current[j] = std::min(current[j], before[j - 2] + 1);
    }
    std::swap(before, previous);
    std::swap(previous, current);
  }
  return previous[b.size()];
}

}  // namespace

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  constexpr auto kMax = static_cast<std::uint64_t>(std::chrono::milliseconds::max().count());
  std::uint64_t total = 0;
  std::size_t next_unit = 0;  // units get smaller from term to term
  do {
    const auto number = parse_uint(take(text, is_digit));
    const std::string_view name = take(text, is_letter);
    const auto unit =
        std::find_if(kDurationUnits.begin() + static_cast<std::ptrdiff_t>(next_unit),
                     kDurationUnits.end(), [&](const Unit& u) { return u.name == name; });
    if (!number || unit == kDurationUnits.end()) return std::nullopt;
    const auto term = multiply(*number, unit->factor);
    if (!term || *term > kMax - total) return std::nullopt;
    total += *term;
    next_unit = static_cast<std::size_t>(unit - kDurationUnits.begin()) + 1;
  } while (!text.empty());
  return std::chrono::milliseconds{static_cast<std::int64_t>(total)};
}

std::string format_duration(std::chrono::milliseconds duration) {
  const bool negative = duration.count() < 0;
  auto rest = static_cast<std::uint64_t>(duration.count());
  if (negative) rest = 0 - rest;
  std::string out = negative ? "-" : "";
  for (const Unit& unit : kDurationUnits) {
    if (rest < unit.factor) continue;
    out += std::to_string(rest / unit.factor);
    out += unit.name;
    rest %= unit.factor;
  }
  return out.empty() ? "0s" : out;
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  const auto number = parse_uint(take(text, is_digit));
  const auto unit = std::ranges::find_if(kSizeUnits, [&](const Unit& u) { return u.name == text; });
  if (!number || unit == kSizeUnits.end()) return std::nullopt;
  return multiply(*number, unit->factor);
}

std::optional<std::uint64_t> parse_uint(std::string_view text) {
  if (text.empty()) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : text) {
    if (!is_digit(c)) return std::nullopt;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    const auto shifted = multiply(value, 10);
    if (!shifted || *shifted > std::numeric_limits<std::uint64_t>::max() - digit) {
      return std::nullopt;
    }
    value = *shifted + digit;
  }
  return value;
}

std::string to_hex(std::span<const std::byte> bytes) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const std::byte b : bytes) {
    out += kDigits[std::to_integer<std::size_t>(b >> 4)];
    out += kDigits[std::to_integer<std::size_t>(b & std::byte{0x0F})];
  }
  return out;
}

std::optional<std::string> from_hex(std::string_view hex) {
  if (hex.size() % 2 != 0) return std::nullopt;
  std::string out;
  out.reserve(hex.size() / 2);
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    const auto high = hex_value(hex[i]);
    const auto low = hex_value(hex[i + 1]);
    if (!high || !low) return std::nullopt;
    out += static_cast<char>(*high * 16 + *low);
  }
  return out;
}

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::string to_lower_ascii(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), lower);
  return out;
}

bool equals_ignore_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, lower, lower);
}

std::string mask_address(std::string_view address) {
  constexpr std::size_t kHead = 5;
  constexpr std::size_t kTail = 4;
  constexpr std::size_t kHidden = 3;  // at least
  if (const auto at = address.rfind('@'); at != std::string_view::npos) {
    return "***" + std::string(address.substr(at));
  }
  if (address.size() < kHead + kHidden + kTail) return "***";
  std::string out(address.substr(0, kHead));
  out += "***";
  out += address.substr(address.size() - kTail);
  return out;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8_sequence(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates) {
  std::size_t best = std::min<std::size_t>(2, word.size() / 3) + 1;  // must be beaten
  std::string_view found;
  for (const std::string_view candidate : candidates) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < best) {
      best = distance;
      found = candidate;
    }
  }
  return found;
}

}  // namespace heliograph::base
