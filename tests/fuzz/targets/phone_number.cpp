// Numbers and addresses as people write them: what comes out is E.164, and stays what it is.
#include <string>

#include "core/model/addresses.h"
#include "core/model/inbound_address.h"
#include "core/model/phone_number.h"
#include "plugins/providers/smtp/address.h"
#include "tests/fuzz/target.h"

namespace heliograph::model {
namespace {

bool is_e164(std::string_view number) {
  if (number.size() < 8 || number.size() > 16 || number[0] != '+' || number[1] == '0') return false;
  return number.find_first_not_of("0123456789", 1) == std::string_view::npos;
}

void check_number(std::string_view given, const NumberRules& rules) {
  const auto number = normalise_number(given, rules);
  if (!number) {
    MUST(!number.error().empty());
    return;
  }
  MUST(is_e164(*number));
  MUST(normalise_number(*number, rules) == number);
}

}  // namespace

FUZZ_TARGET(phone_number) {
  fuzz::Pieces pieces(input);
  const unsigned char choice = pieces.byte();
  const std::string_view text = pieces.rest();
  constexpr const char* kRegions[] = {"", "BD", "US", "DE", "GB", "IT", "RU", "BR"};
  check_number(text, {.default_region = kRegions[choice & 7],
                      .digits_are_international = (choice & 8) != 0,
                      .check_possible = (choice & 16) != 0});
  if (is_valid_sender(text)) {
    MUST(!text.empty() && text.size() <= 16);
    for (const char c : text) MUST(c >= ' ' && c < 127);
  }
  const std::string inbound = inbound_address(text);
  MUST(inbound_address(inbound) == inbound);
  for (const char c : inbound) MUST(static_cast<unsigned char>(c) >= ' ' && c != 127);
  if (is_email_address(text)) {
    MUST(text.size() <= 254);
    MUST(plugins::smtp::form_of_address(text) == plugins::smtp::AddressForm::kAscii);
  }
}

}  // namespace heliograph::model
