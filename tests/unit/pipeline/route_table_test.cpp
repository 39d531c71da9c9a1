#include "core/pipeline/route_table.h"

#include <gtest/gtest.h>

namespace heliograph::pipeline {
namespace {

using model::Channel;

config::Provider provider(std::string id, std::vector<Channel> channels = {Channel::kSms}) {
  config::Provider made;
  made.id = std::move(id);
  made.channels = std::move(channels);
  return made;
}

config::Route route(std::string name, std::vector<std::string> providers = {"one"}) {
  config::Route made;
  made.name = std::move(name);
  for (std::string& id : providers) made.providers.push_back({std::move(id), {}, {}});
  return made;
}

const std::vector<config::Provider> kProviders{provider("one"),
                                               provider("two", {Channel::kSms, Channel::kMms}),
                                               provider("mailer", {Channel::kEmail})};

RouteQuery query_of(Channel channel, std::string_view to) {
  RouteQuery query;
  query.channel = channel;
  query.to = to;
  return query;
}

std::string matched(const RouteTable& table, const RouteQuery& query) {
  const auto found = table.match(query);
  return found ? table.rule(*found).name : "";
}

TEST(RouteTable, TheFirstRuleWhoseConditionsAllHoldIsTheOne) {
  config::Route otp = route("otp");
  otp.tags = {"otp"};
  otp.prefixes = {"+880"};
  config::Route bangladesh = route("bangladesh");
  bangladesh.countries = {"BD"};
  config::Route acme = route("acme");
  acme.clients = {"acme"};
  acme.senders = {"ACME", "Acme2"};
  const RouteTable table({otp, bangladesh, acme}, kProviders);
  RouteQuery query{.channel = Channel::kSms,
                   .to = "+8801712345678",
                   .from = "X",
                   .client = "acme",
                   .metadata_json = R"({"tag":"otp"})"};
  EXPECT_EQ(matched(table, query), "otp");
  query.metadata_json = R"({"tag":"news"})";
  EXPECT_EQ(matched(table, query), "bangladesh");
  EXPECT_EQ(table.mismatch(0, query), "metadata.tag");
  query.to = "+14155552671";
  EXPECT_EQ(matched(table, query), "");
  EXPECT_EQ(table.mismatch(1, query), "to");
  EXPECT_EQ(table.mismatch(2, query), "from");
  query.from = "Acme2";
  EXPECT_EQ(matched(table, query), "acme");
  query.client = "other";
  EXPECT_EQ(table.mismatch(2, query), "client");
}

TEST(RouteTable, ARuleHoldsForTheChannelsThatItsProvidersCarry) {
  const RouteTable table({route("texts", {"one", "two"}), route("all", {"mailer"})}, kProviders);
  EXPECT_EQ(matched(table, query_of(Channel::kSms, "+1")), "texts");
  EXPECT_EQ(matched(table, query_of(Channel::kMms, "+1")), "texts");
  EXPECT_EQ(matched(table, query_of(Channel::kEmail, "a@b.example")), "all");
  EXPECT_EQ(table.mismatch(0, query_of(Channel::kEmail, "")), "channel");

  config::Route narrow = route("narrow", {"one", "two"});
  narrow.channel = Channel::kMms;
  const RouteTable narrowed({narrow}, kProviders);
  EXPECT_EQ(matched(narrowed, query_of(Channel::kSms, "+1")), "");
  EXPECT_EQ(matched(narrowed, query_of(Channel::kMms, "+1")), "narrow");
}

TEST(RouteTable, WeightsAndCostsAreTheRulesElseTheProviders) {
  auto providers = kProviders;
  providers[0].weight = 4;
  providers[1].cost_micros = 70;
  config::Route own = route("own");
  own.providers = {{"one", {}, 10}, {"two", 0, {}}};
  const RouteTable table({own}, providers);
  ASSERT_EQ(table.members(0).size(), 2u);
  EXPECT_EQ(table.members(0)[0].weight, 4u);
  EXPECT_EQ(table.members(0)[0].cost_micros, 10u);
  EXPECT_EQ(table.members(0)[1].weight, 0u);
  EXPECT_EQ(table.members(0)[1].cost_micros, 70u);
  EXPECT_EQ(matched(table, query_of(Channel::kMms, "+1")), "")
      << "nobody of the rule would carry it";
}

TEST(MetadataTag, IsFoundAtTheTopAlone) {
  EXPECT_EQ(metadata_tag(""), "");
  EXPECT_EQ(metadata_tag("{}"), "");
  EXPECT_EQ(metadata_tag(R"({"tag":"a"})"), "a");
  EXPECT_EQ(metadata_tag("{ \"x\" : 1,\n \"tag\" :\t\"b c\" }"), "b c");
  EXPECT_EQ(metadata_tag(R"({"x":"tag","tag":"c"})"), "c") << "a value of that name";
  EXPECT_EQ(metadata_tag(R"({"x":{"tag":"inner"},"y":["tag","no"],"tag":"d"})"), "d");
  EXPECT_EQ(metadata_tag(R"({"x":{"tag":"inner"}})"), "");
  EXPECT_EQ(metadata_tag(R"({"x":"\",\"tag\":\"no","tag":"e"})"), "e");
  EXPECT_EQ(metadata_tag(R"({"x":"}\\","tag":"f"})"), "f");
  EXPECT_EQ(metadata_tag(R"({"tag":5})"), "");
  EXPECT_EQ(metadata_tag(R"({"tag":""})"), "");
  EXPECT_EQ(metadata_tag(R"({"tag":"a\"b"})"), "") << "a rule's tag has no such characters";
}

}  // namespace
}  // namespace heliograph::pipeline
