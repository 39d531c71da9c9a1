// Numbering plans: calling codes, national prefixes and possible lengths, from libphonenumber's
// metadata.
//
// number_table.cpp is generated (tools/generate_number_table.mjs). For phone_number.cpp; nobody
// else should need it. Pure; thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace heliograph::model {

// Bit n is set when a number may have n digits behind its calling code.
using LengthMask = std::uint32_t;
constexpr bool is_possible_length(LengthMask mask, std::size_t digits) {
  return digits < 32 && (mask >> digits & 1u) != 0;
}

struct RegionNumbers {
  std::string_view region;          // "BD"
  unsigned calling_code;            // 880
  std::string_view trunk_prefixes;  // separated by blanks, longest first; may be empty
  LengthMask lengths;
};

struct CallingCode {
  unsigned code;
  LengthMask lengths;  // of its main country
};

// nullptr when there is none. `region`: ISO 3166 code in capitals.
const RegionNumbers* find_region(std::string_view region);
const CallingCode* find_calling_code(unsigned code);

}  // namespace heliograph::model
