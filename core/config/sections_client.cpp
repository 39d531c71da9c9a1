// [[client]]: clients declared in the file, with their keys.
#include <fmt/format.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <span>

#include "core/base/text.h"
#include "core/config/formats.h"
#include "core/config/sections.h"
#include "core/model/phone_number.h"

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

}  // namespace

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
}

}  // namespace heliograph::config
