#include "core/plugin/schema_walk.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/base/text.h"

namespace heliograph::plugin {

using nlohmann::json;

const json* member_schema(const json& schema, std::string_view key) {
  if (!schema.is_object()) return nullptr;
  if (const auto items = schema.find("items"); items != schema.end() && items->is_object()) {
    return &*items;
  }
  if (const auto all = schema.find("properties"); all != schema.end() && all->is_object()) {
    if (const auto one = all->find(key); one != all->end()) return &*one;
  }
  const auto rest = schema.find("additionalProperties");
  return rest != schema.end() && rest->is_object() ? &*rest : nullptr;
}

std::string join_path(std::string_view path, std::string_view key) {
  return path.empty() ? std::string{key} : fmt::format("{}.{}", path, key);
}

void fill_defaults(const json& schema, json& value) {
  if (value.is_object()) {
    if (const auto all = schema.find("properties"); all != schema.end() && all->is_object()) {
      for (const auto& [key, property] : all->items()) {
        if (value.contains(key) || !property.is_object()) continue;
        if (const auto preset = property.find("default"); preset != property.end()) {
          value[key] = *preset;
        }
      }
    }
    for (auto& [key, child] : value.items()) {
      if (const auto* described = member_schema(schema, key)) fill_defaults(*described, child);
    }
  } else if (value.is_array()) {
    const auto* described = member_schema(schema, "0");
    for (auto& child : value) {
      if (described != nullptr) fill_defaults(*described, child);
    }
  }
}

namespace {

void visit_strings(const json& schema, json& value, const std::string& path,
                   const StringVisitor& visit) {
  if (value.is_string()) {
    visit(path, schema, value);
    return;
  }
  if (!value.is_structured()) return;
  std::size_t index = 0;
  for (auto child = value.begin(); child != value.end(); ++child, ++index) {
    const auto key = value.is_object() ? child.key() : std::to_string(index);
    if (const auto* described = member_schema(schema, key)) {
      visit_strings(*described, *child, join_path(path, key), visit);
    }
  }
}

// What the schema wants here, in words: "a duration such as "5s"", "one of "a", "b"", "an integer".
std::string expectation(const json& schema) {
  const auto unit = text_of(schema, "x-unit");
  if (unit == "duration") return "a duration such as \"5s\"";
  if (unit == "size") return "a size such as \"64KiB\"";
  const auto type = schema.value("type", json{});
  if (type.is_array()) return fmt::format("one of the types {}", type.dump());
  if (!type.is_string()) return "another value";
  const auto name = type.get<std::string>();
  if (name == "object") return "a table";
  if (name == "boolean") return "true or false";
  return (name == "integer" || name == "array" ? "an " : "a ") + name;
}

std::string choices(const json& schema) {
  std::string text;
  for (const auto& choice : schema.value("enum", json::array())) {
    text += (text.empty() ? "" : ", ") + choice.dump();
  }
  return text;
}

// The value as errors may show it: never a secret, never long.
std::string shown(const json& schema, const json& value) {
  if (has_flag(schema, "x-secret")) return "";
  if (value.is_object()) return ", got a table";
  if (value.is_array()) return ", got an array";
  auto text = value.dump(-1, ' ', false, json::error_handler_t::replace);
  if (text.size() > 60) text = text.substr(0, 57) + "...";
  return ", got " + text;
}

std::string quoted_part(const std::string& description) {
  const auto begin = description.find('\'', description.find("constraints: "));
  const auto from = begin == std::string::npos ? description.find('\'') : begin;
  const auto to = description.rfind('\'');
  return from == std::string::npos || to <= from ? "" : description.substr(from + 1, to - from - 1);
}

std::string unknown_key(const json& schema, const std::string& key) {
  std::vector<std::string_view> known;
  const auto properties = schema.find("properties");
  if (properties != schema.end() && properties->is_object()) {
    for (const auto& property : properties->items()) known.push_back(property.key());
  }
  const auto nearest = base::nearest(key, known);
  if (!nearest.empty()) return fmt::format("unknown key; did you mean '{}'?", nearest);
  return known.empty() ? "unknown key"
                       : fmt::format("unknown key; known are {}", fmt::join(known, ", "));
}

struct Place {
  const json* schema;
  const json* value;
  std::string path;
};

Place find_place(const json& schema, const json& value, const std::vector<std::string>& context) {
  static const json kNothing = json::object();
  Place place{&schema, &value, {}};
  for (std::size_t i = 1; i < context.size(); ++i) {
    const auto key = context[i].substr(1, context[i].size() - 2);  // "[key]"
    const auto* described = member_schema(*place.schema, key);
    place.path = join_path(place.path, key);
    place.schema = described == nullptr ? &kNothing : described;
    if (place.value->is_object() && place.value->contains(key)) {
      place.value = &(*place.value)[key];
    } else if (const auto index = base::parse_uint(key);
               place.value->is_array() && index && *index < place.value->size()) {
      place.value = &(*place.value)[*index];
    }
  }
  return place;
}

bool is_consequence(std::string_view description) {
  return description.starts_with("Failed to validate against schema associated") ||
         description.starts_with("Failed to validate against additional properties") ||
         description.starts_with("Failed to validate item");
}

}  // namespace

void for_each_string(const json& schema, json& value, const StringVisitor& visit) {
  visit_strings(schema, value, {}, visit);
}

bool has_flag(const json& schema, std::string_view keyword) {
  const auto found = schema.find(keyword);
  return found != schema.end() && found->is_boolean() && found->get<bool>();
}

std::string text_of(const json& schema, std::string_view keyword) {
  const auto found = schema.find(keyword);
  return found != schema.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

std::string explain(const json& schema, const json& value, const std::vector<std::string>& context,
                    const std::string& description) {
  if (is_consequence(description)) return {};
  const auto [at, given, path] = find_place(schema, value, context);
  const auto at_key = [&path](std::string_view what) {
    return path.empty() ? std::string{what} : fmt::format("{}: {}", path, what);
  };
  if (description.starts_with("Missing required property")) {
    return fmt::format("{}: is required", join_path(path, quoted_part(description)));
  }
  if (description.starts_with("Object contains a property")) {
    const auto key = quoted_part(description);
    return fmt::format("{}: {}", join_path(path, key), unknown_key(*at, key));
  }
  if (description.starts_with("Value type not permitted")) {
    return at_key(fmt::format("expected {}{}", expectation(*at), shown(*at, *given)));
  }
  if (description.starts_with("Failed to match against any enum")) {
    return at_key(fmt::format("expected one of {}{}", choices(*at), shown(*at, *given)));
  }
  for (const auto* bound : {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}) {
    const auto limit = at->find(bound);
    if (!description.starts_with("Expected number") || limit == at->end()) continue;
    const auto low = std::string_view{bound}.ends_with("inimum");
    if (description.find("greater") != std::string::npos ? !low : low) continue;
    const auto strict = std::string_view{bound}.starts_with("exclusive");
    const auto* words =
        low ? (strict ? "more than" : "at least") : (strict ? "less than" : "at most");
    return at_key(fmt::format("must be {} {}{}", words, limit->dump(), shown(*at, *given)));
  }
  if (description.starts_with("Failed to match regex")) {
    return at_key(fmt::format("does not match the pattern {}{}", text_of(*at, "pattern"),
                              shown(*at, *given)));
  }
  return at_key(description);
}

}  // namespace heliograph::plugin
