#include "core/config/table_reader.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "core/base/text.h"
#include "core/config/scalars.h"

namespace heliograph::config {
namespace {

constexpr std::size_t kListedKeysMax = 12;  // a longer list helps nobody

bool is_text(const Node& node) {
  return node.kind == Node::Kind::kString || node.kind == Node::Kind::kVariable;
}

// As it is written in TOML: the table "route.*.provider" begins with [[route.provider]].
std::string header_of(std::string path) {
  for (auto at = path.find(".*"); at != std::string::npos; at = path.find(".*")) path.erase(at, 2);
  return path;
}

}  // namespace

void Report::error(const Origin& where, std::string message) {
  const auto place = std::ranges::upper_bound(errors_, where.line, {}, &Entry::line);
  errors_.insert(place, {where.line, where.place + ": " + std::move(message)});
}

std::vector<std::string> Report::take_errors() {
  std::vector<std::string> out;
  for (Entry& entry : errors_) out.push_back(std::move(entry.text));
  errors_.clear();
  return out;
}

TableReader::TableReader(const Node* table, std::string label, std::string path, std::string prefix,
                         Report& report)
    : table_(table),
      label_(std::move(label)),
      path_(std::move(path)),
      prefix_(std::move(prefix)),
      report_(report) {}

bool TableReader::text(std::string_view key, std::string& out) {
  const Node* const node = take(key, "string");
  if (node == nullptr) return false;
  if (!is_text(*node)) {
    expected(*node, key, "a string");
    return false;
  }
  // Control characters have no meaning in any of our strings and could forge lines in logs.
  const bool has_control =
      std::ranges::any_of(node->text, [](unsigned char c) { return c < 0x20 || c == 0x7F; });
  if (has_control) {
    error(key, "holds a control character");
    return false;
  }
  out = node->text;
  return true;
}

void TableReader::choice(std::string_view key, std::string& out, Words words) {
  const Node* const node = take(key, "choice");
  if (node == nullptr) return;
  if (!is_text(*node)) return expected(*node, key, "a string");
  if (std::ranges::find(words, std::string_view(node->text)) == words.end()) {
    return error(key,
                 fmt::format("\"{}\" is none of \"{}\"", node->text, fmt::join(words, "\", \"")));
  }
  out = node->text;
}

void TableReader::boolean(std::string_view key, bool& out) {
  const Node* const node = take(key, "boolean");
  if (node == nullptr) return;
  if (node->kind == Node::Kind::kBoolean) {
    out = node->boolean;
  } else if (const auto value = boolean_of_variable(*node)) {
    out = *value;
  } else {
    expected(*node, key, "true or false");
  }
}

void TableReader::real(std::string_view key, double& out, double min, double max) {
  if (const auto value = read_real(key, min, max)) out = *value;
}

void TableReader::real(std::string_view key, std::optional<double>& out, double min, double max) {
  if (const auto value = read_real(key, min, max)) out = value;
}

void TableReader::duration(std::string_view key, milliseconds& out, milliseconds min,
                           milliseconds max) {
  if (const auto value = read_duration(key, min, max)) out = *value;
}

void TableReader::duration(std::string_view key, std::optional<milliseconds>& out, milliseconds min,
                           milliseconds max) {
  if (const auto value = read_duration(key, min, max)) out = value;
}

void TableReader::size(std::string_view key, std::uint64_t& out) {
  const Node* const node = take(key, "size");
  if (node == nullptr) return;
  const auto value = is_text(*node) ? base::parse_size(node->text) : std::nullopt;
  if (!value) return expected(*node, key, "a size such as \"64KiB\" or \"16MiB\"");
  out = *value;
}

void TableReader::texts(std::string_view key, std::vector<std::string>& out) {
  const Node* const node = take(key, "array of strings");
  if (node == nullptr) return;
  if (node->kind == Node::Kind::kVariable) {
    out = split_list(node->text);
    return;
  }
  const bool all_text =
      node->kind == Node::Kind::kArray && std::ranges::all_of(node->items, [](const Node& item) {
        return item.kind == Node::Kind::kString && !item.text.empty();
      });
  if (!all_text) return expected(*node, key, "an array of strings, none of them empty");
  out.clear();
  for (const Node& item : node->items) out.push_back(item.text);
}

void TableReader::plugin_table(std::string_view key, PluginTable& out) {
  const Node* const node = take(key, "plugin table");
  // What the plugin misses is missing here: in the table, or where it would stand.
  const Origin* const origin = node != nullptr     ? &node->origin
                               : table_ != nullptr ? &table_->origin
                                                   : nullptr;
  const std::string inner = path_ + "." + std::string(key);
  if (origin != nullptr) {
    const bool named = label_.starts_with("[[");
    out.where = fmt::format("{}: [{}]{}", origin->place, named ? "provider.config" : inner,
                            named ? label_.substr(label_.find("]]") + 2) : "");
  }
  if (node == nullptr) return;
  if (node->kind != Node::Kind::kTable) return expected(*node, key, "a table");
  auto json = to_json(*node);
  if (!json) return error(key, json.error() + " is not a finite number");
  out.json = std::move(*json);
}

void TableReader::section(std::string_view key, const Visit& visit) {
  const Node* const node = take(key, "table");
  visit_table(node, fmt::format("[{}]", header_of(full_path(key))), full_path(key), "", visit);
}

void TableReader::inline_table(std::string_view key, const Visit& visit) {
  const Node* const node = take(key, "table");
  visit_table(node, label_, full_path(key), fmt::format("{}{}.", prefix_, key), visit);
}

void TableReader::sections(std::string_view key, std::string_view name_key, const Visit& visit) {
  const std::string path = full_path(key);
  const Node* const node = take(key, "array of tables");
  if (listing()) return visit_table(nullptr, "", path + ".*", "", visit);
  if (node == nullptr) return;
  const std::string header = header_of(path);
  const std::string what = fmt::format("tables, written [[{}]]", header);
  if (node->kind != Node::Kind::kArray) return expected(*node, key, what);
  for (std::size_t i = 0; i < node->items.size(); ++i) {
    const Node& item = node->items[i];
    if (item.kind != Node::Kind::kTable) return expected(item, key, what);
    const Node* const name = item.find(name_key);
    const std::string shown = name != nullptr && is_text(*name) ? fmt::format("'{}'", name->text)
                                                                : fmt::format("#{}", i + 1);
    visit_table(&item, fmt::format("[[{}]] {}", header, shown), path + ".*", "", visit);
  }
}

bool TableReader::has(std::string_view key) const {
  return table_ != nullptr && table_->find(key) != nullptr;
}

void TableReader::error(std::string_view key, std::string_view message) {
  if (listing()) return;
  const Node* const node = table_ != nullptr ? table_->find(key) : nullptr;
  const Origin nowhere{"configuration", 0};
  const Origin& origin = node != nullptr     ? node->origin
                         : table_ != nullptr ? table_->origin
                                             : nowhere;
  const std::string name = fmt::format("{}{}", prefix_, key);
  report_.error(origin, label_.empty() ? fmt::format("{}: {}", name, message)
                                       : fmt::format("{} {}: {}", label_, name, message));
}

void TableReader::require(std::string_view key) {
  if (!has(key)) error(key, "is missing");
}

std::string TableReader::where() const {
  return table_ == nullptr ? label_ : fmt::format("{}: {}", table_->origin.place, label_);
}

void TableReader::finish() {
  if (table_ == nullptr) return;
  for (const Node& member : table_->items) {
    if (std::ranges::find(known_, member.key) != known_.end()) continue;
    std::string hint;
    if (const auto near = base::nearest(member.key, known_); !near.empty()) {
      hint = fmt::format("; did you mean \"{}\"?", near);
    } else if (known_.size() <= kListedKeysMax) {
      hint = fmt::format("; known are {}", fmt::join(known_, ", "));
    }
    error(member.key, "unknown key" + hint);
  }
}

const Node* TableReader::take(std::string_view key, std::string_view type) {
  known_.push_back(key);
  const bool leaf = type != "table" && type != "array of tables";
  if (listing() && leaf) report_.keys->push_back({full_path(key), std::string(type)});
  return table_ != nullptr ? table_->find(key) : nullptr;
}

std::optional<std::int64_t> TableReader::read_integer(std::string_view key, std::int64_t min,
                                                      std::int64_t max) {
  const Node* const node = take(key, "integer");
  if (node == nullptr) return std::nullopt;
  const auto value =
      node->kind == Node::Kind::kInteger ? node->integer : integer_of_variable(*node);
  if (!value) {
    expected(*node, key, "an integer");
    return std::nullopt;
  }
  if (*value < min || *value > max) {
    error(key, fmt::format("{} is out of range, expected {} to {}", *value, min, max));
    return std::nullopt;
  }
  return value;
}

std::optional<double> TableReader::read_real(std::string_view key, double min, double max) {
  const Node* const node = take(key, "number");
  if (node == nullptr) return std::nullopt;
  const auto value = node->kind == Node::Kind::kReal      ? node->real
                     : node->kind == Node::Kind::kInteger ? static_cast<double>(node->integer)
                                                          : real_of_variable(*node);
  if (!value) {
    expected(*node, key, "a number");
    return std::nullopt;
  }
  if (!(*value >= min && *value <= max)) {  // so that NaN fails
    error(key, fmt::format("{} is out of range, expected {} to {}", *value, min, max));
    return std::nullopt;
  }
  return value;
}

std::optional<milliseconds> TableReader::read_duration(std::string_view key, milliseconds min,
                                                       milliseconds max) {
  const Node* const node = take(key, "duration");
  if (node == nullptr) return std::nullopt;
  const auto value = is_text(*node) ? base::parse_duration(node->text) : std::nullopt;
  if (!value) {
    expected(*node, key, "a duration with its unit, such as \"250ms\", \"30s\" or \"5m\"");
    return std::nullopt;
  }
  if (*value < min || *value > max) {
    error(key, fmt::format("{} is out of range, expected {} to {}", base::format_duration(*value),
                           base::format_duration(min), base::format_duration(max)));
    return std::nullopt;
  }
  return value;
}

void TableReader::expected(const Node& node, std::string_view key, std::string_view what) {
  const std::string found =
      is_text(node) ? fmt::format("\"{}\"", node.text) : std::string(describe(node.kind));
  error(key, fmt::format("expected {}, found {}", what, found));
}

void TableReader::visit_table(const Node* node, std::string label, std::string path,
                              std::string prefix, const Visit& visit) {
  if (node == nullptr && !listing()) return;
  if (node != nullptr && node->kind != Node::Kind::kTable) {
    report_.error(node->origin,
                  fmt::format("{}: expected a table, found {}", path, describe(node->kind)));
    return;
  }
  TableReader inner(node, std::move(label), std::move(path), std::move(prefix), report_);
  visit(inner);
  inner.finish();
}

std::string TableReader::full_path(std::string_view key) const {
  return path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
}

}  // namespace heliograph::config
