// Telephone numbers: reading what clients write into E.164.
//
// The default check is the shape of E.164 (ITU-T E.164, 6: '+', 7 to 15 digits, no leading zero);
// examples in the documents of the replaced systems are unassigned numbers and must pass. Pure;
// thread-safe.
#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace heliograph::model {

struct NumberRules {
  std::string default_region{};  // ISO 3166 code, "BD"; empty: national numbers are refused
  // Bare digits that are no national number of the region count as international (facades only).
  bool digits_are_international = false;
  // Also the calling code must exist and its numbers have that length (numbers.validation =
  // "possible").
  bool check_possible = false;
};

// "+1 (415) 555-2671" -> "+14155552671": blanks, hyphens, dots and parentheses are dropped, and the
// "(0)" that some write behind a calling code; "00" is an international prefix. A national number
// of the default region, with or without its trunk prefix, is completed with its calling code; it
// must have a length the region knows. The error is a sentence for the client without the number in
// it.
std::expected<std::string, std::string> normalise_number(std::string_view given,
                                                         const NumberRules& rules);

// Regions whose national form is known; others are refused at configuration time.
bool is_known_region(std::string_view region);

// A sender: an E.164 number, a short code of 3-8 digits, or 1-11 letters, digits and blanks with at
// least one letter (GSM 03.40, 9.1.2.5: an alphanumeric address holds 11 characters).
bool is_valid_sender(std::string_view sender);

}  // namespace heliograph::model
