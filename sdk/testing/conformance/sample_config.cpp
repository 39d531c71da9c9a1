#include "sample_config.hpp"

#include <algorithm>

#include <heliograph/text.hpp>

namespace heliograph::sdk::conformance {
namespace {

std::string_view text_of(const Value& schema, std::string_view key) {
  const Value* found = schema.find(key);
  return found == nullptr ? std::string_view{} : std::string_view(found->text());
}

const Value* first_of(const Value& schema, std::string_view key) {
  const Value* list = schema.find(key);
  return list == nullptr || list->children().empty() ? nullptr : &list->children().front().second;
}

std::int64_t number_of(const Value& schema, std::string_view key, std::int64_t otherwise) {
  const Value* found = schema.find(key);
  return found == nullptr ? otherwise : static_cast<std::int64_t>(found->number());
}

Value invented_text(const Value& schema) {
  if (text_of(schema, "x-unit") == "duration") return "5s";
  if (text_of(schema, "x-unit") == "size") return "64KiB";
  const auto length =
      static_cast<std::size_t>(std::max<std::int64_t>(number_of(schema, "minLength", 0), 7));
  return std::string("example") + std::string(length - 7, 'x');
}

Value sample(const Value& schema, bool& invented);

Value invented_value(const Value& schema, bool& invented) {
  const std::string_view type = text_of(schema, "type");
  if (type == "object") return sample_config(schema).config;
  invented = true;
  if (type == "string") return invented_text(schema);
  if (type == "integer" || type == "number") return {number_of(schema, "minimum", 1)};
  if (type == "boolean") return {false};
  if (type != "array") return {};
  Value list = Value::array();
  const Value* items = schema.find("items");
  for (std::int64_t n = number_of(schema, "minItems", 0); n > 0 && items != nullptr; --n) {
    list.push(sample(*items, invented));
  }
  return list;
}

Value sample(const Value& schema, bool& invented) {
  if (const Value* fixed = schema.find("default")) return *fixed;
  if (const Value* fixed = schema.find("const")) return *fixed;
  if (const Value* example = first_of(schema, "examples")) return *example;
  if (const Value* first = first_of(schema, "enum")) return *first;
  return invented_value(schema, invented);
}

void add_required(const Value& schema, const std::string& prefix, std::vector<std::string>& paths) {
  const Value* properties = schema.find("properties");
  const Value* required = schema.find("required");
  if (properties == nullptr || required == nullptr) return;
  for (const auto& [index, name] : required->children()) {
    const Value* property = properties->find(name.text());
    if (property == nullptr) continue;
    const std::string path = prefix.empty() ? name.text() : prefix + "." + name.text();
    if (property->find("default") == nullptr) paths.push_back(path);
    if (text_of(*property, "type") == "object") add_required(*property, path, paths);
  }
}

// `change` gets each member at the end of the path and tells whether it stays.
template <class Change>
Value rebuilt(const Value& table, std::string_view path, const Change& change) {
  const std::size_t dot = path.find('.');
  const std::string_view key = path.substr(0, dot);
  Value out = Value::table();
  for (const auto& [name, value] : table.children()) {
    if (name != key) {
      out.set(name, value);
    } else if (dot != std::string_view::npos) {
      out.set(name, rebuilt(value, path.substr(dot + 1), change));
    }
  }
  if (dot == std::string_view::npos) change(out, key);
  return out;
}

}  // namespace

Sample sample_config(const Value& schema) {
  Sample out{Value::table(), false};
  const Value* properties = schema.find("properties");
  const Value* required = schema.find("required");
  if (required == nullptr) return out;
  for (const auto& [index, name] : required->children()) {
    const Value* property = properties == nullptr ? nullptr : properties->find(name.text());
    if (property == nullptr) {
      out.invented = true;
      out.config.set(name.text(), "example");
    } else {
      out.config.set(name.text(), sample(*property, out.invented));
    }
  }
  return out;
}

std::vector<std::string> required_paths(const Value& schema) {
  std::vector<std::string> paths;
  add_required(schema, "", paths);
  return paths;
}

Value without(const Value& config, std::string_view path) {
  return rebuilt(config, path, [](Value&, std::string_view) {});
}

Value with(const Value& config, std::string_view path, const Value& value) {
  return rebuilt(config, path, [&](Value& table, std::string_view key) { table.set(key, value); });
}

std::string component_name(const hg_component& component) {
  const char* kind = component.kind == HG_KIND_PROVIDER      ? "provider"
                     : component.kind == HG_KIND_DISTRIBUTOR ? "distributor"
                     : component.kind == HG_KIND_LIMITER     ? "limiter"
                                                             : "unknown";
  return std::string(kind) + "/" + std::string(to_view(component.id));
}

}  // namespace heliograph::sdk::conformance
