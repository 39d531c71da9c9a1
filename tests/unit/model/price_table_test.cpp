#include "core/model/price_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace heliograph::model {
namespace {

std::int64_t cents(const PriceTable& table, std::string_view client, std::string_view to,
                   Channel channel = Channel::kSms) {
  const PriceRule* rule = table.find(client, channel, to);
  return rule == nullptr ? -1 : rule->cents;
}

TEST(PriceTable, TheLongestPrefixWins) {
  const PriceTable table({{.client = "", .prefix = "+880", .cents = 3},
                          {.client = "", .prefix = "+8801", .cents = 4},
                          {.client = "", .prefix = "", .cents = 9}});
  EXPECT_EQ(cents(table, "acme", "+8801921317475"), 4);
  EXPECT_EQ(cents(table, "acme", "+8802921317475"), 3);
  EXPECT_EQ(cents(table, "acme", "+14155552671"), 9);
  EXPECT_EQ(cents(table, "acme", "+14155552671", Channel::kMms), -1);
}

TEST(PriceTable, TheClientsOwnComeFirst) {
  const PriceTable table({{.client = "", .prefix = "+8801", .cents = 4},
                          {.client = "acme", .prefix = "+88", .cents = 2}});
  EXPECT_EQ(cents(table, "acme", "+8801921317475"), 2);
  EXPECT_EQ(cents(table, "other", "+8801921317475"), 4);
  EXPECT_EQ(cents(table, "other", "+8821"), -1);
}

TEST(PriceTable, AddressesHaveThePriceOfTheirChannel) {
  const PriceTable table({{.client = "", .channel = Channel::kEmail, .prefix = "", .cents = 1}});
  EXPECT_EQ(cents(table, "acme", "a@example.com", Channel::kEmail), 1);
  EXPECT_EQ(cents(table, "acme", "+8801921317475"), -1);
}

TEST(PriceTable, EmptyKnowsNothing) {
  EXPECT_EQ(PriceTable().find("acme", Channel::kSms, "+1415"), nullptr);
}

const PriceRule* scan(const std::vector<PriceRule>& rules, std::string_view client, Channel channel,
                      std::string_view to) {
  const PriceRule* best = nullptr;
  for (const PriceRule& rule : rules) {
    if (rule.channel != channel || !to.starts_with(rule.prefix)) continue;
    if (!rule.client.empty() && rule.client != client) continue;
    const bool better =
        best == nullptr || rule.client.empty() < best->client.empty() ||
        (rule.client.empty() == best->client.empty() && rule.prefix.size() > best->prefix.size());
    if (better) best = &rule;
  }
  return best;
}

// Few digits and short numbers, so that prefixes meet often.
TEST(PriceTable, FindsWhatAScanFinds) {
  std::mt19937 random(20261122);
  const auto below = [&](std::size_t n) { return random() % n; };
  const auto digits = [&](std::size_t most) {
    std::string out = "+";
    for (std::size_t n = 1 + below(most); n > 0; --n) out += static_cast<char>('1' + below(2));
    return out;
  };
  const std::vector<std::string> clients{"", "a", "b", "ab"};
  std::size_t found = 0;
  for (int round = 0; round < 300; ++round) {
    std::vector<PriceRule> rules;
    for (std::size_t n = below(40); n > 0; --n) {
      PriceRule rule{.client = clients[below(4)],
                     .channel = below(4) == 0 ? Channel::kMms : Channel::kSms,
                     .prefix = below(10) == 0 ? "" : digits(6),
                     .cents = static_cast<std::int64_t>(rules.size())};
      const auto same = [&](const PriceRule& other) {
        return other.client == rule.client && other.channel == rule.channel &&
               other.prefix == rule.prefix;
      };
      if (std::ranges::none_of(rules, same)) rules.push_back(std::move(rule));
    }
    const PriceTable table(rules);
    for (int question = 0; question < 100; ++question) {
      const std::string& client = clients[1 + below(3)];
      const Channel channel = below(3) == 0 ? Channel::kMms : Channel::kSms;
      const std::string to = digits(9);
      const PriceRule* expected = scan(rules, client, channel, to);
      const PriceRule* answer = table.find(client, channel, to);
      ASSERT_EQ(answer != nullptr, expected != nullptr) << client << ' ' << to;
      if (expected == nullptr) continue;
      ++found;
      ASSERT_EQ(*answer, *expected) << client << ' ' << to;
    }
  }
  EXPECT_GT(found, 5'000u);
}

}  // namespace
}  // namespace heliograph::model
