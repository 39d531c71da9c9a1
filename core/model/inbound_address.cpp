#include "core/model/inbound_address.h"

#include <algorithm>

#include "core/base/text.h"
#include "core/model/phone_number.h"

namespace heliograph::model {
namespace {

constexpr std::size_t kShortCodeMax = 8;  // digits; as is_valid_sender() has it

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string printable(std::string_view text) {
  std::string out(text);
  std::erase_if(out, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  // Afterwards: what was dropped may have stood outside of the blanks.
  return std::string(base::trim(out));
}

// "Ada Lovelace <ada@example.com>" -> "ada@example.com"
std::string_view bare(std::string_view address) {
  if (!address.ends_with('>')) return address;
  const std::size_t from = address.rfind('<');
  if (from == std::string_view::npos) return address;
  const auto inner = base::trim(address.substr(from + 1, address.size() - from - 2));
  // An empty one is a bounce's (RFC 5321, 4.5.5): an address is never empty here.
  return inner.empty() ? address : inner;
}

std::string telephony_address(std::string text) {
  if (text.size() <= kShortCodeMax && std::ranges::all_of(text, is_digit)) return text;
  const auto number = normalise_number(text, {.digits_are_international = true});
  return number ? *number : text;
}

std::string email_address(const std::string& text) { return base::to_lower_ascii(bare(text)); }

}  // namespace

std::string inbound_address(Channel channel, std::string_view given) {
  std::string text = printable(given);
  return channel_info(channel).telephony ? telephony_address(std::move(text)) : email_address(text);
}

std::string inbound_address(std::string_view given) {
  std::string text = printable(given);
  if (!text.contains('@')) return telephony_address(std::move(text));
  // What stands in angle brackets is the address, and may be a number behind a name with an "@".
  const std::string_view address = bare(text);
  return address.contains('@') ? base::to_lower_ascii(address)
                               : telephony_address(std::string(address));
}

}  // namespace heliograph::model
