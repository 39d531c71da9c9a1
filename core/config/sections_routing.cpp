// [[route]]: which providers may carry what.
#include <fmt/format.h>

#include <algorithm>

#include "core/config/formats.h"
#include "core/config/sections.h"
#include "core/model/phone_number.h"

namespace heliograph::config {
namespace {

constexpr std::string_view kPrefixRule =
    "\"{}\" is no beginning of an international number, such as \"+880\"";

bool is_number_prefix(std::string_view text) {
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  return text.size() >= 2 && text.size() <= 16 && text[0] == '+' && text[1] != '0' &&
         std::ranges::all_of(text.substr(1), digit);
}

void read_channel(TableReader& table, std::optional<model::Channel>& out) {
  std::string word;
  if (!table.text("channel", word)) return;
  out = model::parse_open_channel(word);
  if (out) return;
  table.error("channel",
              fmt::format("\"{}\" is none of {}", word, model::list_open_channels(", ")));
}

// A list that is given says something: an empty one would hold for nothing.
bool read_list(TableReader& table, std::string_view key, std::vector<std::string>& out) {
  table.texts(key, out);
  if (!table.has(key)) return false;
  const auto empty = [](const std::string& value) { return value.empty(); };
  if (out.empty() || std::ranges::any_of(out, empty)) {
    table.error(key, "has nothing in it; leave it out to let every message fit");
  }
  return true;
}

bool is_plain(std::string_view text) {
  return std::ranges::none_of(
      text, [](char c) { return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20; });
}

void read_conditions(TableReader& table, Route& out) {
  read_channel(table, out.channel);
  read_list(table, "countries", out.countries);
  for (const std::string& country : out.countries) {
    if (model::is_known_region(country)) continue;
    table.error("countries", fmt::format("\"{}\" is no country such as \"BD\"", country));
  }
  read_list(table, "prefixes", out.prefixes);
  for (const std::string& prefix : out.prefixes) {
    if (!is_number_prefix(prefix)) table.error("prefixes", fmt::format(kPrefixRule, prefix));
  }
  read_list(table, "clients", out.clients);
  read_list(table, "senders", out.senders);
  read_list(table, "tags", out.tags);
  for (const std::string& tag : out.tags) {
    if (!is_plain(tag)) {
      table.error("tags", "a tag has no quotation marks, backslashes or control characters");
    }
  }
}

void read_route(TableReader& table, Route& out) {
  table.require("name");
  if (table.text("name", out.name) && !is_identifier(out.name)) {
    table.error("name",
                "expected 1 to 64 letters, digits, '_', '.' and '-', not beginning with '.'");
  }
  read_conditions(table, out);
  table.sections("provider", "id", [&](TableReader& t) {
    RouteProvider& provider = out.providers.emplace_back();
    t.require("id");
    t.text("id", provider.id);
    t.integer("weight", provider.weight, 0, 1'000'000);
    t.integer("cost_micros", provider.cost_micros, 0, 1'000'000'000'000);
  });
  table.require("provider");
  if (table.has("provider") && out.providers.empty()) {
    table.error("provider", "has nothing in it, so no message could be sent");
  }
}

}  // namespace

void read_routing(TableReader& root, Config& out) {
  root.sections("route", "name",
                [&](TableReader& table) { read_route(table, out.routes.emplace_back()); });
}

}  // namespace heliograph::config
