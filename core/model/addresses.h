// E-mail addresses and web addresses, as far as they must be right before they leave the gateway:
// no text that passes here can end a line, a header or a command of another protocol. Pure;
// thread-safe.
#pragma once

#include <string_view>

namespace heliograph::model {

// A bare address, "name@example.com": a dot-atom of at most 64 ASCII characters before the "@", a
// host name behind it, 254 in all (RFC 5321, 4.1.2 and 4.5.3.1; RFC 5322, 3.2.3). No display name,
// no quotes, no comments, no address literal; an international domain in its ASCII form.
bool is_email_address(std::string_view text);

// "https://example.com/picture.png": absolute, http or https, printable ASCII, with a host and
// without credentials or a fragment; at most 2048 characters.
bool is_web_address(std::string_view text);

}  // namespace heliograph::model
