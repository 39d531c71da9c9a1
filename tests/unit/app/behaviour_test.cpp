#include "core/app/mock/behaviour.h"

#include <gtest/gtest.h>

#include <array>

namespace heliograph::app::mock {
namespace {

TEST(Behaviour, ADocumentChangesWhatItNames) {
  Behaviour behaviour;
  behaviour.success_rate = 0.25;
  ASSERT_TRUE(apply_json(R"({"latency_ms": 250, "fault": "hang", "dedupe": true})", behaviour));
  EXPECT_EQ(behaviour.latency, milliseconds{250});
  EXPECT_EQ(behaviour.fault, "hang");
  EXPECT_TRUE(behaviour.dedupe);
  EXPECT_EQ(behaviour.success_rate, 0.25);
}

TEST(Behaviour, ABadDocumentChangesNothingAndNamesTheField) {
  const std::array<std::pair<const char*, const char*>, 7> cases = {{
      {"[]", "object"},
      {"{", "object"},
      {R"({"latency_ms": -1})", "latency_ms"},
      {R"({"latency_ms": 5, "success_rate": 1.5})", "success_rate"},
      {R"({"dedupe": 1})", "dedupe"},
      {R"({"fault": "sulk"})", "fault"},
      {R"({"colour": "red"})", "unknown field"},
  }};
  for (const auto& [document, named] : cases) {
    Behaviour behaviour;
    const auto result = apply_json(document, behaviour);
    ASSERT_FALSE(result) << document;
    EXPECT_NE(result.error().find(named), std::string::npos) << result.error();
    EXPECT_EQ(behaviour.latency, milliseconds{0}) << document;
  }
}

TEST(Behaviour, TheDocumentItShowsCanBePutBackAndHoldsNoSecret) {
  Behaviour behaviour;
  behaviour.receipts_secret = "s3cret";
  const auto shown = to_json(behaviour);
  EXPECT_EQ(shown.find("s3cret"), std::string::npos);
  EXPECT_TRUE(apply_json(shown, behaviour)) << shown;
  EXPECT_EQ(behaviour.receipts_secret, "s3cret");
}

TEST(Dice, TheSameSeedDrawsTheSame) {
  Behaviour behaviour;
  behaviour.success_rate = 0.5;
  behaviour.temp_fail_rate = 0.3;
  behaviour.perm_fail_rate = 0.2;
  Dice first(7);
  Dice second(7);
  for (int i = 0; i < 200; ++i) EXPECT_EQ(first.draw(behaviour), second.draw(behaviour));
}

TEST(Dice, TheRatesAreMet) {
  Behaviour behaviour;
  behaviour.success_rate = 0.8;
  behaviour.temp_fail_rate = 0.15;
  behaviour.perm_fail_rate = 0.05;
  Dice dice(1);
  std::array<int, 4> counts{};
  for (int i = 0; i < 20'000; ++i) ++counts.at(static_cast<std::size_t>(dice.draw(behaviour)));
  EXPECT_NEAR(counts[0], 16'000, 300);
  EXPECT_NEAR(counts[1], 3'000, 200);
  EXPECT_NEAR(counts[2], 1'000, 150);
  EXPECT_EQ(counts[3], 0);
}

}  // namespace
}  // namespace heliograph::app::mock
