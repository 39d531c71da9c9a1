// How many parts (segments) a text takes on the air, and in which alphabet.
//
// GSM 7-bit default alphabet with its extension table (3GPP TS 23.038, 6.2.1): 160 septets in one
// part, 153 in each of several; otherwise UCS-2: 70 / 67 UTF-16 units. In a concatenated message an
// escape pair (extension character) and a surrogate pair are never split between parts, which can
// cost a unit at a part's end. Pure; thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace heliograph::model {

enum class Alphabet : std::uint8_t { kGsm7, kUcs2 };

struct Segmentation {
  Alphabet alphabet = Alphabet::kGsm7;
  std::uint16_t parts = 1;  // at least 1, also for an empty text
  std::uint32_t units = 0;  // septets or UTF-16 units in all
};

// `text` is well-formed UTF-8 (base::is_utf8).
Segmentation segment(std::string_view text);

// The text of each part, in order: slices of `text`, which must outlive them. As many as
// segment(text).parts; an empty text is one empty part.
std::vector<std::string_view> split(std::string_view text);

// Characters (code points) of a well-formed UTF-8 text; what `messages.text_max` counts.
std::size_t count_characters(std::string_view text);

}  // namespace heliograph::model
