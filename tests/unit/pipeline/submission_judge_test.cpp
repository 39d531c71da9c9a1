#include "core/pipeline/submission_judge.h"

#include <gtest/gtest.h>

#include "core/pipeline/quiet_hours.h"

namespace heliograph::pipeline {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;

constexpr model::TimePoint kNow{hours{500'000}};

class JudgeTest : public testing::Test {
 protected:
  JudgeTest() {
    client.id = model::ClientId{4};
    given.to = "+14155552671";
    given.from = "TEST";
    given.text = "Hello";
    settings.providers = {{"one", 1 | 4}, {"mailer", 2}};
    settings.billing.price_per_part_cents = 5;
  }
  auto judge() { return judge_submission(settings, client, given, kNow); }
  std::string pointer() {
    const auto verdict = judge();
    return verdict ? "accepted" : verdict.error().pointer;
  }
  IntakeSettings settings;
  model::Client client;
  Submission given;
};

TEST_F(JudgeTest, CompletesAMessage) {
  client.callback_url = "https://client.example/hook";
  client.in_doubt = model::InDoubt::kAtMostOnce;
  const auto verdict = judge();
  ASSERT_TRUE(verdict) << verdict.error().detail;
  EXPECT_EQ(verdict->client, client.id);
  EXPECT_EQ(verdict->to, "+14155552671");
  EXPECT_EQ(verdict->to_given, "");
  EXPECT_EQ(verdict->lane, model::Lane::kNormal);
  EXPECT_EQ(verdict->parts, 1);
  EXPECT_EQ(verdict->cost_cents, 5);
  EXPECT_EQ(verdict->validity, hours{24});
  EXPECT_EQ(verdict->in_doubt, model::InDoubt::kAtMostOnce);
  EXPECT_EQ(verdict->callback_url, "https://client.example/hook");
  EXPECT_FALSE(verdict->send_at);
}

TEST_F(JudgeTest, WhatIsGivenWinsOverTheDefaults) {
  settings.messages.default_from = "GATEWAY";
  client.price_per_part_cents = 7;
  given.from.clear();
  given.lane = model::Lane::kUrgent;
  given.in_doubt = model::InDoubt::kResolveSame;
  given.validity = minutes{10};
  given.provider = "one";
  given.text = std::string(161, 'a');
  const auto verdict = judge();
  ASSERT_TRUE(verdict);
  EXPECT_EQ(verdict->from, "GATEWAY");
  EXPECT_EQ(verdict->lane, model::Lane::kUrgent);
  EXPECT_EQ(verdict->in_doubt, model::InDoubt::kResolveSame);
  EXPECT_EQ(verdict->validity, minutes{10});
  EXPECT_EQ(verdict->pinned_provider, "one");
  EXPECT_EQ(verdict->parts, 2);
  EXPECT_EQ(verdict->cost_cents, 14);
}

TEST_F(JudgeTest, KeepsTheNumberAsItWasGiven) {
  client.default_region = "BD";
  given.to = "01921317475";
  const auto verdict = judge();
  ASSERT_TRUE(verdict) << verdict.error().detail;
  EXPECT_EQ(verdict->to, "+8801921317475");
  EXPECT_EQ(verdict->to_given, "01921317475");
}

TEST_F(JudgeTest, WithoutBillingNothingCosts) {
  client.billing = false;
  EXPECT_EQ(judge()->cost_cents, 0);
}

TEST_F(JudgeTest, ThePriceIsThatOfTheDestination) {
  client.name = "acme";
  client.price_per_part_cents = 7;
  settings.prices = model::PriceTable({{.client = "", .prefix = "+1415", .cents = 3},
                                       {.client = "acme", .prefix = "+44", .cents = 2}});
  given.text = std::string(161, 'a');
  EXPECT_EQ(judge()->cost_cents, 6);
  given.to = "+447700900123";
  EXPECT_EQ(judge()->cost_cents, 4);
  given.to = "+8801921317475";
  EXPECT_EQ(judge()->cost_cents, 14);
  client.billing = false;
  given.to = "+14155552671";
  EXPECT_EQ(judge()->cost_cents, 0);
}

// kNow is 2027-01-15 08:00 UTC: 17:00 in Tokyo, midnight in Los Angeles.
class QuietJudgeTest : public JudgeTest {
 protected:
  QuietJudgeTest() {
    client.name = "night";
    given.to = "+819012345678";
    given.send_at = kNight;
    config::Client quiet;
    quiet.name = "night";
    quiet.quiet_hours.emplace();
    quiet.quiet_hours->from = hours{21};
    quiet.quiet_hours->to = hours{8};
    settings.quiet_hours = std::make_shared<const QuietHours>(std::vector{quiet});
  }
  bool held() {
    const auto verdict = judge();
    EXPECT_TRUE(verdict) << verdict.error().detail;
    const bool reason = verdict->schedule_reason == model::ScheduleReason::kQuietHours;
    EXPECT_EQ(verdict->send_at, reason ? kMorning : kNight);
    return reason;
  }
  static constexpr model::TimePoint kNight = kNow + hours{5};     // 22:00 in Tokyo
  static constexpr model::TimePoint kMorning = kNow + hours{15};  // 08:00
};

TEST_F(QuietJudgeTest, WhatFallsIntoTheNightIsHeldUntilMorning) {
  EXPECT_TRUE(held());
  EXPECT_EQ(judge()->validity, hours{24});  // counts from send_at on
}

TEST_F(QuietJudgeTest, NowIsNightToo) {
  given.send_at.reset();
  given.timezone = "America/Los_Angeles";  // midnight
  EXPECT_EQ(judge()->send_at, kNow + hours{8});
  given.timezone = "Asia/Tokyo";  // 17:00
  EXPECT_FALSE(judge()->send_at);
}

TEST_F(QuietJudgeTest, TheTimezoneOfTheMessageWins) {
  given.timezone = "Europe/London";
  EXPECT_FALSE(held());
  given.timezone = "Europe/Londn";
  EXPECT_EQ(pointer(), "/timezone");
}

TEST_F(QuietJudgeTest, UrgentOnesAndCodesAreSentByNight) {
  given.lane = model::Lane::kUrgent;
  EXPECT_FALSE(held());
  given.lane = model::Lane::kBulk;
  EXPECT_TRUE(held());
  given.otp = true;
  EXPECT_FALSE(held());
}

TEST_F(QuietJudgeTest, OthersAreNotConcerned) {
  client.name = "day";
  EXPECT_FALSE(held());
  client.name = "night";
  given.channel = model::Channel::kEmail;
  given.to = "a@example.com";
  given.from = "b@example.com";
  EXPECT_FALSE(held());
}

TEST_F(JudgeTest, ThePastMeansNow) {
  given.send_at = kNow - hours{1};
  EXPECT_FALSE(judge()->send_at);
  given.send_at = kNow + hours{1};
  EXPECT_EQ(judge()->send_at, kNow + hours{1});
}

TEST_F(JudgeTest, NamesTheFieldThatIsWrong) {
  using Change = void (*)(Submission&);
  const struct {
    const char* what;
    Change change;
    const char* pointer;
  } cases[] = {
      {"no recipient", [](Submission& s) { s.to.clear(); }, "/to"},
      {"a word for a number", [](Submission& s) { s.to = "nobody"; }, "/to"},
      {"a national number without region", [](Submission& s) { s.to = "01921317475"; }, "/to"},
      {"no sender", [](Submission& s) { s.from.clear(); }, "/from"},
      {"a sender that is too long", [](Submission& s) { s.from = "ABCDEFGHIJKL"; }, "/from"},
      {"no text", [](Submission& s) { s.text.clear(); }, "/text"},
      {"a text that is too long", [](Submission& s) { s.text = std::string(1'601, 'a'); }, "/text"},
      {"bytes that are no UTF-8", [](Submission& s) { s.text = "\xff"; }, "/text"},
      {"a provider nobody knows", [](Submission& s) { s.provider = "two"; }, "/provider"},
      {"a provider of another channel", [](Submission& s) { s.provider = "mailer"; }, "/provider"},
      {"no validity", [](Submission& s) { s.validity = milliseconds{0}; }, "/validity"},
      {"a negative validity", [](Submission& s) { s.validity = milliseconds{-1}; }, "/validity"},
      {"a validity of months", [](Submission& s) { s.validity = hours{24 * 90}; }, "/validity"},
      {"a time years ahead", [](Submission& s) { s.send_at = kNow + hours{24 * 400}; }, "/send_at"},
      {"a long reference", [](Submission& s) { s.client_reference = std::string(65, 'r'); },
       "/client_reference"},
      {"a reference with a line end", [](Submission& s) { s.client_reference = "a\nb"; },
       "/client_reference"},
      {"a long URL", [](Submission& s) { s.callback_url = std::string(3'000, 'u'); },
       "/callback_url"},
      {"much metadata", [](Submission& s) { s.metadata_json = std::string(5'000, ' '); },
       "/metadata"},
      {"nothing", [](Submission&) {}, "accepted"},
  };
  const Submission good = given;
  for (const auto& c : cases) {
    given = good;
    c.change(given);
    EXPECT_EQ(pointer(), c.pointer) << c.what;
  }
}

TEST_F(JudgeTest, AnErrorNeverRepeatsTheValue) {
  given.to = "4155550199x";
  EXPECT_EQ(judge().error().detail.find("4155550199"), std::string::npos);
}

TEST_F(JudgeTest, ATextIsCountedInCharacters) {
  settings.messages.text_max = 4;
  given.text = "\xC3\xA4\xC3\xB6\xC3\xBC\xC3\x9F";  // four characters, eight bytes
  EXPECT_TRUE(judge());
}

TEST_F(JudgeTest, AChannelThatNobodyCarriesIsRefused) {
  settings.providers = {{"mailer", 2}};
  EXPECT_EQ(pointer(), "/channel");
  settings.providers.clear();
  EXPECT_EQ(pointer(), "accepted");
}

TEST_F(JudgeTest, AReferenceIsCountedInCharacters) {
  for (int i = 0; i < 64; ++i) given.client_reference += "\xC3\xA4";
  EXPECT_TRUE(judge());
  given.client_reference += "x";
  EXPECT_EQ(pointer(), "/client_reference");
  given.client_reference = "\xff";
  EXPECT_EQ(pointer(), "/client_reference");
}

TEST_F(JudgeTest, AnEMailHasADefaultSenderOfItsOwn) {
  settings.messages.default_from = "GATEWAY";
  settings.messages.default_from_email = "gateway@example.com";
  given.channel = model::Channel::kEmail;
  given.to = "someone@example.com";
  given.from.clear();
  EXPECT_EQ(judge()->from, "gateway@example.com");
  settings.messages.default_from_email.clear();
  EXPECT_EQ(pointer(), "/from");
}

TEST_F(JudgeTest, ContentIsPackedAndCostsOnePart) {
  given.channel = model::Channel::kMms;
  given.text = std::string(500, 'a');
  given.content.media = {{.url = "https://example.com/a.png", .content_type = ""}};
  const auto verdict = judge();
  ASSERT_TRUE(verdict) << verdict.error().detail;
  EXPECT_EQ(model::unpack(verdict->content), given.content);
  EXPECT_EQ(verdict->parts, 1);
  EXPECT_EQ(verdict->cost_cents, 5);
  given.channel = model::Channel::kSms;
  EXPECT_EQ(pointer(), "/media");
  given.content = {};
  EXPECT_EQ(judge()->content, "");
}

TEST_F(JudgeTest, EMailHasAddressesAndOnePart) {
  given.channel = model::Channel::kEmail;
  given.to = "someone@example.com";
  given.from = "gateway@example.com";
  given.text = std::string(1'000, 'a');
  const auto verdict = judge();
  ASSERT_TRUE(verdict) << verdict.error().detail;
  EXPECT_EQ(verdict->parts, 1);
  for (const char* bad : {"someone", "@example.com", "someone@", "a b@example.com", "a@b,c@d"}) {
    given.to = bad;
    EXPECT_EQ(pointer(), "/to") << bad;
  }
  given.to = "someone@example.com";
  given.from = "TEST";
  EXPECT_EQ(pointer(), "/from");
}

TEST_F(JudgeTest, FacadesReadNumbersAsTheirSystemsDid) {
  given.to = "01921317475";
  EXPECT_EQ(pointer(), "/to");
  given.fallback_region = "BD";
  EXPECT_EQ(judge()->to, "+8801921317475");
  settings.numbers.default_region = "US";
  given.to = "4155552671";
  EXPECT_EQ(judge()->to, "+14155552671") << "the gateway's region is stronger";
  client.default_region = "BD";
  given.to = "01921317475";
  EXPECT_EQ(judge()->to, "+8801921317475") << "and the client's the strongest";
  given.to = "447911123456";
  EXPECT_EQ(pointer(), "/to");
  given.digits_are_international = true;
  EXPECT_EQ(judge()->to, "+447911123456");
}

}  // namespace
}  // namespace heliograph::pipeline
