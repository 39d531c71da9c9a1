#include "core/base/time_text.h"

#include <gtest/gtest.h>

#include <random>

namespace heliograph::base {
namespace {

WallTime at(std::int64_t milliseconds) { return WallTime{std::chrono::milliseconds{milliseconds}}; }

TEST(Rfc3339, Writes) {
  EXPECT_EQ(format_rfc3339(at(0)), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(format_rfc3339(at(1'700'000'000'123)), "2023-11-14T22:13:20.123Z");
  EXPECT_EQ(format_rfc3339(at(951'782'400'000)), "2000-02-29T00:00:00.000Z");
  EXPECT_EQ(format_rfc3339(at(-1)), "1969-12-31T23:59:59.999Z");
}

TEST(Rfc3339, WritesTheLastItCanForTimesBeyond) {
  EXPECT_EQ(format_rfc3339(WallTime::max()), "9999-12-31T23:59:59.999Z");
  EXPECT_EQ(format_rfc3339(WallTime::min()), "0000-01-01T00:00:00.000Z");
}

TEST(Rfc3339, Reads) {
  const std::vector<std::pair<std::string_view, std::int64_t>> cases = {
      {"1970-01-01T00:00:00Z", 0},
      {"2023-11-14T22:13:20.123Z", 1'700'000'000'123},
      {"2023-11-14t22:13:20.123z", 1'700'000'000'123},
      {"2023-11-15T04:13:20.123+06:00", 1'700'000'000'123},
      {"2023-11-14T16:43:20.123-05:30", 1'700'000'000'123},
      {"2023-11-14T22:13:20-00:00", 1'700'000'000'000},
      {"2023-11-14T22:13:20.1Z", 1'700'000'000'100},
      {"2023-11-14T22:13:20.1239999999999999999Z", 1'700'000'000'123},
      {"2000-02-29T00:00:00Z", 951'782'400'000},
      {"1969-12-31T23:59:59.999Z", -1},
      {"2016-12-31T23:59:60Z", 1'483'228'800'000},       // a leap second
      {"2016-12-31T18:59:60-05:00", 1'483'228'800'000},  // the same elsewhere
      {"9999-12-31T23:59:59.999Z", 253'402'300'799'999},
  };
  for (const auto& [text, expected] : cases) {
    const auto read = parse_rfc3339(text);
    ASSERT_TRUE(read) << text;
    EXPECT_EQ(read->time_since_epoch().count(), expected) << text;
  }
}

TEST(Rfc3339, Refuses) {
  for (const std::string_view text : {"",
                                      "2023-11-14",
                                      "2023-11-14T22:13:20",
                                      "2023-11-14 22:13:20Z",
                                      "2023-11-14T22:13Z",
                                      "2023-11-14T22:13:20.Z",
                                      "2023-11-14T22:13:20,5Z",
                                      "2023-11-14T22:13:20+0600",
                                      "2023-11-14T22:13:20+06",
                                      "2023-11-14T22:13:20+24:00",
                                      "2023-11-14T22:13:20+06:60",
                                      "2023-02-29T00:00:00Z",
                                      "2023-13-01T00:00:00Z",
                                      "2023-00-01T00:00:00Z",
                                      "2023-01-00T00:00:00Z",
                                      "2023-01-32T00:00:00Z",
                                      "2023-11-14T24:00:00Z",
                                      "2023-11-14T22:60:00Z",
                                      "2023-11-14T22:13:61Z",
                                      "2023-11-14T22:13:60Z",
                                      "2016-12-31T23:59:60+01:00",
                                      "23-11-14T22:13:20Z",
                                      "02023-11-14T22:13:20Z",
                                      "2023-11-14T22:13:20Z ",
                                      " 2023-11-14T22:13:20Z",
                                      "2023-11-14T22:13:20ZZ",
                                      "-023-11-14T22:13:20Z",
                                      "2023-1a-14T22:13:20Z",
                                      "9999-12-31T23:59:59-00:01",
                                      "0000-01-01T00:00:00+00:01"}) {
    EXPECT_FALSE(parse_rfc3339(text)) << text;
  }
}

TEST(Rfc3339, ReadsWhatItWrites) {
  std::mt19937_64 random(3);
  std::uniform_int_distribution<std::int64_t> any(-62'167'219'200'000, 253'402'300'799'999);
  for (int i = 0; i < 2'000; ++i) {
    const WallTime time = at(any(random));
    EXPECT_EQ(parse_rfc3339(format_rfc3339(time)), time) << format_rfc3339(time);
  }
}

}  // namespace
}  // namespace heliograph::base
