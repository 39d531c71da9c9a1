#include "random_config.hpp"

#include <array>

namespace heliograph::sdk::conformance {
namespace {

constexpr int kDepthMax = 4;

std::string_view text_of(const Value& schema, std::string_view key) {
  const Value* found = schema.find(key);
  return found == nullptr ? std::string_view{} : std::string_view(found->text());
}

std::int64_t number_of(const Value& schema, std::string_view key, std::int64_t otherwise) {
  const Value* found = schema.find(key);
  return found == nullptr ? otherwise : static_cast<std::int64_t>(found->number());
}

bool is_required(const Value& schema, const std::string& name) {
  const Value* required = schema.find("required");
  if (required == nullptr) return false;
  for (const auto& [index, value] : required->children()) {
    if (value.text() == name) return true;
  }
  return false;
}

}  // namespace

Value RandomConfig::next(const Value& schema, const Value& base) {
  Value out = Value::table();
  const Value* properties = schema.find("properties");
  if (properties != nullptr) {
    for (const auto& [name, property] : properties->children()) {
      const Value* given = base.find(name);
      const bool kept = given != nullptr && chance(60);
      if (kept) {
        out.set(name, *given);
      } else if (is_required(schema, name) || chance(35)) {
        out.set(name, value_for(property, 0));
      }
    }
  }
  const Value* open = schema.find("additionalProperties");
  const bool closed = open != nullptr && open->type() == Value::Type::kBool && !open->integer();
  if (!closed && chance(30)) out.set("unknown-" + std::to_string(below(9)), anything(1));
  return out;
}

Value RandomConfig::value_for(const Value& schema, int depth) {
  for (const std::string_view list : {"examples", "enum"}) {
    const Value* values = schema.find(list);
    const unsigned share = list == "enum" ? 100 : 30;
    if (values != nullptr && !values->children().empty() && chance(share))
      return values->children()[below(values->children().size())].second;
  }
  const std::string_view type = text_of(schema, "type");
  if (type == "string") return text_for(schema);
  if (type == "integer") return number_for(schema, true);
  if (type == "number") return number_for(schema, false);
  if (type == "boolean") return {chance(50)};
  if (type == "object") return table_for(schema, depth);
  if (type != "array") return anything(depth);
  Value list = Value::array();
  const Value* items = schema.find("items");
  const auto least = static_cast<std::size_t>(number_of(schema, "minItems", 0));
  for (std::size_t n = least + below(4); n > 0 && depth < kDepthMax; --n)
    list.push(items == nullptr ? anything(depth + 1) : value_for(*items, depth + 1));
  return list;
}

Value RandomConfig::text_for(const Value& schema) {
  static constexpr std::array<std::string_view, 5> kDurations{"0s", "1ns", "250ms", "1h30m",
                                                              "87600h"};
  static constexpr std::array<std::string_view, 5> kSizes{"0", "1", "64KiB", "10MB", "1024GiB"};
  static const std::vector<std::string> kTexts{"",
                                               " ",
                                               "a",
                                               "0",
                                               "-1",
                                               "{",
                                               "}",
                                               "{}",
                                               "{text}",
                                               "{text",
                                               "{{",
                                               "{unknown}",
                                               "%s%n%s",
                                               "../../etc",
                                               "http://",
                                               "https://",
                                               "http://[::1",
                                               "http://host:99999/",
                                               "HTTP://EXAMPLE.COM/A?b=c#d",
                                               "https://user:word@127.0.0.1:1/x y",
                                               "localhost:25",
                                               ":",
                                               ",",
                                               ",,,",
                                               "a,b,c",
                                               "\n",
                                               "\r\nX: y",
                                               "\t",
                                               "\"",
                                               "\\",
                                               "\x7f",
                                               "\xc3\xa9\xe2\x82\xac\xf0\x9f\x93\xa8",
                                               std::string("nul\0l", 5),
                                               "1e999",
                                               "99999999999999999999",
                                               "env:",
                                               "x@y",
                                               "@",
                                               std::string(300, '9'),
                                               std::string(9000, 'x')};
  const std::string_view unit = text_of(schema, "x-unit");
  if (unit == "duration") return kDurations[below(kDurations.size())];
  if (unit == "size") return kSizes[below(kSizes.size())];
  return kTexts[below(kTexts.size())];
}

Value RandomConfig::number_for(const Value& schema, bool whole) {
  const std::int64_t low = number_of(schema, "minimum", INT64_MIN);
  const std::int64_t high = number_of(schema, "maximum", INT64_MAX);
  const std::array<std::int64_t, 8> choices{low,      high, 0, 1, -1, 65536, low / 2 + high / 2,
                                            INT64_MAX};
  const std::int64_t chosen = choices[below(choices.size())];
  if (whole) return {chosen};
  return {static_cast<double>(chosen) * (chance(50) ? 1.0 : 0.37)};
}

Value RandomConfig::table_for(const Value& schema, int depth) {
  Value out = Value::table();
  if (depth >= kDepthMax) return out;
  const Value* properties = schema.find("properties");
  if (properties != nullptr) {
    for (const auto& [name, property] : properties->children()) {
      if (is_required(schema, name) || chance(40)) out.set(name, value_for(property, depth + 1));
    }
  }
  const Value* open = schema.find("additionalProperties");
  if (open != nullptr && open->type() == Value::Type::kBool && !open->integer()) return out;
  static constexpr std::array<std::string_view, 8> kKeys{"a",   "",    "500",    "X-Y",
                                                         "a.b", "4xx", "{text}", "\xc3\xa9"};
  for (std::size_t n = below(3); n > 0; --n) {
    const std::string_view key = kKeys[below(kKeys.size())];
    const bool described = open != nullptr && open->type() == Value::Type::kTable;
    out.set(key, described ? value_for(*open, depth + 1) : anything(depth + 1));
  }
  return out;
}

Value RandomConfig::anything(int depth) {
  switch (below(depth >= kDepthMax ? 4 : 6)) {
    case 0:
      return text_for(Value::table());
    case 1:
      return {static_cast<std::int64_t>(below(1000)) - 500};
    case 2:
      return {chance(50)};
    case 3:
      return {0.5};
    case 4: {
      Value list = Value::array();
      for (std::size_t n = below(4); n > 0; --n) list.push(anything(depth + 1));
      return list;
    }
    default:
      return table_for(Value::table(), depth + 1);
  }
}

}  // namespace heliograph::sdk::conformance
