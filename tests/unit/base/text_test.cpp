#include "core/base/text.h"

#include <gtest/gtest.h>

#include <array>
#include <random>

namespace heliograph::base {
namespace {

using std::chrono::milliseconds;

TEST(Duration, Reads) {
  const std::vector<std::pair<std::string_view, std::int64_t>> cases = {
      {"0s", 0},
      {"250ms", 250},
      {"2s", 2'000},
      {"5m", 300'000},
      {"72h", 259'200'000},
      {"30d", 2'592'000'000},
      {"1m30s", 90'000},
      {"1d2h3m4s5ms", 93'784'005},
      {"007s", 7'000},
      {"9223372036854775807ms", 9223372036854775807},
  };
  for (const auto& [text, expected] : cases) {
    const auto read = parse_duration(text);
    ASSERT_TRUE(read) << text;
    EXPECT_EQ(read->count(), expected) << text;
  }
}

TEST(Duration, Refuses) {
  for (const std::string_view text : {"",
                                      "5",
                                      "s",
                                      "-5s",
                                      "+5s",
                                      "5 s",
                                      " 5s",
                                      "5s ",
                                      "1.5s",
                                      "5S",
                                      "5sec",
                                      "5w",
                                      "30s1m",
                                      "1s1s",
                                      "1m30",
                                      "5ms1s",
                                      "9223372036854775808ms",
                                      "106751991168d",
                                      "99999999999999999999s",
                                      "0x5s"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
}

TEST(Duration, Writes) {
  EXPECT_EQ(format_duration(milliseconds{0}), "0s");
  EXPECT_EQ(format_duration(milliseconds{250}), "250ms");
  EXPECT_EQ(format_duration(milliseconds{90'000}), "1m30s");
  EXPECT_EQ(format_duration(milliseconds{86'400'000}), "1d");
  EXPECT_EQ(format_duration(milliseconds{93'784'005}), "1d2h3m4s5ms");
  EXPECT_EQ(format_duration(milliseconds{-1'500}), "-1s500ms");
}

TEST(Duration, ReadsWhatItWrites) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 2'000; ++i) {
    const milliseconds duration{static_cast<std::int64_t>(random() >> (1 + random() % 62))};
    EXPECT_EQ(parse_duration(format_duration(duration)), duration) << duration.count();
  }
  EXPECT_EQ(parse_duration(format_duration(milliseconds::max())), milliseconds::max());
}

TEST(Size, Reads) {
  EXPECT_EQ(parse_size("0"), 0u);
  EXPECT_EQ(parse_size("4096"), 4096u);
  EXPECT_EQ(parse_size("100B"), 100u);
  EXPECT_EQ(parse_size("64KiB"), 65'536u);
  EXPECT_EQ(parse_size("16MiB"), 16'777'216u);
  EXPECT_EQ(parse_size("2GiB"), 2'147'483'648u);
  EXPECT_EQ(parse_size("18446744073709551615"), 18446744073709551615u);
}

TEST(Size, Refuses) {
  for (const std::string_view text : {"", "KiB", "64 KiB", "64KB", "64kib", "-1", "1.5MiB", "1TiB",
                                      "18446744073709551616", "17179869184GiB"}) {
    EXPECT_FALSE(parse_size(text)) << text;
  }
}

TEST(Uint, TakesDigitsOnly) {
  EXPECT_EQ(parse_uint("0"), 0u);
  EXPECT_EQ(parse_uint("00042"), 42u);
  EXPECT_EQ(parse_uint("18446744073709551615"), 18446744073709551615u);
  for (const std::string_view text :
       {"", " 1", "1 ", "+1", "-1", "1e3", "0x1", "18446744073709551616", "99999999999999999999"}) {
    EXPECT_FALSE(parse_uint(text)) << text;
  }
}

TEST(Hex, WritesAndReads) {
  constexpr std::array bytes = {std::byte{0x00}, std::byte{0x7F}, std::byte{0xA5}, std::byte{0xFF}};
  EXPECT_EQ(to_hex(bytes), "007fa5ff");
  EXPECT_EQ(from_hex("007fa5FF"), std::string("\x00\x7F\xA5\xFF", 4));
  EXPECT_EQ(from_hex(""), "");
  EXPECT_FALSE(from_hex("0"));
  EXPECT_FALSE(from_hex("0g"));
  EXPECT_FALSE(from_hex("g0"));
}

TEST(Trim, DropsBlanksAndTabs) {
  EXPECT_EQ(trim(" \t a b\t "), "a b");
  EXPECT_EQ(trim("a"), "a");
  EXPECT_EQ(trim(" \t"), "");
  EXPECT_EQ(trim(""), "");
  EXPECT_EQ(trim("\na\n"), "\na\n");
}

TEST(Case, IsAsciiOnly) {
  EXPECT_EQ(to_lower_ascii("AbZ-\xC3\x84"), "abz-\xC3\x84");
  EXPECT_TRUE(equals_ignore_case("Content-Type", "content-TYPE"));
  EXPECT_FALSE(equals_ignore_case("a", "ab"));
  EXPECT_FALSE(equals_ignore_case("@", "`"));
  EXPECT_TRUE(equals_ignore_case("", ""));
}

TEST(Mask, HidesTheMiddleOfANumber) {
  EXPECT_EQ(mask_address("+14155552671"), "+1415***2671");
  EXPECT_EQ(mask_address("+8801921317475"), "+8801***7475");
  EXPECT_EQ(mask_address("+4479111234"), "***");  // too short to hide three digits
  EXPECT_EQ(mask_address("12345"), "***");
  EXPECT_EQ(mask_address(""), "***");
}

TEST(Mask, HidesWhoAnAddressBelongsTo) {
  EXPECT_EQ(mask_address("jane.doe@example.com"), "***@example.com");
  EXPECT_EQ(mask_address("\"a@b\"@example.com"), "***@example.com");
}

TEST(Utf8, TakesWellFormedText) {
  for (const std::string_view text :
       {"", "plain", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80",
        "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_TRUE(is_utf8(text)) << text;
  }
}

TEST(Utf8, RefusesEverythingElse) {
  const std::array<std::string_view, 16> cases = {
      "\x80",              // a continuation alone
      "\xBF",              //
      "\xC0\x80",          // overlong
      "\xC1\xBF",          //
      "\xE0\x9F\xBF",      //
      "\xF0\x8F\xBF\xBF",  //
      "\xED\xA0\x80",      // surrogates
      "\xED\xBF\xBF",      //
      "\xF4\x90\x80\x80",  // above U+10FFFF
      "\xF5\x80\x80\x80",  //
      "\xFF",              //
      "\xC2",              // cut off
      "\xE2\x82",          //
      "\xF0\x9F\x98",      //
      "\xC2\x41",          // no continuation
      "ok\xE2\x82\x41",    //
  };
  for (std::size_t i = 0; i < cases.size(); ++i) EXPECT_FALSE(is_utf8(cases.at(i))) << i;
}

TEST(Nearest, FindsWhatWasMeant) {
  constexpr std::array<std::string_view, 4> words = {"max_delay", "min_delay", "factor", "port"};
  EXPECT_EQ(nearest("max_dealy", words), "max_delay");  // an exchange counts once
  EXPECT_EQ(nearest("maxdelay", words), "max_delay");
  EXPECT_EQ(nearest("min_delays", words), "min_delay");
  EXPECT_EQ(nearest("prot", words), "port");
  EXPECT_EQ(nearest("fctr", words), "");  // two edits are too many for four letters
  EXPECT_EQ(nearest("something", words), "");
  EXPECT_EQ(nearest("", words), "");
  EXPECT_EQ(nearest("port", {}), "");
}

}  // namespace
}  // namespace heliograph::base
