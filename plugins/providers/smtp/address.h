// Addresses and other text of a mail's head: what may stand there.
//
// Whatever passes here holds no control character, so no field of a message can begin a line of
// its own: neither a header nor a command.
#pragma once

#include <cstdint>
#include <string_view>

namespace heliograph::plugins::smtp {

enum class AddressForm : std::uint8_t {
  kInvalid,
  kAscii,
  kInternational,  // needs SMTPUTF8 (RFC 6531)
};

// Of `local@domain`: a dot-atom, be its dots where they may (some real mailboxes have them in odd
// places), and a domain or an address literal. Lengths are those of RFC 5321 section 4.5.3.1.
AddressForm form_of_address(std::string_view address);

// Behind the "@", of an address that is valid.
std::string_view domain_of(std::string_view address);

// UTF-8 without control characters; a tab is allowed.
bool is_text(std::string_view text);

// Nothing but printable ASCII, as it may stand in a header literally.
bool is_plain(std::string_view text);

// A character of an atom, RFC 5322 section 3.2.3.
bool is_atext(char c);

// Of a field of one's own: letters, digits, "-" and "_", at most 70.
bool is_header_name(std::string_view name);

// "type/subtype", perhaps with parameters.
bool is_content_type(std::string_view text);

}  // namespace heliograph::plugins::smtp
