// [[number]], [inbound], [opt_out] and conversations of a client.
#include "tests/unit/config/load.h"

namespace heliograph::config {
namespace {

using testing::ElementsAre;

constexpr const char* kClient = "[[client]]\nname = \"demo\"\n";

std::string with_client(const std::string& rest) { return kClient + rest; }

TEST(InboundConfig, Defaults) {
  const Config config = loaded("");
  EXPECT_TRUE(config.numbers_owned.empty());
  EXPECT_EQ(config.inbound.default_client, "");
  EXPECT_TRUE(config.opt_out.enabled);
  EXPECT_THAT(config.opt_out.words.stop, ElementsAre("stop", "stopall", "unsubscribe", "cancel",
                                                     "end", "quit", "revoke", "optout"));
  EXPECT_THAT(config.opt_out.words.start, ElementsAre("start", "unstop", "yes"));
  EXPECT_FALSE(loaded(kClient).clients.at(0).conversations);
}

TEST(InboundConfig, NumbersTakeTheFormOfMessages) {
  const Config config = loaded(with_client(R"(conversations = true
[[number]]
number = "+1 (555) 123-4567"
client = "demo"
[[number]]
number = "12345"
client = "demo"
[[number]]
number = "Desk@Example.com"
client = "demo"
[inbound]
default_client = "demo"
[opt_out]
enabled = false
stop = ["ARRET", "opt out"]
start = []
)"));
  EXPECT_TRUE(config.clients.at(0).conversations);
  ASSERT_EQ(config.numbers_owned.size(), 3u);
  EXPECT_EQ(config.numbers_owned[0], (OwnNumber{"+15551234567", "demo"}));
  EXPECT_EQ(config.numbers_owned[1].number, "12345");
  EXPECT_EQ(config.numbers_owned[2].number, "desk@example.com");
  EXPECT_EQ(config.inbound.default_client, "demo");
  EXPECT_FALSE(config.opt_out.enabled);
  EXPECT_THAT(config.opt_out.words.stop, ElementsAre("arret", "opt out"));
  EXPECT_TRUE(config.opt_out.words.start.empty());
}

TEST(InboundConfig, WhatIsWrongIsNamed) {
  const struct {
    std::string toml;
    std::string error;
  } kCases[] = {
      {with_client("[[number]]\nclient = \"demo\""),
       "test.toml:3: [[number]] #1 number: is missing"},
      {with_client("[[number]]\nnumber = \"?\"\nclient = \"demo\""),
       "test.toml:4: [[number]] '?' number: expected a number in international form, a short code "
       "of 3 to 8 digits or an e-mail address"},
      {with_client("[[number]]\nnumber = \"12345\""),
       "test.toml:3: [[number]] '12345' client: is missing"},
      {with_client("[[number]]\nnumber = \"12345\"\nclient = \"nobody\""),
       "test.toml:3: [[number]] '12345' client: there is no [[client]] 'nobody'"},
      {with_client("[[number]]\nnumber = \"+15551234567\"\nclient = \"demo\"\n"
                   "[[number]]\nnumber = \"15551234567\"\nclient = \"demo\""),
       "test.toml:6: [[number]] '+15551234567': this number is there twice"},
      {with_client("[inbound]\ndefault_client = \"nobody\""),
       "test.toml:4: [inbound] default_client: there is no [[client]] 'nobody'"},
      {"[opt_out]\nstop = [\"a word that is much too long for one\"]",
       "test.toml:2: [opt_out] stop: \"a word that is much too long for one\" is no word of 1 to "
       "32 "
       "bytes"},
      {"[opt_out]\nstop = [\" stop\"]",
       "test.toml:2: [opt_out] stop: \" stop\" is no word of 1 to 32 bytes"},
      {"[opt_out]\nstart = [\"Stop\"]",
       "test.toml:2: [opt_out] start: \"stop\" is among the words of stop too"},
  };
  for (const auto& c : kCases) EXPECT_THAT(errors(c.toml), ElementsAre(c.error)) << c.toml;
}

}  // namespace
}  // namespace heliograph::config
