#include "core/pipeline/quiet_hours.h"

#include <gtest/gtest.h>

#include "core/base/time_text.h"

namespace heliograph::pipeline {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr const char* kDhaka = "+8801921317475";  // UTC+6, no summer time
constexpr const char* kBerlin = "+4915112345678";

config::Client client_with(config::QuietHours hours) {
  config::Client client;
  client.name = "acme";
  client.quiet_hours = std::move(hours);
  return client;
}

class QuietHoursTest : public testing::Test {
 protected:
  QuietHoursTest() { between(hours{21}, hours{8}); }
  void between(minutes from, minutes to) {
    rule.from = from;
    rule.to = to;
  }
  static model::TimePoint at(std::string_view text) { return *base::parse_rfc3339(text); }
  // When a message that is wanted at `wanted` goes out; "day" when at once.
  std::string sent(std::string_view wanted, std::string_view to, std::string_view timezone = {}) {
    const std::vector<config::Client> clients{client_with(rule)};
    const QuietHours quiet(clients);
    const auto earliest = quiet.earliest(rule, to, timezone, at(wanted));
    if (!earliest) return earliest.error();
    return *earliest == at(wanted) ? "day" : base::format_rfc3339(*earliest);
  }
  std::string in(std::string_view zone, std::string_view wanted) {
    return sent(wanted, kDhaka, zone);
  }
  config::QuietHours rule;
};

TEST_F(QuietHoursTest, TheNightOfTheRecipientIsWaitedOut) {
  EXPECT_EQ(sent("2026-11-22T14:59:59Z", kDhaka), "day");                       // 20:59:59
  EXPECT_EQ(sent("2026-11-22T15:00:00Z", kDhaka), "2026-11-23T02:00:00.000Z");  // 21:00
  EXPECT_EQ(sent("2026-11-22T20:00:00Z", kDhaka), "2026-11-23T02:00:00.000Z");  // 02:00
  EXPECT_EQ(sent("2026-11-23T01:59:59.999Z", kDhaka), "2026-11-23T02:00:00.000Z");
  EXPECT_EQ(sent("2026-11-23T02:00:00Z", kDhaka), "day");
}

TEST_F(QuietHoursTest, MayLieWithinOneDay) {
  between(hours{13}, hours{15});
  EXPECT_EQ(sent("2026-11-22T06:59:59Z", kDhaka), "day");
  EXPECT_EQ(sent("2026-11-22T07:00:00Z", kDhaka), "2026-11-22T09:00:00.000Z");
  EXPECT_EQ(sent("2026-11-22T09:00:00Z", kDhaka), "day");
  EXPECT_EQ(sent("2026-11-22T23:00:00Z", kDhaka), "day");
}

TEST_F(QuietHoursTest, MayEndAtMidnight) {
  between(hours{21}, hours{0});
  EXPECT_EQ(sent("2026-11-22T15:00:00Z", kDhaka), "2026-11-22T18:00:00.000Z");
  EXPECT_EQ(sent("2026-11-22T18:00:00Z", kDhaka), "day");
}

// Europe: forward on 2026-03-29 at 01:00Z, back on 2026-10-25 at 01:00Z.
TEST_F(QuietHoursTest, ANightIsShorterWhenClocksGoForward) {
  EXPECT_EQ(sent("2026-03-27T22:00:00Z", kBerlin), "2026-03-28T07:00:00.000Z");
  EXPECT_EQ(sent("2026-03-28T22:00:00Z", kBerlin), "2026-03-29T06:00:00.000Z");
}

TEST_F(QuietHoursTest, ANightIsLongerWhenClocksGoBack) {
  EXPECT_EQ(sent("2026-10-23T22:00:00Z", kBerlin), "2026-10-24T06:00:00.000Z");
  EXPECT_EQ(sent("2026-10-24T22:00:00Z", kBerlin), "2026-10-25T07:00:00.000Z");
}

TEST_F(QuietHoursTest, ATimeThatTheClockSkipsIsTheMomentItIsPutForward) {
  between(hours{23}, hours{2} + minutes{30});
  EXPECT_EQ(sent("2026-03-29T00:30:00Z", kBerlin), "2026-03-29T01:00:00.000Z");  // shows 03:00
  between(hours{2} + minutes{30}, hours{5});
  EXPECT_EQ(sent("2026-03-29T00:59:59Z", kBerlin), "day");
  EXPECT_EQ(sent("2026-03-29T01:00:00Z", kBerlin), "2026-03-29T03:00:00.000Z");
}

TEST_F(QuietHoursTest, OfATimeThatTheClockShowsTwiceTheNightHasBoth) {
  between(hours{23}, hours{2} + minutes{30});
  EXPECT_EQ(sent("2026-10-25T00:45:00Z", kBerlin), "2026-10-25T01:30:00.000Z");  // 02:45, first
  EXPECT_EQ(sent("2026-10-25T01:30:00Z", kBerlin), "day");
  between(hours{2} + minutes{30}, hours{5});
  EXPECT_EQ(sent("2026-10-25T00:29:59Z", kBerlin), "day");
  EXPECT_EQ(sent("2026-10-25T01:15:00Z", kBerlin), "2026-10-25T04:00:00.000Z");  // 02:15, again
}

TEST_F(QuietHoursTest, KnowsBothSidesOfTheDateLine) {
  EXPECT_EQ(in("Pacific/Kiritimati", "2026-11-22T07:00:00Z"), "2026-11-22T18:00:00.000Z");  // +14
  EXPECT_EQ(in("Pacific/Kiritimati", "2026-11-22T18:00:00Z"), "day");
  EXPECT_EQ(in("Pacific/Pago_Pago", "2026-11-22T08:00:00Z"), "2026-11-22T19:00:00.000Z");  // -11
  EXPECT_EQ(in("Pacific/Pago_Pago", "2026-11-22T19:00:00Z"), "day");
}

// Samoa went over the date line: 2011-12-29 24:00 was 2011-12-31 00:00.
TEST_F(QuietHoursTest, ADayThatNeverWasHasNoNight) {
  EXPECT_EQ(in("Pacific/Apia", "2011-12-30T09:00:00Z"), "2011-12-30T18:00:00.000Z");
  EXPECT_EQ(in("Pacific/Apia", "2011-12-30T10:30:00Z"), "2011-12-30T18:00:00.000Z");
  EXPECT_EQ(in("Pacific/Apia", "2011-12-30T18:00:00Z"), "day");
}

// Its day begins with Honolulu's morning and ends with New York's evening.
TEST_F(QuietHoursTest, ACountrySleepsWhileAnyOfItDoes) {
  constexpr const char* kAmerican = "+14155552671";
  EXPECT_EQ(sent("2026-11-22T14:00:00Z", kAmerican), "2026-11-22T18:00:00.000Z");  // Honolulu 08:00
  EXPECT_EQ(sent("2026-11-22T18:00:00Z", kAmerican), "day");
  EXPECT_EQ(sent("2026-11-23T01:59:59Z", kAmerican), "day");
  EXPECT_EQ(sent("2026-11-23T02:00:00Z", kAmerican), "2026-11-23T18:00:00.000Z");  // New York 21:00
  EXPECT_EQ(sent("2026-11-22T14:00:00Z", kAmerican, "America/New_York"), "day");
}

TEST_F(QuietHoursTest, WhereItIsNeverDayEverywhereTheZoneIsAskedFor) {
  between(hours{14}, hours{12});
  constexpr const char* kRussian = "+79161234567";
  EXPECT_NE(sent("2026-11-22T14:00:00Z", kRussian).find("name the recipient's"), std::string::npos);
  EXPECT_EQ(sent("2026-11-22T14:00:00Z", kRussian, "Europe/Moscow"), "2026-11-23T09:00:00.000Z");
}

TEST_F(QuietHoursTest, WithoutACountryTheClientsZoneCounts) {
  EXPECT_EQ(sent("2026-11-22T22:00:00Z", "name@example.com"), "day");
  EXPECT_EQ(sent("2026-11-22T22:00:00Z", "+88163150123"), "day");
  rule.timezone = "Europe/Berlin";
  EXPECT_EQ(sent("2026-11-22T22:00:00Z", "name@example.com"), "2026-11-23T07:00:00.000Z");
  EXPECT_EQ(sent("2026-11-22T22:00:00Z", "+88163150123"), "2026-11-23T07:00:00.000Z");
  EXPECT_EQ(sent("2026-11-22T22:00:00Z", kDhaka), "2026-11-23T02:00:00.000Z");
}

TEST_F(QuietHoursTest, UnknownZonesAreRefused) {
  EXPECT_EQ(in("../../etc/passwd", "2026-11-22T22:00:00Z"),
            "This system does not know the time zone.");
}

// Whatever the clocks do, what comes out is day everywhere, and nothing before it was.
TEST_F(QuietHoursTest, TheEndIsDayAndTheFirstOne) {
  const std::vector<config::Client> clients{client_with(rule)};
  const QuietHours quiet(clients);
  for (const char* to :
       {kBerlin, "+14155552671", "+6421555010", "+61412345678", "+5511912345678"}) {
    for (auto t = at("2026-01-01T00:17:00Z"); t < at("2027-01-01T00:00:00Z"); t += hours{7}) {
      const auto end = quiet.earliest(rule, to, {}, t);
      ASSERT_TRUE(end);
      ASSERT_EQ(*quiet.earliest(rule, to, {}, *end), *end) << to << base::format_rfc3339(t);
      if (*end == t) continue;
      ASSERT_EQ(*quiet.earliest(rule, to, {}, *end - minutes{1}), *end) << base::format_rfc3339(t);
    }
  }
}

TEST_F(QuietHoursTest, AreOfAClientAndItsChannels) {
  const std::vector<config::Client> clients{client_with(rule)};
  const QuietHours quiet(clients);
  EXPECT_NE(quiet.of("acme", model::Channel::kSms), nullptr);
  EXPECT_NE(quiet.of("acme", model::Channel::kMms), nullptr);
  EXPECT_EQ(quiet.of("acme", model::Channel::kEmail), nullptr);
  EXPECT_EQ(quiet.of("other", model::Channel::kSms), nullptr);
}

}  // namespace
}  // namespace heliograph::pipeline
