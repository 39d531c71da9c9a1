#include "core/model/segments.h"

#include <algorithm>
#include <array>
#include <limits>

namespace heliograph::model {
namespace {

// 3GPP TS 23.040, 9.2.3.24.1: the header of a concatenated part takes 6 octets, that is 7 septets
// or 3 UTF-16 units.
constexpr std::uint32_t kGsmSingle = 160;
constexpr std::uint32_t kGsmPart = 153;
constexpr std::uint32_t kUcsSingle = 70;
constexpr std::uint32_t kUcsPart = 67;

// The characters of the default alphabet outside of ASCII (3GPP TS 23.038, 6.2.1), sorted.
constexpr std::array<char32_t, 39> kGsmBeyondAscii = {
    U'¡', U'£', U'¤', U'¥', U'§', U'¿', U'Ä', U'Å', U'Æ', U'Ç', U'É', U'Ñ', U'Ö',
    U'Ø', U'Ü', U'ß', U'à', U'ä', U'å', U'æ', U'è', U'é', U'ì', U'ñ', U'ò', U'ö',
    U'ø', U'ù', U'ü', U'Γ', U'Δ', U'Θ', U'Λ', U'Ξ', U'Π', U'Σ', U'Φ', U'Ψ', U'Ω'};
constexpr char32_t kEuro = U'€';  // extension table
static_assert(std::ranges::is_sorted(kGsmBeyondAscii));

// Septets of each ASCII character: 2 in the extension table, 0 in neither.
constexpr std::array<std::uint8_t, 128> make_ascii_septets() {
  std::array<std::uint8_t, 128> septets{};
  for (std::size_t c = 0x20; c < 0x7F; ++c) septets[c] = 1;
  septets['\n'] = septets['\r'] = 1;
  septets['`'] = 0;
  for (const char c : {'\f', '^', '{', '}', '\\', '[', '~', ']', '|'}) {
    septets[static_cast<unsigned char>(c)] = 2;
  }
  return septets;
}
constexpr auto kAsciiSeptets = make_ascii_septets();

std::uint32_t septets_of(char32_t character) {
  if (character < 0x80) return kAsciiSeptets[character];
  if (character == kEuro) return 2;
  return std::ranges::binary_search(kGsmBeyondAscii, character) ? 1 : 0;
}

std::uint32_t utf16_units_of(char32_t character) { return character > 0xFFFF ? 2 : 1; }

struct Character {
  char32_t value = 0;
  std::size_t bytes = 0;
};

// The first character of `text`, which is not empty. A sequence cut off at the end is read as far
// as it goes, so that a text that breaks the promise of UTF-8 cannot make this read past it.
Character first_character(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  if (lead < 0x80) return {lead, 1};
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  char32_t value = lead & (0xFFu >> (length + 1));
  std::size_t bytes = 1;
  for (; bytes < std::min(length, text.size()); ++bytes) {
    value = value << 6 | (static_cast<unsigned char>(text[bytes]) & 0x3Fu);
  }
  return {value, bytes};
}

struct Measure {
  bool gsm = true;
  std::uint32_t septets = 0;
  std::uint32_t utf16_units = 0;
};

Measure measure(std::string_view text) {
  Measure out;
  while (!text.empty()) {
    const Character character = first_character(text);
    const std::uint32_t septets = septets_of(character.value);
    out.gsm = out.gsm && septets > 0;
    out.septets += septets;
    out.utf16_units += utf16_units_of(character.value);
    text.remove_prefix(character.bytes);
  }
  return out;
}

struct Sizes {
  Alphabet alphabet;
  std::uint32_t units;   // in all
  std::uint32_t single;  // that fit into one part alone
  std::uint32_t part;    // that fit into each of several
  std::uint32_t (*units_of)(char32_t);
};

Sizes sizes_of(std::string_view text) {
  const Measure all = measure(text);
  if (all.gsm) return {Alphabet::kGsm7, all.septets, kGsmSingle, kGsmPart, septets_of};
  return {Alphabet::kUcs2, all.utf16_units, kUcsSingle, kUcsPart, utf16_units_of};
}

// Calls `part` with each part's text. A character that does not fit whole begins the next part.
template <class OnPart>
void for_each_part(std::string_view text, const Sizes& sizes, OnPart part) {
  if (sizes.units <= sizes.single) return part(text);
  std::size_t begin = 0;
  std::size_t end = 0;
  std::uint32_t used = 0;
  while (end < text.size()) {
    const Character character = first_character(text.substr(end));
    const std::uint32_t units = sizes.units_of(character.value);
    if (used + units > sizes.part) {
      part(text.substr(begin, end - begin));
      begin = end;
      used = 0;
    }
    used += units;
    end += character.bytes;
  }
  part(text.substr(begin));
}

}  // namespace

Segmentation segment(std::string_view text) {
  const Sizes sizes = sizes_of(text);
  std::size_t parts = 0;
  for_each_part(text, sizes, [&](std::string_view) { ++parts; });
  constexpr std::size_t kPartsMax = std::numeric_limits<std::uint16_t>::max();
  return {sizes.alphabet, static_cast<std::uint16_t>(std::min(parts, kPartsMax)), sizes.units};
}

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts;
  for_each_part(text, sizes_of(text), [&](std::string_view part) { parts.push_back(part); });
  return parts;
}

std::size_t count_characters(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

}  // namespace heliograph::model
