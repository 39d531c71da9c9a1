#include "core/model/zone_table.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "core/model/number_table.h"

namespace heliograph::model {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

TEST(ZoneTable, KnowsTheZonesOfACountry) {
  EXPECT_THAT(zones_of_number("+8801921317475"), ElementsAre("Asia/Dhaka"));
  EXPECT_THAT(zones_of_number("+6421555010"), ElementsAre("Pacific/Auckland", "Pacific/Chatham"));
  const auto american = zones_of_number("+14155552671");
  EXPECT_THAT(american, Contains("America/New_York"));
  EXPECT_THAT(american, Contains("Pacific/Honolulu"));
  EXPECT_THAT(american, Not(Contains("Pacific/Guam")));
  EXPECT_THAT(american, Not(Contains("America/Toronto")));
}

TEST(ZoneTable, TellsCountriesApartThatShareACallingCode) {
  EXPECT_THAT(zones_of_number("+14165550123"), Contains("America/Toronto"));
  EXPECT_THAT(zones_of_number("+16715550123"), ElementsAre("Pacific/Guam"));
  EXPECT_THAT(zones_of_number("+18765550123"), ElementsAre("America/Jamaica"));
  EXPECT_THAT(zones_of_number("+77011234567"), Contains("Asia/Almaty"));
  EXPECT_THAT(zones_of_number("+77011234567"), Not(Contains("Europe/Moscow")));
  EXPECT_THAT(zones_of_number("+79161234567"), Contains("Europe/Moscow"));
}

TEST(ZoneTable, EveryCountryHasAZone) {
  for (unsigned code = 1; code < 1'000; ++code) {
    const bool country = find_calling_code(code) != nullptr;
    const bool zones = !zones_of_number("+" + std::to_string(code) + "5550123").empty();
    // Numbers of no country (ITU-T E.164, table of assigned codes): free phone, satellites, shared
    // cost and the like.
    const bool global = code >= 800 && (code == 800 || code == 808 || code == 870 || code == 878 ||
                                        (code >= 881 && code <= 888 && code != 886) || code == 979);
    if (country) EXPECT_EQ(zones, !global) << code;
  }
}

TEST(ZoneTable, ThereIsNoZoneWithoutACountry) {
  EXPECT_THAT(zones_of_number("+88163150123"), IsEmpty());
  EXPECT_THAT(zones_of_number("name@example.com"), IsEmpty());
  EXPECT_THAT(zones_of_number("+"), IsEmpty());
  EXPECT_THAT(zones_of_number(""), IsEmpty());
}

TEST(ZoneTable, KnowsNamesAndOlderNames) {
  EXPECT_TRUE(is_zone_name("Europe/Berlin"));
  EXPECT_TRUE(is_zone_name("Asia/Calcutta"));
  EXPECT_TRUE(is_zone_name("UTC"));
  for (const char* wrong : {"", "localtime", "europe/berlin", "Europe/", "../../etc/passwd",
                            "/usr/share/zoneinfo/UTC", "Fixed/UTC+01:00:00", "Factory"}) {
    EXPECT_FALSE(is_zone_name(wrong)) << wrong;
  }
  EXPECT_TRUE(std::ranges::all_of(country_zones(), is_zone_name));
}

}  // namespace
}  // namespace heliograph::model
