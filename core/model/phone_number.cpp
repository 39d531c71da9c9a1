#include "core/model/phone_number.h"

#include <algorithm>
#include <optional>

#include "core/model/number_table.h"

namespace heliograph::model {
namespace {

using Result = std::expected<std::string, std::string>;

// ITU-T E.164, 6.1: at most 15 digits. The lower bound is the shortest that is in use with its
// calling code.
constexpr std::size_t kDigitsMin = 7;
constexpr std::size_t kDigitsMax = 15;
// Room for 15 digits, each with a separator; longer input is not looked at.
constexpr std::size_t kGivenMax = 40;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool is_separator(char c) { return std::string_view(" \t-.()").contains(c); }

// What a client wrote, without the decoration.
struct Cleaned {
  bool international = false;
  std::string digits;  // behind '+' or "00" when international
};

std::optional<Cleaned> clean(std::string_view given) {
  Cleaned out;
  for (std::size_t i = 0; i < given.size(); ++i) {
    const char c = given[i];
    if (is_digit(c)) {
      out.digits += c;
    } else if (c == '+' && out.digits.empty() && !out.international) {
      out.international = true;
    } else if (!is_separator(c)) {
      return std::nullopt;
    }
  }
  if (!out.international && out.digits.starts_with("00")) {
    out.international = true;
    out.digits.erase(0, 2);
  }
  return out;
}

// "+44 (0)20 ..." says both how to dial from abroad and at home: the trunk prefix goes.
std::string without_optional_trunk(std::string_view given) {
  std::string out(given);
  const auto place = out.find("(0)");
  const bool international = given.find('+') < place || given.starts_with("00");
  if (place != std::string::npos && place > 0 && international) out.erase(place, 3);
  return out;
}

std::string_view next_word(std::string_view& rest) {
  const std::string_view word = rest.substr(0, rest.find(' '));
  rest.remove_prefix(std::min(rest.size(), word.size() + 1));
  return word;
}

// The significant part of a national number of `region`, nullopt when it cannot be one.
std::optional<std::string_view> national_part(std::string_view digits,
                                              const RegionNumbers& region) {
  std::string_view prefixes = region.trunk_prefixes;
  while (!prefixes.empty()) {
    const std::string_view prefix = next_word(prefixes);
    if (!digits.starts_with(prefix)) continue;
    const std::string_view rest = digits.substr(prefix.size());
    if (is_possible_length(region.lengths, rest.size())) return rest;
  }
  if (is_possible_length(region.lengths, digits.size())) return digits;
  return std::nullopt;
}

// Calling codes are prefix-free (ITU-T E.164, 6.2.1), so at most one of one to three digits fits.
bool is_possible_international(std::string_view digits) {
  unsigned code = 0;
  for (std::size_t length = 1; length <= 3 && length < digits.size(); ++length) {
    code = code * 10 + static_cast<unsigned>(digits[length - 1] - '0');
    const CallingCode* const found = find_calling_code(code);
    if (found != nullptr) return is_possible_length(found->lengths, digits.size() - length);
  }
  return false;
}

Result international(std::string_view digits, bool check_possible) {
  if (digits.size() < kDigitsMin || digits.size() > kDigitsMax) {
    return std::unexpected("an international number has 7 to 15 digits, calling code included");
  }
  if (digits.front() == '0') {
    return std::unexpected("an international number begins with a country calling code, never 0");
  }
  if (check_possible && !is_possible_international(digits)) {
    return std::unexpected("no country has numbers with this calling code and length");
  }
  return "+" + std::string(digits);
}

Result national(const std::string& digits, const NumberRules& rules) {
  const RegionNumbers* const region = find_region(rules.default_region);
  const auto part = region != nullptr ? national_part(digits, *region) : std::nullopt;
  if (part) {
    // The region's own lengths were checked; those of its calling code's main country may differ.
    return international(std::to_string(region->calling_code).append(*part), false);
  }
  if (rules.digits_are_international) return international(digits, rules.check_possible);
  if (region == nullptr) {
    return std::unexpected("write the number internationally, with '+' and the calling code");
  }
  return std::unexpected("not a number of region " + rules.default_region +
                         "; write others internationally, with '+' and the calling code");
}

}  // namespace

std::expected<std::string, std::string> normalise_number(std::string_view given,
                                                         const NumberRules& rules) {
  if (given.size() > kGivenMax) return std::unexpected("too long for a telephone number");
  const auto cleaned = clean(without_optional_trunk(given));
  if (!cleaned) {
    return std::unexpected(
        "a telephone number has digits, a '+' in front, blanks, hyphens, dots and parentheses");
  }
  if (cleaned->digits.empty()) return std::unexpected("a telephone number has digits");
  if (cleaned->international) return international(cleaned->digits, rules.check_possible);
  return national(cleaned->digits, rules);
}

bool is_known_region(std::string_view region) { return find_region(region) != nullptr; }

bool is_valid_sender(std::string_view sender) {
  constexpr std::size_t kShortCodeMin = 3;
  constexpr std::size_t kShortCodeMax = 8;
  constexpr std::size_t kAlphanumericMax = 11;
  if (sender.starts_with('+')) {
    const std::string_view digits = sender.substr(1);
    return std::ranges::all_of(digits, is_digit) && international(digits, false).has_value();
  }
  if (std::ranges::all_of(sender, is_digit)) {
    return sender.size() >= kShortCodeMin && sender.size() <= kShortCodeMax;
  }
  const auto allowed = [](char c) { return is_digit(c) || is_letter(c) || c == ' '; };
  return sender.size() <= kAlphanumericMax && std::ranges::all_of(sender, allowed) &&
         std::ranges::any_of(sender, is_letter);
}

}  // namespace heliograph::model
