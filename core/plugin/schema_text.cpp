// The texts of inspect.h that are made from a component's schema.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/plugin/inspect.h"
#include "core/plugin/schema_walk.h"

namespace heliograph::plugin {
namespace {

using nlohmann::json;

constexpr int kDepthMax = 6;

struct Row {
  std::string key;
  std::string type;
  std::string preset;
  std::string description;
  bool required = false;
};

std::string type_text(const json& schema) {
  const auto unit = text_of(schema, "x-unit");
  if (!unit.empty()) return unit;
  if (has_flag(schema, "x-secret")) return "secret";
  const auto choices = schema.find("enum");
  if (choices != schema.end() && choices->is_array()) {
    std::string text;
    for (const auto& choice : *choices) text += (text.empty() ? "" : " | ") + choice.dump();
    return text;
  }
  const auto type = schema.find("type");
  if (type == schema.end()) return "any";
  if (!type->is_string()) return type->dump();
  return *type == "object" ? "table" : type->get<std::string>();
}

bool is_required(const json& schema, const std::string& key) {
  const auto required = schema.find("required");
  return required != schema.end() && required->is_array() &&
         std::ranges::find(*required, json(key)) != required->end();
}

void collect(const json& schema, const std::string& path, int depth, std::vector<Row>& rows) {
  const auto properties = schema.find("properties");
  if (depth > kDepthMax || properties == schema.end() || !properties->is_object()) return;
  for (const auto& [key, property] : properties->items()) {
    if (!property.is_object()) continue;
    const auto preset = property.find("default");
    rows.push_back({.key = join_path(path, key),
                    .type = type_text(property),
                    .preset = preset == property.end() ? "" : preset->dump(),
                    .description = text_of(property, "description"),
                    .required = is_required(schema, key)});
    collect(property, join_path(path, key), depth + 1, rows);
  }
}

std::vector<Row> rows_of(const ComponentInfo& component) {
  std::vector<Row> rows;
  const auto schema = json::parse(component.schema, nullptr, false);
  if (schema.is_object()) collect(schema, {}, 0, rows);
  return rows;
}

// A JSON value as TOML writes it.
std::string toml_of(const json& value) {
  if (value.is_object()) {
    std::string text;
    for (const auto& [key, member] : value.items()) {
      text += fmt::format("{}{} = {}", text.empty() ? "" : ", ", json(key).dump(), toml_of(member));
    }
    return text.empty() ? "{}" : "{ " + text + " }";
  }
  if (value.is_array()) {
    std::string text;
    for (const auto& member : value) text += (text.empty() ? "" : ", ") + toml_of(member);
    return "[" + text + "]";
  }
  return value.is_null() ? "\"\"" : value.dump();
}

std::string placeholder(const json& property) {
  const auto examples = property.find("examples");
  if (examples != property.end() && examples->is_array() && !examples->empty()) {
    return toml_of(examples->front());
  }
  const auto unit = text_of(property, "x-unit");
  if (unit == "duration") return "\"5s\"";
  if (unit == "size") return "\"64KiB\"";
  if (has_flag(property, "x-secret")) return "\"env:NAME\"";
  const auto type = text_of(property, "type");
  if (type == "integer" || type == "number") return "0";
  if (type == "boolean") return "false";
  if (type == "array") return "[]";
  return type == "object" ? "{}" : "\"...\"";
}

std::string key_lines(const json& schema) {
  std::string text;
  const auto properties = schema.find("properties");
  if (properties == schema.end() || !properties->is_object()) return text;
  for (const auto& [key, property] : properties->items()) {
    if (!property.is_object()) continue;
    const auto preset = property.find("default");
    const auto value = preset == property.end() ? placeholder(property) : toml_of(*preset);
    text += fmt::format("{}{} = {}\n", is_required(schema, key) ? "" : "# ", key, value);
  }
  return text;
}

std::string preset_text(const Row& row) {
  return row.required && row.preset.empty() ? "required" : row.preset;
}

// GitHub Flavored Markdown, 4.10: a pipe in a cell is escaped, also within backquotes.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

std::string code_cell(std::string_view text) {
  return text.empty() ? std::string{} : "`" + cell(text) + "`";
}

std::string markdown_table(const ComponentInfo& component) {
  const auto rows = rows_of(component);
  if (rows.empty()) return "Takes no configuration.\n";
  std::string text = "| key | type | default | meaning |\n|---|---|---|---|\n";
  for (const auto& row : rows) {
    const auto preset = preset_text(row);
    text += fmt::format("| `{}` | {} | {} | {} |\n", cell(row.key), cell(row.type),
                        preset == "required" ? preset : code_cell(preset), cell(row.description));
  }
  return text;
}

}  // namespace

std::string markdown_text(const Module& module) {
  std::string text;
  for (const auto& component : module.info.components) {
    text += fmt::format("{}## {} `{}`\n", text.empty() ? "" : "\n", kind_name(component.kind),
                        component.id);
    if (!component.summary.empty()) text += component.summary + "\n";
    text +=
        fmt::format("\n{}\n```toml\n{}```\n", markdown_table(component), example_toml(component));
  }
  return text;
}

std::string schema_table(const ComponentInfo& component) {
  const auto rows = rows_of(component);
  if (rows.empty()) return "  takes no configuration\n";
  std::size_t key_width = 3;
  std::size_t type_width = 4;
  std::size_t preset_width = std::string_view{"required"}.size();
  for (const auto& row : rows) {
    key_width = std::max(key_width, row.key.size());
    type_width = std::max(type_width, std::min<std::size_t>(row.type.size(), 24));
    preset_width = std::max(preset_width, std::min<std::size_t>(row.preset.size(), 24));
  }
  std::string text;
  const auto line = [&](std::string_view key, std::string_view type, std::string_view preset,
                        std::string_view meaning) {
    auto written = fmt::format("  {:<{}}  {:<{}}  {:<{}}  {}", key, key_width, type, type_width,
                               preset, preset_width, meaning);
    written.resize(written.find_last_not_of(' ') + 1);
    text += written + "\n";
  };
  line("key", "type", "default", "meaning");
  for (const auto& row : rows) {
    line(row.key, row.type, preset_text(row), row.description);
  }
  return text;
}

std::string example_toml(const ComponentInfo& component) {
  const auto schema = json::parse(component.schema, nullptr, false);
  const auto keys = schema.is_object() ? key_lines(schema) : std::string{};
  if (component.kind == HG_KIND_PROVIDER) {
    return fmt::format("[[provider]]\nid = \"my_{0}\"\nplugin = \"{0}\"\n[provider.config]\n{1}",
                       component.id, keys);
  }
  const auto kind = kind_name(component.kind);
  return fmt::format("[{0}]\nplugin = \"{1}\"\n[{0}.config]\n{2}", kind, component.id, keys);
}

}  // namespace heliograph::plugin
