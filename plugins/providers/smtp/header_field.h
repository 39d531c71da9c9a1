// Header fields: RFC 5322 with encoded words (RFC 2047) and parameters of any length and alphabet
// (RFC 2231). Lines are at most 78 characters wherever the value can be broken, never over 998.
//
// Values have passed is_text(). [any thread] Pure functions; they append whole lines.
#pragma once

#include <string>
#include <string_view>

namespace heliograph::plugins::smtp {

// A field for people: Subject, the client's own. Plain ASCII stays readable.
void append_text_field(std::string& out, std::string_view name, std::string_view value);

// A field whose value is printable ASCII and must stand as it is.
void append_raw_field(std::string& out, std::string_view name, std::string_view value);

// From or To. `display` may be empty.
void append_address_field(std::string& out, std::string_view name, std::string_view display,
                          std::string_view address);

// `name: value` with `; parameter=text` on lines of its own, none when the text is empty.
void append_field_with_parameter(std::string& out, std::string_view name, std::string_view value,
                                 std::string_view parameter, std::string_view text);

}  // namespace heliograph::plugins::smtp
