// The sections that name plugins: providers, distributor, limiter, limits, plugin files.
#include <fmt/format.h>

#include <algorithm>

#include "core/base/text.h"
#include "core/config/formats.h"
#include "core/config/sections.h"

namespace heliograph::config {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr std::int64_t kLimitMax = 1'000'000'000;
constexpr std::string_view kIdentifierRule =
    "expected 1 to 64 letters, digits, '_', '.' and '-', not beginning with '.'";

// Ids of plugins become part of file names.
void read_identifier(TableReader& table, std::string_view key, std::string& out) {
  if (table.text(key, out) && !is_identifier(out)) table.error(key, kIdentifierRule);
}

void read_channels(TableReader& table, std::vector<model::Channel>& out) {
  std::vector<std::string> words;
  for (const model::Channel channel : out) words.emplace_back(to_string(channel));
  table.texts("channels", words);
  if (words.empty()) table.error("channels", "names no channel");
  out.clear();
  for (const std::string& word : words) {
    const auto channel = model::parse_channel(word);
    if (!channel || channel == model::Channel::kVoice) {
      table.error("channels", fmt::format("\"{}\" is none of \"sms\", \"mms\", \"email\"", word));
    } else if (std::ranges::find(out, *channel) != out.end()) {
      table.error("channels", fmt::format("\"{}\" is there twice", word));
    } else {
      out.push_back(*channel);
    }
  }
}

void read_plugin_file(TableReader& table, const Surroundings& surroundings, PluginFile& out) {
  read_identifier(table, "id", out.id);
  table.require("id");
  if (table.text("file", out.file) && out.file.empty()) table.error("file", "is empty");
  table.require("file");
  out.file = resolve_path(out.file, surroundings.folder);
  table.text("sha256", out.sha256);
  if (!out.sha256.empty() && !is_sha256_hex(out.sha256)) {
    table.error("sha256", "expected 64 hexadecimal digits");
  }
  out.sha256 = base::to_lower_ascii(out.sha256);
  table.boolean("required", out.required);
}

void read_client_rate(TableReader& table, ClientRate& out) {
  table.real("rate", out.rate, 0.001, 1e9);
  table.require("rate");
  // Without a burst of its own, a second's worth; never so little that no message fits.
  out.burst = std::max(1.0, out.rate);
  table.real("burst", out.burst, 1.0, 1e9);
}

void read_limiter(TableReader& table, LimiterPlugin& out) {
  read_identifier(table, "plugin", out.plugin);
  table.duration("guard", out.guard, milliseconds{0}, minutes{10});
  table.choice("on_failure", out.on_failure, {"local_share", "closed", "open"});
  table.integer("instances", out.instances, 1, 1'000);
  table.plugin_table("config", out.config);
}

}  // namespace

void read_limit(TableReader& table, Limit& out) {
  table.integer("limit", out.limit, 1, kLimitMax);
  if (!table.has("limit")) {
    table.error("limit", "is missing; for no limit leave the whole table out");
  }
  table.duration("window", out.window, milliseconds{1}, hours{24 * 31});
  table.choice("algorithm", out.algorithm, {"sliding_window", "token_bucket"});
  table.integer("burst", out.burst, 1, kLimitMax);
  if (out.burst != 0 && out.algorithm != "token_bucket") {
    table.error("burst", "only the algorithm \"token_bucket\" has a burst");
  }
  table.choice("unit", out.unit, {"messages", "parts"});
}

void read_limits(TableReader& table, Limits& out) {
  table.inline_table("total", [&](TableReader& t) { read_limit(t, out.total.emplace()); });
  table.inline_table("client", [&](TableReader& t) { read_client_rate(t, out.client.emplace()); });
  table.inline_table("dispatch", [&](TableReader& t) { read_limit(t, out.dispatch.emplace()); });
}

void read_provider(TableReader& table, Provider& out) {
  read_identifier(table, "id", out.id);
  table.require("id");
  read_identifier(table, "plugin", out.plugin);
  table.require("plugin");
  read_channels(table, out.channels);
  table.integer("weight", out.weight, 0, 1'000'000);
  table.integer("priority", out.priority, 0, 1'000'000);
  table.integer("cost_micros", out.cost_micros, 0, 1'000'000'000'000);
  table.inline_table("limit", [&](TableReader& t) { read_limit(t, out.limit.emplace()); });
  table.integer("max_in_flight", out.max_in_flight, 1, 1'000'000);
  table.duration("timeout", out.timeout, milliseconds{1}, minutes{10});
  table.boolean("receipts", out.receipts);
  table.boolean("required", out.required);
  table.boolean("enabled", out.enabled);
  table.plugin_table("config", out.config);
}

void read_plugins(TableReader& root, const Surroundings& surroundings, Config& out) {
  root.section("plugins", [&](TableReader& t) {
    t.texts("path", out.plugins.path);
    for (std::string& path : out.plugins.path) path = resolve_path(path, surroundings.folder);
  });
  root.sections("plugin", "id", [&](TableReader& t) {
    read_plugin_file(t, surroundings, out.plugins.files.emplace_back());
  });
  root.section("limiter", [&](TableReader& t) { read_limiter(t, out.limiter); });
  root.section("distributor", [&](TableReader& t) {
    read_identifier(t, "plugin", out.distributor.plugin);
    t.plugin_table("config", out.distributor.config);
  });
}

}  // namespace heliograph::config
