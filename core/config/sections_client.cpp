// [[client]]: clients declared in the file, with their keys. [[price]]: what they pay.
#include <fmt/format.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <span>

#include "core/base/text.h"
#include "core/config/formats.h"
#include "core/config/sections.h"
#include "core/model/phone_number.h"
#include "core/model/zone_table.h"

namespace heliograph::config {
namespace {

constexpr std::size_t kNameMax = 64;
constexpr double kRateMax = 1e9;

std::string sha256_hex(std::string_view text) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return base::to_hex(std::as_bytes(std::span(digest)));
}

// Never says what the key is, only what is wrong with how it is given.
void read_key(TableReader& table, const Surroundings& surroundings, std::string& sha256) {
  std::string written;
  const bool has_key = table.text("key", written);
  const bool has_digest = table.text("key_sha256", sha256);
  if (table.has("key") && table.has("key_sha256")) {
    return table.error("key", "key and key_sha256 are both given; one of them is enough");
  }
  if (has_digest && !is_sha256_hex(sha256)) {
    table.error("key_sha256", "expected 64 hexadecimal digits");
  }
  sha256 = base::to_lower_ascii(sha256);
  if (!has_key) return;
  const auto key = resolve_secret(written, surroundings.environment, surroundings.folder);
  if (!key) return table.error("key", key.error());
  if (key->empty()) return table.error("key", "is empty");
  sha256 = sha256_hex(*key);
}

void read_scopes(TableReader& table, std::uint8_t& out) {
  if (!table.has("scopes")) {
    std::vector<std::string> none;
    return table.texts("scopes", none);
  }
  std::vector<std::string> words;
  table.texts("scopes", words);
  out = 0;
  for (const std::string& word : words) {
    if (const auto scope = model::parse_scope(word)) {
      out = static_cast<std::uint8_t>(out | *scope);
    } else {
      table.error("scopes", fmt::format("\"{}\" is none of \"send\", \"read\", \"admin\"", word));
    }
  }
  if (words.empty()) table.error("scopes", "names no scope");
}

// "21:00"; nothing else, so that "9:00" is not read as evening.
std::optional<std::chrono::minutes> parse_time_of_day(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  const auto hour = base::parse_uint(text.substr(0, 2));
  const auto minute = base::parse_uint(text.substr(3));
  if (!hour || !minute || *hour > 23 || *minute > 59) return std::nullopt;
  return std::chrono::minutes{*hour * 60 + *minute};
}

void read_time_of_day(TableReader& table, std::string_view key, std::chrono::minutes& out) {
  table.require(key);
  std::string text;
  if (!table.text(key, text)) return;
  if (const auto time = parse_time_of_day(text)) {
    out = *time;
  } else {
    table.error(key, fmt::format("\"{}\" is no time of day from \"00:00\" to \"23:59\"", text));
  }
}

void read_quiet_channels(TableReader& table, std::vector<model::Channel>& out) {
  std::vector<std::string> words;
  table.texts("channels", words);
  if (!table.has("channels")) return;
  out.clear();
  for (const std::string& word : words) {
    if (const auto channel = model::parse_open_channel(word)) {
      out.push_back(*channel);
    } else {
      table.error("channels",
                  fmt::format("\"{}\" is none of {}", word, model::list_open_channels(", ")));
    }
  }
  if (words.empty()) table.error("channels", "names no channel");
}

void read_quiet_hours(TableReader& table, QuietHours& out) {
  read_time_of_day(table, "from", out.from);
  read_time_of_day(table, "to", out.to);
  if (table.has("from") && table.has("to") && out.from == out.to) {
    table.error("to", "is the same as from, which leaves no quiet time or no other");
  }
  read_quiet_channels(table, out.channels);
  table.text("timezone", out.timezone);
  if (!out.timezone.empty() && !model::is_zone_name(out.timezone)) {
    table.error("timezone",
                fmt::format("\"{}\" is no time zone such as \"Asia/Dhaka\"", out.timezone));
  }
  const auto lacks_country = [](model::Channel channel) {
    return !model::channel_info(channel).telephony;
  };
  if (out.timezone.empty() && std::ranges::any_of(out.channels, lacks_country)) {
    table.error("timezone", "is missing: e-mail addresses do not tell their country");
  }
}

}  // namespace

void read_price(TableReader& table, model::PriceRule& out) {
  constexpr std::size_t kPrefixMax = 16;  // '+' and 15 digits (ITU-T E.164, 6.1)
  table.text("client", out.client);
  if (table.has("client") && out.client.empty()) table.error("client", "is empty");
  std::string channel(to_string(out.channel));
  if (table.text("channel", channel)) {
    const auto open = model::parse_open_channel(channel);
    if (!open) {
      table.error("channel",
                  fmt::format("\"{}\" is none of {}", channel, model::list_open_channels(", ")));
    }
    out.channel = open.value_or(out.channel);
  }
  if (table.text("prefix", out.prefix)) {
    const std::string_view digits = std::string_view(out.prefix).substr(out.prefix.empty() ? 0 : 1);
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    if (!model::channel_info(out.channel).telephony) {
      table.error("prefix", "e-mail addresses have none; leave it out");
    } else if (!out.prefix.starts_with('+') || digits.empty() || out.prefix.size() > kPrefixMax ||
               !std::ranges::all_of(digits, is_digit)) {
      table.error("prefix", fmt::format("\"{}\" is no prefix such as \"+880\"", out.prefix));
    }
  }
  table.require("cents");
  table.integer("cents", out.cents, 0, 1'000'000'000);
}

void read_client(TableReader& table, const Surroundings& surroundings, Client& out) {
  table.require("name");
  if (table.text("name", out.name) && (out.name.empty() || out.name.size() > kNameMax)) {
    table.error("name", "expected 1 to 64 characters");
  }
  read_key(table, surroundings, out.key_sha256);
  table.integer("credit_cents", out.credit_cents, 0, kCentsMax);
  table.boolean("billing", out.billing);
  table.real("rate", out.rate, 0.001, kRateMax);
  table.real("burst", out.burst, 1.0, kRateMax);
  table.integer("price_per_part_cents", out.price_per_part_cents, 0, 1'000'000'000);
  table.text("default_region", out.default_region);
  if (!out.default_region.empty() && !model::is_known_region(out.default_region)) {
    table.error("default_region",
                fmt::format("\"{}\" is no region such as \"BD\"", out.default_region));
  }
  table.text("callback_url", out.callback_url);
  if (!out.callback_url.empty() && !is_http_url(out.callback_url)) {
    table.error("callback_url", "expected an http:// or https:// address");
  }
  std::string in_doubt(to_string(out.in_doubt));
  table.choice("in_doubt", in_doubt, {"auto", "resolve_same", "at_least_once", "at_most_once"});
  out.in_doubt = model::parse_in_doubt(in_doubt).value_or(out.in_doubt);
  read_scopes(table, out.scopes);
  table.boolean("conversations", out.conversations);
  table.inline_table("quiet_hours", [&](TableReader& hours) {
    read_quiet_hours(hours, out.quiet_hours.emplace());
  });
}

}  // namespace heliograph::config
