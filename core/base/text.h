// Small text helpers used on every floor: durations and sizes as operators write them, numbers,
// hex, masking.
//
// All functions are pure and thread-safe. Parsing accepts the whole input or nothing.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace heliograph::base {

// "250ms", "2s", "5m", "72h", "30d"; also sums ("1m30s"). A number without unit is refused: a
// reader could not tell what it means. Result is never negative.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);
// The shortest form that parse_duration() reads back: 90 s -> "1m30s".
std::string format_duration(std::chrono::milliseconds duration);

// "64KiB", "16MiB", "2GiB", "100B", or a plain number of bytes.
std::optional<std::uint64_t> parse_size(std::string_view text);

// Decimal digits only, no sign, no blanks; nullopt on overflow.
std::optional<std::uint64_t> parse_uint(std::string_view text);

std::string to_hex(std::span<const std::byte> bytes);
std::optional<std::string> from_hex(std::string_view hex);

std::string_view trim(std::string_view text);  // blanks and tabs at both ends
std::string to_lower_ascii(std::string_view text);
bool equals_ignore_case(std::string_view a, std::string_view b);

// A telephone number or address as logs may show it: "+14155552671" -> "+1415***2671"; short ones
// become "***".
std::string mask_address(std::string_view address);

// True when `text` is well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms).
bool is_utf8(std::string_view text);

// The candidate nearest to `word` by edit distance, for "did you mean"; empty when nothing is near
// (distance > 2 or a third of the word's length).
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace heliograph::base
