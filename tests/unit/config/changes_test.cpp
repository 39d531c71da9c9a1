// What a reload may change, and that nothing it does not know of slips through.
#include "core/config/changes.h"

#include "tests/unit/config/load.h"

namespace heliograph::config {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr std::string_view kClient = "[[client]]\nname = \"shop\"\nkey = \"k\"\n";

Changes between(std::string_view before, std::string_view after) {
  return changes(loaded(std::string(before)), loaded(std::string(after)));
}

TEST(Changes, NoneBetweenEqualFilesWhateverTheLines) {
  const std::string file = provider_with("[provider.config]\nurl = \"http://x\"");
  EXPECT_TRUE(between(file, file).none());
  EXPECT_TRUE(between(file, "# a comment\n\n" + file).none());
}

TEST(Changes, LiveKeysAreNamed) {
  const std::string before(kClient);
  const auto found =
      between(before,
              "[log]\nlevel = \"debug\"\n[billing]\nprice_per_part_cents = 7\n[inbound]\n"
              "default_client = \"shop\"\n" +
                  before +
                  "quiet_hours = { from = \"21:00\", to = \"08:00\" }\n"
                  "[[price]]\nprefix = \"+49\"\ncents = 3\n"
                  "[[number]]\nnumber = \"+15550001111\"\nclient = \"shop\"\n");
  EXPECT_THAT(found.reloadable,
              ElementsAre("log.level", "price", "billing.price_per_part_cents", "number",
                          "inbound.default_client", "client.shop.quiet_hours"));
  EXPECT_THAT(found.restart_required, IsEmpty());
}

TEST(Changes, OthersNeedARestart) {
  EXPECT_THAT(
      between("", "[http]\nlisten = \"127.0.0.1:9\"\n[log]\nformat = \"json\"\n").restart_required,
      ElementsAre("http", "log"));
  EXPECT_THAT(between("", "[billing]\ncapture_on = \"sent\"\n").restart_required,
              ElementsAre("billing"));
  EXPECT_THAT(between(kClient, std::string(kClient) + "credit_cents = 5\n").restart_required,
              ElementsAre("client.shop"));
}

TEST(Changes, WhatMessagesGoByIsTakenOver) {
  const auto expect = [](std::string_view before, std::string_view after, std::string_view key) {
    const auto found = between(before, after);
    EXPECT_THAT(found.reloadable, ElementsAre(key));
    EXPECT_THAT(found.restart_required, IsEmpty());
    EXPECT_TRUE(found.dispatch);
  };
  expect(provider_with(""), provider_with("weight = 3"), "provider.acme");
  expect("", provider_with(""), "provider.acme");
  expect(provider_with(""), "", "provider.acme");
  expect("", "[distributor]\nplugin = \"lowest_cost\"\n", "distributor");
  expect("", "[limits.dispatch]\nlimit = 5\n", "limits.dispatch");
  expect("", "[retry]\nmax_attempts = 7\n", "retry");
  expect("", "[in_doubt]\nwait = \"7m\"\n", "in_doubt");
  EXPECT_THAT(between("", "[limits.total]\nlimit = 5\n").restart_required, ElementsAre("limits"));
  EXPECT_FALSE(between("", "[[price]]\nprefix = \"+49\"\ncents = 3\n").dispatch);
}

TEST(Changes, TheOrderOfProvidersIsAPartOfThem) {
  const std::string other = "[[provider]]\nid = \"b\"\nplugin = \"http\"\n";
  EXPECT_THAT(between(provider_with("") + other, other + provider_with("")).reloadable,
              ElementsAre("provider (order)"));
}

TEST(Changes, EverySectionIsNamed) {
  const auto expect_named = [](auto member, auto value) {
    Config wanted;
    wanted.*member = std::move(value);
    const auto found = changes(Config{}, wanted);
    ASSERT_EQ(found.restart_required.size() + found.reloadable.size(), 1U);
    EXPECT_THAT(found.restart_required, Not(Contains("(others)")));
  };
  expect_named(&Config::roles, std::vector<std::string>{"api"});
  expect_named(&Config::queue, Queue{.max_depth = 1});
  expect_named(&Config::retry, Retry{.max_attempts = 9});
  expect_named(&Config::health, Health{.probes = 9});
  expect_named(&Config::distributor, Strategy{.plugin = "lowest_cost", .config = {}});
  expect_named(&Config::routes, std::vector<Route>(1));
  expect_named(&Config::drain_timeout, milliseconds{1});
  expect_named(&Config::retention, Retention{.body = milliseconds{1}});
}

}  // namespace
}  // namespace heliograph::config
