// [[number]], [inbound], [opt_out]: whose messages come in where, and the words that end them.
#include <fmt/format.h>

#include <algorithm>

#include "core/base/text.h"
#include "core/config/sections.h"
#include "core/model/addresses.h"
#include "core/model/inbound_address.h"
#include "core/model/phone_number.h"

namespace heliograph::config {
namespace {

constexpr std::size_t kWordsMax = 100;

void read_number(TableReader& table, OwnNumber& out) {
  table.require("number");
  if (table.text("number", out.number)) {
    out.number = model::inbound_address(out.number);
    if (!model::is_valid_sender(out.number) && !model::is_email_address(out.number)) {
      table.error("number",
                  "expected a number in international form, a short code of 3 to 8 digits or an "
                  "e-mail address");
    }
  }
  table.require("client");
  if (table.text("client", out.client) && out.client.empty()) table.error("client", "is empty");
}

// Compared with whole messages, so blanks inside are fine, but nobody sends what is not printable.
bool is_word(const std::string& word) {
  const auto printable = [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; };
  return !word.empty() && word.size() <= model::kOptOutWordMax && base::trim(word) == word &&
         std::ranges::all_of(word, printable);
}

void read_words(TableReader& table, std::string_view key, std::vector<std::string>& out) {
  table.texts(key, out);
  if (out.size() > kWordsMax) table.error(key, fmt::format("has more than {} words", kWordsMax));
  for (std::string& word : out) {
    if (!is_word(word)) {
      table.error(key,
                  fmt::format("\"{}\" is no word of 1 to {} bytes", word, model::kOptOutWordMax));
    }
    word = base::to_lower_ascii(word);
  }
}

void read_opt_out(TableReader& table, OptOut& out) {
  table.boolean("enabled", out.enabled);
  read_words(table, "stop", out.words.stop);
  read_words(table, "start", out.words.start);
  for (const std::string& word : out.words.start) {
    if (std::ranges::find(out.words.stop, word) != out.words.stop.end()) {
      table.error("start", fmt::format("\"{}\" is among the words of stop too", word));
    }
  }
}

}  // namespace

void read_inbound(TableReader& root, Config& out) {
  root.sections("number", "number",
                [&](TableReader& table) { read_number(table, out.numbers_owned.emplace_back()); });
  root.section("inbound", [&](TableReader& table) {
    table.text("default_client", out.inbound.default_client);
  });
  root.section("opt_out", [&](TableReader& table) { read_opt_out(table, out.opt_out); });
}

}  // namespace heliograph::config
