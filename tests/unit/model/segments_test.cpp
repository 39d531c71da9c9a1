#include "core/model/segments.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>
#include <string>

#include "core/base/text.h"

namespace heliograph::model {
namespace {

std::string repeat(std::string_view text, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += text;
  return out;
}

std::string encode(char32_t c) {
  const auto byte = [](char32_t value) { return static_cast<char>(value); };
  if (c < 0x80) return {byte(c)};
  if (c < 0x800) return {byte(0xC0 | c >> 6), byte(0x80 | (c & 0x3F))};
  if (c < 0x10000) {
    return {byte(0xE0 | c >> 12), byte(0x80 | (c >> 6 & 0x3F)), byte(0x80 | (c & 0x3F))};
  }
  return {byte(0xF0 | c >> 18), byte(0x80 | (c >> 12 & 0x3F)), byte(0x80 | (c >> 6 & 0x3F)),
          byte(0x80 | (c & 0x3F))};
}

// 3GPP TS 23.038, 6.2.1, in the order of the table; the escape at 0x1B is left out.
constexpr std::string_view kDefaultAlphabet =
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
constexpr std::string_view kExtension = "\f^{}\\[~]|€";

void expect(std::string_view text, Alphabet alphabet, std::uint32_t units, std::uint16_t parts) {
  const Segmentation got = segment(text);
  EXPECT_EQ(got.alphabet, alphabet);
  EXPECT_EQ(got.units, units);
  EXPECT_EQ(got.parts, parts);
  EXPECT_EQ(split(text).size(), parts);
}

TEST(Segments, KnowTheDefaultAlphabet) {
  expect(kDefaultAlphabet, Alphabet::kGsm7, 127, 1);
  expect(kExtension, Alphabet::kGsm7, 20, 1);
}

TEST(Segments, KnowNothingElseAsGsm7) {
  // Every character of the Basic Multilingual Plane, against the two tables above.
  std::size_t gsm = 0;
  for (char32_t c = 0; c < 0x10000; ++c) {
    if (c >= 0xD800 && c < 0xE000) continue;
    const std::string text = encode(c);
    const bool in_table = kDefaultAlphabet.contains(text) || kExtension.contains(text);
    // A byte of a longer sequence is no character of its own: contains() looks at whole ones here,
    // as UTF-8 sequences never begin inside one another.
    EXPECT_EQ(segment(text).alphabet == Alphabet::kGsm7, in_table) << static_cast<unsigned>(c);
    gsm += in_table ? 1 : 0;
  }
  EXPECT_EQ(gsm, 127u + 10u);
}

TEST(Segments, CountSeptets) {
  expect("", Alphabet::kGsm7, 0, 1);
  expect(repeat("a", 160), Alphabet::kGsm7, 160, 1);
  expect(repeat("a", 161), Alphabet::kGsm7, 161, 2);
  expect(repeat("a", 306), Alphabet::kGsm7, 306, 2);
  expect(repeat("a", 307), Alphabet::kGsm7, 307, 3);
  expect(repeat("€", 80), Alphabet::kGsm7, 160, 1);
  expect(repeat("€", 81), Alphabet::kGsm7, 162, 2);
}

TEST(Segments, NeverSplitAnEscapePair) {
  // 152 septets, then a pair: it does not fit into the one septet left of 153.
  expect(repeat("a", 152) + "€" + repeat("a", 152), Alphabet::kGsm7, 306, 3);
  const std::string text = repeat("a", 152) + "€" + repeat("a", 20);
  const auto parts = split(text);
  ASSERT_EQ(parts.size(), 2u);
  EXPECT_EQ(parts[0], repeat("a", 152));
  EXPECT_TRUE(parts[1].starts_with("€"));
  // 76 pairs fill 152 of 153.
  expect(repeat("€", 76 * 2), Alphabet::kGsm7, 304, 2);
  expect(repeat("€", 76 * 2 + 1), Alphabet::kGsm7, 306, 3);
}

TEST(Segments, CountUtf16Units) {
  expect(repeat("ж", 70), Alphabet::kUcs2, 70, 1);
  expect(repeat("ж", 71), Alphabet::kUcs2, 71, 2);
  expect(repeat("ж", 134), Alphabet::kUcs2, 134, 2);
  expect(repeat("ж", 135), Alphabet::kUcs2, 135, 3);
  expect("`", Alphabet::kUcs2, 1, 1);  // not in the alphabet, though in ASCII
  expect(repeat("a", 70) + "ж", Alphabet::kUcs2, 71, 2);
  expect("😀", Alphabet::kUcs2, 2, 1);
  expect(repeat("😀", 35), Alphabet::kUcs2, 70, 1);
}

TEST(Segments, NeverSplitASurrogatePair) {
  const std::string text = repeat("ж", 66) + "😀" + repeat("ж", 10);
  const auto parts = split(text);
  ASSERT_EQ(parts.size(), 2u);
  EXPECT_EQ(parts[0], repeat("ж", 66));
  EXPECT_TRUE(parts[1].starts_with("😀"));
  expect(repeat("😀", 33 * 2), Alphabet::kUcs2, 132, 2);
  expect(repeat("😀", 33 * 2 + 1), Alphabet::kUcs2, 134, 3);
}

TEST(Segments, CountCharacters) {
  EXPECT_EQ(count_characters(""), 0u);
  EXPECT_EQ(count_characters("aж€😀"), 4u);
}

// A plain second opinion: units of one text in the alphabet of the whole.
std::size_t units(std::string_view text, Alphabet alphabet) {
  std::size_t out = 0;
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    const std::string_view character = text.substr(i, length);
    const bool pair = alphabet == Alphabet::kGsm7 ? kExtension.contains(character) : length == 4;
    out += pair ? 2 : 1;
    i += length;
  }
  return out;
}

std::string random_text(std::mt19937& random, bool gsm) {
  static constexpr std::array<std::string_view, 8> kGsm = {"a", "Z", "\n", "é", "€", "[", "~", "Ω"};
  static constexpr std::array<std::string_view, 8> kAny = {"a",  "€", "ж",  "`",
                                                           "😀", "é", "漢", "𝄞"};
  const auto& alphabet = gsm ? kGsm : kAny;
  std::string out;
  for (auto n = random() % 700; n > 0; --n) out += alphabet.at(random() % alphabet.size());
  return out;
}

TEST(Segments, SplitAnyTextWithinBoundsAndWithoutLoss) {
  std::mt19937 random(42);
  for (int round = 0; round < 2'000; ++round) {
    const std::string text = random_text(random, round % 2 == 0);
    const Segmentation whole = segment(text);
    const auto parts = split(text);
    ASSERT_EQ(parts.size(), whole.parts);
    ASSERT_EQ(whole.units, units(text, whole.alphabet));
    const bool gsm = whole.alphabet == Alphabet::kGsm7;
    const std::size_t room = parts.size() == 1 ? (gsm ? 160u : 70u) : (gsm ? 153u : 67u);
    std::string joined;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      EXPECT_TRUE(base::is_utf8(parts[i]));
      EXPECT_LE(units(parts[i], whole.alphabet), room);
      // A part ends early only for a pair that does not fit: at most one unit is lost.
      if (i + 1 < parts.size()) EXPECT_GE(units(parts[i], whole.alphabet) + 1, room);
      joined += parts[i];
    }
    EXPECT_EQ(joined, text);
  }
}

TEST(Segments, SurviveTextThatIsNotUtf8) {
  std::mt19937 random(1);
  for (int round = 0; round < 500; ++round) {
    std::string text;
    for (auto n = random() % 300; n > 0; --n) text += static_cast<char>(random() % 256);
    const auto parts = split(text);
    std::string joined;
    for (const auto part : parts) joined += part;
    EXPECT_EQ(joined, text);
    EXPECT_EQ(segment(text).parts, parts.size());
  }
}

}  // namespace
}  // namespace heliograph::model
