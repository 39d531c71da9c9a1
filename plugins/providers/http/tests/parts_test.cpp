// The small parts on their own: timestamps, forms, signatures, classification.
#include <gtest/gtest.h>

#include <heliograph/abi/abi.h>

#include "plugins/providers/http/classification.h"
#include "plugins/providers/http/form.h"
#include "plugins/providers/http/signature.h"
#include "plugins/providers/http/timestamp.h"

namespace heliograph::plugins::http {
namespace {

TEST(Timestamp, ReadsRfc3339AndNumbers) {
  const struct {
    std::string_view text;
    std::int64_t milliseconds;
  } kCases[] = {
      {"1970-01-01T00:00:00Z", 0},
      {"2024-02-29T23:59:59Z", 1'709'251'199'000},
      {"2024-05-01T12:00:00.5Z", 1'714'564'800'500},
      {"2024-05-01t12:00:00.123456789z", 1'714'564'800'123},
      {"2024-05-01 14:00:00+02:00", 1'714'564'800'000},
      {"2024-05-01T06:30:00-05:30", 1'714'564'800'000},
      {"2016-12-31T23:59:60Z", 1'483'228'800'000},
      {"1714564800", 1'714'564'800'000},
      {"1714564800123", 1'714'564'800'123},
      {"0", 0},
  };
  for (const auto& c : kCases) {
    const auto moment = parse_timestamp(c.text);
    ASSERT_TRUE(moment.has_value()) << c.text;
    EXPECT_EQ(std::chrono::floor<std::chrono::milliseconds>(*moment).count(), c.milliseconds)
        << c.text;
  }
}

TEST(Timestamp, RefusesTheRest) {
  const std::string_view kCases[] = {
      "",
      "now",
      "-5",
      "1e9",
      "2024-05-01",
      "2024-05-01T12:00:00",
      "2024-05-01T12:00Z",
      "2024-13-01T12:00:00Z",
      "2023-02-29T12:00:00Z",
      "2024-05-01T24:00:00Z",
      "2024-05-01T12:60:00Z",
      "2024-05-01T12:00:61Z",
      "2024-05-01T12:00:00.Z",
      "2024-05-01T12:00:00+2",
      "2024-05-01T12:00:00Z ",
      "9999-05-01T12:00:00Z",
      "0001-05-01T12:00:00Z",
      "99999999999999999999",
      "9999999999999",
      "99999999999",
  };
  for (const std::string_view text : kCases) EXPECT_FALSE(parse_timestamp(text)) << text;
}

TEST(Form, BecomesJson) {
  EXPECT_EQ(form_to_json("a=1&b=x+y%20z&c=%C3%A9&d&=e"),
            "{\"a\":\"1\",\"b\":\"x y z\",\"c\":\"\xC3\xA9\",\"d\":\"\",\"\":\"e\"}");
  EXPECT_EQ(form_to_json(""), "{}");
  EXPECT_EQ(form_to_json("&&"), "{}");
  EXPECT_EQ(form_to_json("a=%&b=%4&c=%zz&d=%22%5C"), R"({"a":"%","b":"%4","c":"%zz","d":"\"\\"})");
}

TEST(Signature, AgreesWithRfc4231) {
  // Test case 2 of RFC 4231: key "Jefe".
  EXPECT_TRUE(
      signature_matches("Jefe", "what do ya want for nothing?",
                        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"));
  EXPECT_FALSE(
      signature_matches("jefe", "what do ya want for nothing?",
                        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"));
  EXPECT_TRUE(signature_matches(
      "", "", "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"));
}

TEST(Classification, KnowsItsNames) {
  EXPECT_EQ(outcome_named("sent"), HG_SENT);
  EXPECT_EQ(outcome_named("rejected"), HG_REJECTED);
  EXPECT_EQ(outcome_named("retry"), HG_RETRY);
  EXPECT_EQ(outcome_named("unknown"), HG_UNKNOWN);
  EXPECT_EQ(outcome_named("throttled"), HG_THROTTLED);
  EXPECT_EQ(outcome_named("refused"), HG_REFUSED);
  EXPECT_FALSE(outcome_named("SENT"));
  EXPECT_FALSE(outcome_named(""));
}

TEST(Classification, AStatusBeyondTheCodesIsUnknown) {
  const Classification classification;
  EXPECT_EQ(classification.of_status(0), HG_UNKNOWN);
  EXPECT_EQ(classification.of_status(-1), HG_UNKNOWN);
  EXPECT_EQ(classification.of_status(600), HG_UNKNOWN);
}

}  // namespace
}  // namespace heliograph::plugins::http
