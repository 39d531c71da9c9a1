#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/base/text.h"
#include "core/config/document.h"

namespace heliograph::config {
namespace {

using nlohmann::json;

// What an operator means by HELIOGRAPH_PROVIDER_X_CONFIG_Y=...: a truth value or an integer where
// it reads as one; quotes around it say that it is text all the same.
json convert_variable(std::string_view text) {
  if (text == "true" || text == "false") return text == "true";
  const bool quoted = text.size() >= 2 && text.front() == '"' && text.back() == '"';
  if (quoted) return std::string(text.substr(1, text.size() - 2));
  // More than 18 digits, or a leading zero: an account number rather than a quantity.
  const bool canonical = text.size() <= 18 && (text == "0" || !text.starts_with('0'));
  if (const auto number = base::parse_uint(text); number && canonical) return *number;
  return std::string(text);
}

// nullopt, with `bad` naming the key, when JSON cannot carry the value.
std::optional<json> convert(const Node& node, const std::string& path, std::string& bad) {
  switch (node.kind) {
    case Node::Kind::kString:
    case Node::Kind::kTime:
      return node.text;
    case Node::Kind::kVariable:
      return convert_variable(node.text);
    case Node::Kind::kInteger:
      return node.integer;
    case Node::Kind::kBoolean:
      return node.boolean;
    case Node::Kind::kReal:
      if (std::isfinite(node.real)) return node.real;
      bad = path;
      return std::nullopt;
    case Node::Kind::kArray: {
      json array = json::array();
      for (const Node& item : node.items) {
        auto value = convert(item, path, bad);
        if (!value) return std::nullopt;
        array.push_back(std::move(*value));
      }
      return array;
    }
    case Node::Kind::kTable:
      break;
  }
  json table = json::object();
  for (const Node& member : node.items) {
    auto value = convert(member, path.empty() ? member.key : path + "." + member.key, bad);
    if (!value) return std::nullopt;
    table[member.key] = std::move(*value);
  }
  return table;
}

}  // namespace

std::expected<std::string, std::string> to_json(const Node& node) {
  std::string bad;
  const auto value = convert(node, "", bad);
  if (!value) return std::unexpected(bad);
  return value->dump();
}

}  // namespace heliograph::config
