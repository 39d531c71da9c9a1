#include "plugins/providers/smtp/address.h"

#include <algorithm>
#include <cstddef>

namespace heliograph::plugins::smtp {

namespace {

constexpr std::size_t kLocalMax = 64;
constexpr std::size_t kAddressMax = 254;  // a path of 256 less its angle brackets
constexpr std::string_view kAtomMarks = "!#$%&'*+-/=?^_`{|}~";
constexpr std::string_view kTokenMarks = "!#$%&'*+-.^_`{|}~";  // RFC 2045: no tspecials

bool is_alnum(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_eight_bit(char c) { return static_cast<unsigned char>(c) >= 0x80; }

bool is_local(std::string_view local) {
  return !local.empty() && local.size() <= kLocalMax && std::ranges::all_of(local, [](char c) {
    return c == '.' || is_atext(c) || is_eight_bit(c);
  });
}

bool is_literal(std::string_view domain) {
  return domain.size() > 2 && domain.front() == '[' && domain.back() == ']' &&
         std::ranges::all_of(domain.substr(1, domain.size() - 2), [](char c) {
           return is_alnum(c) || c == '.' || c == ':' || c == '-';
         });
}

bool is_domain(std::string_view domain) {
  if (is_literal(domain)) return true;
  if (domain.empty() || domain.front() == '.' || domain.back() == '.') return false;
  if (domain.find("..") != std::string_view::npos) return false;
  return std::ranges::all_of(
      domain, [](char c) { return is_alnum(c) || c == '.' || c == '-' || is_eight_bit(c); });
}

// Length of the UTF-8 sequence that begins `text`, 0 when there is none. RFC 3629 section 4.
std::size_t sequence_length(std::string_view text) {
  const auto at = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
  };
  const auto tail = [&](std::size_t i) { return (at(i) & 0xC0u) == 0x80u; };
  const unsigned first = at(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return tail(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const bool overlong = first == 0xE0 && at(1) < 0xA0;
    const bool surrogate = first == 0xED && at(1) > 0x9F;
    return tail(1) && tail(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (first < 0xF0 || first > 0xF4) return 0;
  const bool overlong = first == 0xF0 && at(1) < 0x90;
  const bool beyond = first == 0xF4 && at(1) > 0x8F;
  return tail(1) && tail(2) && tail(3) && !overlong && !beyond ? 4 : 0;
}

bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return is_alnum(c) || kTokenMarks.find(c) != std::string_view::npos;
  });
}

}  // namespace

bool is_atext(char c) { return is_alnum(c) || kAtomMarks.find(c) != std::string_view::npos; }

AddressForm form_of_address(std::string_view address) {
  const std::size_t at = address.rfind('@');
  if (at == std::string_view::npos || address.size() > kAddressMax || !is_text(address)) {
    return AddressForm::kInvalid;
  }
  if (!is_local(address.substr(0, at)) || !is_domain(address.substr(at + 1))) {
    return AddressForm::kInvalid;
  }
  return std::ranges::any_of(address, is_eight_bit) ? AddressForm::kInternational
                                                    : AddressForm::kAscii;
}

std::string_view domain_of(std::string_view address) {
  return address.substr(address.rfind('@') + 1);
}

bool is_text(std::string_view text) {
  while (!text.empty()) {
    const auto first = static_cast<unsigned char>(text.front());
    if ((first < 0x20 && first != '\t') || first == 0x7F) return false;
    const std::size_t length = sequence_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

bool is_plain(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

bool is_header_name(std::string_view name) {
  constexpr std::size_t kHeaderNameMax = 70;
  return !name.empty() && name.size() <= kHeaderNameMax &&
         std::ranges::all_of(name, [](char c) { return is_alnum(c) || c == '-' || c == '_'; });
}

bool is_content_type(std::string_view text) {
  constexpr std::size_t kContentTypeMax = 255;
  const std::string_view essence = text.substr(0, text.find_first_of("; "));
  if (text.size() > kContentTypeMax) return false;
  const std::size_t slash = essence.find('/');
  return slash != std::string_view::npos && is_plain(text) && is_token(essence.substr(0, slash)) &&
         is_token(essence.substr(slash + 1));
}

}  // namespace heliograph::plugins::smtp
