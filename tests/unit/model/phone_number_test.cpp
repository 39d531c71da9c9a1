#include "core/model/phone_number.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "core/model/number_table.h"

namespace heliograph::model {
namespace {

// What the rules make of `given`, "-" for an error.
std::string normalised(std::string_view given, const NumberRules& rules = {}) {
  return normalise_number(given, rules).value_or("-");
}

TEST(PhoneNumber, TakesTheShapeOfE164) {
  const std::vector<std::pair<std::string_view, std::string_view>> cases = {
      {"+14155552671", "+14155552671"},
      {"+1 (415) 555-2671", "+14155552671"},
      {"+1.415.555.2671", "+14155552671"},
      {" +1415\t5552671 ", "+14155552671"},
      {"(+1) 415 555 2671", "+14155552671"},
      {"0014155552671", "+14155552671"},
      {"00 1 415 555 2671", "+14155552671"},
      {"+1234567890", "+1234567890"},  // not assigned, but shaped like a number
      {"+15551234567", "+15551234567"},
      {"+1234567", "+1234567"},
      {"+123456789012345", "+123456789012345"},
      {"+44 (0)20 7946 0958", "+442079460958"},
      {"0044 (0)20 7946 0958", "+442079460958"},
  };
  for (const auto& [given, expected] : cases) {
    EXPECT_EQ(normalised(given), expected) << given;
  }
}

TEST(PhoneNumber, RefusesEverythingElse) {
  for (const std::string_view given :
       {"",
        " ",
        "+",
        "()",
        "+123456",
        "+1234567890123456",
        "+0123456789",
        "+00123456789",
        "000123456789",
        "14155552671",
        "1415-555-2671",
        "4155552671",
        "++14155552671",
        "+1+4155552671",
        "1+4155552671",
        "+1415555267a",
        "+1 415 555 2671 ext 5",
        "tel:+14155552671",
        "+1/415/5552671",
        "+1\n4155552671",
        "+１４１５５５５２６７１",
        "+1                                              4155552671"}) {
    EXPECT_EQ(normalised(given), "-") << given;
  }
}

TEST(PhoneNumber, CompletesNationalNumbers) {
  struct Case {
    std::string_view region;
    std::string_view given;
    std::string_view expected;
  };
  const std::vector<Case> cases = {
      {"BD", "01921317475", "+8801921317475"},
      {"BD", "1921317475", "+8801921317475"},
      {"BD", "01921-317475", "+8801921317475"},
      {"BD", "+14155552671", "+14155552671"},  // international ones stay
      {"BD", "00 44 20 7946 0958", "+442079460958"},
      {"BD", "8801921317475", "-"},  // with calling code but without '+': not a national number
      {"BD", "019", "-"},
      {"US", "(415) 555-2671", "+14155552671"},
      {"US", "1-415-555-2671", "+14155552671"},
      {"US", "5552671", "-"},
      {"GB", "020 7946 0958", "+442079460958"},
      {"HU", "06 20 123 4567", "+36201234567"},
      {"RU", "8 (912) 345-67-89", "+79123456789"},
      {"LT", "8 612 34567", "+37061234567"},
      {"BY", "8029 491 19 11", "+375294911911"},
      {"IT", "06 698 1234", "+39066981234"},  // the 0 belongs to the number
      {"SG", "8123 4567", "+6581234567"},
  };
  for (const Case& c : cases) {
    const NumberRules rules{.default_region = std::string(c.region)};
    EXPECT_EQ(normalised(c.given, rules), c.expected) << c.region << ' ' << c.given;
  }
}

TEST(PhoneNumber, TakesBareDigitsAsInternationalWhereAskedTo) {
  const NumberRules none{.default_region = "", .digits_are_international = true};
  EXPECT_EQ(normalised("14155552671", none), "+14155552671");
  EXPECT_EQ(normalised("01921317475", none), "-");
  const NumberRules bd{.default_region = "BD", .digits_are_international = true};
  EXPECT_EQ(normalised("01921317475", bd), "+8801921317475");
  EXPECT_EQ(normalised("8801921317475", bd), "+8801921317475");
  EXPECT_EQ(normalised("14155552671", bd), "+14155552671");
}

TEST(PhoneNumber, ChecksWhatIsPossibleWhereAskedTo) {
  const NumberRules rules{.check_possible = true};
  EXPECT_EQ(normalised("+14155552671", rules), "+14155552671");
  EXPECT_EQ(normalised("+1415555267", rules), "-");    // a digit short
  EXPECT_EQ(normalised("+141555526711", rules), "-");  // a digit long
  EXPECT_EQ(normalised("+9991234567", rules), "-");    // no such calling code
  EXPECT_EQ(normalised("+8801921317475", rules), "+8801921317475");
  EXPECT_EQ(normalised("+80012345678", rules), "+80012345678");  // international freephone
}

TEST(PhoneNumber, SaysWhatIsWrongWithoutTheNumber) {
  const std::vector<std::pair<std::string_view, NumberRules>> cases = {
      {"+99912345678", {.check_possible = true}},
      {"4155552671", {}},
      {"4155", {.default_region = "BD"}},
      {"+4155", {}},
      {"+0415555267", {}},
      {"+41555x5267", {}},
      {"", {}},
      {"+41555526711111111111111111111111111111111", {}},
  };
  for (const auto& [given, rules] : cases) {
    const auto result = normalise_number(given, rules);
    ASSERT_FALSE(result) << given;
    EXPECT_GT(result.error().size(), 15u) << given;
    EXPECT_FALSE(result.error().contains("415")) << result.error();
  }
}

// libphonenumber's own answers, several thousand of them.
TEST(PhoneNumber, AgreesWithLibphonenumber) {
  std::ifstream file(NUMBER_VECTORS);
  ASSERT_TRUE(file) << NUMBER_VECTORS;
  int seen = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with('#')) continue;
    const auto first = line.find('\t');
    const auto second = line.find('\t', first + 1);
    ASSERT_NE(second, std::string::npos) << line;
    const NumberRules rules{.default_region = line.substr(first + 1, second - first - 1),
                            .check_possible = true};
    EXPECT_EQ(normalised(line.substr(0, first), rules), line.substr(second + 1)) << line;
    ++seen;
  }
  EXPECT_GT(seen, 3'000);
}

TEST(Region, IsKnownByItsCapitalLetters) {
  for (const std::string_view region : {"BD", "US", "DE", "AC", "ZW"}) {
    EXPECT_TRUE(is_known_region(region)) << region;
  }
  for (const std::string_view region : {"", "bd", "XX", "B", "BDX", "880"}) {
    EXPECT_FALSE(is_known_region(region)) << region;
  }
}

TEST(NumberTable, FindsCallingCodes) {
  ASSERT_NE(find_calling_code(880), nullptr);
  EXPECT_TRUE(is_possible_length(find_calling_code(880)->lengths, 10));
  EXPECT_FALSE(is_possible_length(find_calling_code(880)->lengths, 11));
  EXPECT_EQ(find_calling_code(999), nullptr);
  EXPECT_EQ(find_calling_code(0), nullptr);
  EXPECT_FALSE(is_possible_length(~0u, 32));
}

TEST(NumberTable, HasCallingCodesOfWhichNoneBeginsAnother) {
  for (unsigned code = 1; code <= 999; ++code) {
    if (find_calling_code(code) == nullptr) continue;
    for (unsigned shorter = code / 10; shorter > 0; shorter /= 10) {
      EXPECT_EQ(find_calling_code(shorter), nullptr) << code;
    }
  }
}

TEST(Sender, IsANumberAShortCodeOrAWord) {
  for (const std::string_view sender :
       {"+14155552671", "123", "12345678", "TEST", "Acme Shop", "7Eleven", "A", "ABCDEFGHIJK"}) {
    EXPECT_TRUE(is_valid_sender(sender)) << sender;
  }
  for (const std::string_view sender :
       {"", "12", "123456789", "+123", "+0123456789", "+1415555267a", "ABCDEFGHIJKL", "Acme-Shop",
        "Ünïcode", "   ", "a\n", "+", "+1 415 555 2671"}) {
    EXPECT_FALSE(is_valid_sender(sender)) << sender;
  }
}

}  // namespace
}  // namespace heliograph::model
