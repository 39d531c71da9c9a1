// The part of JSON Schema that a test needs: defaults, units, and the mistakes a test makes.
#include <array>
#include <charconv>
#include <optional>

#include <heliograph/testing/config_tree.hpp>

namespace heliograph::sdk::testing {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t factor;
};

constexpr std::array<Unit, 6> kDurations{{{"ns", 1},
                                          {"us", 1'000},
                                          {"ms", 1'000'000},
                                          {"s", 1'000'000'000},
                                          {"m", 60'000'000'000},
                                          {"h", 3'600'000'000'000}}};
constexpr std::array<Unit, 8> kSizes{{{"", 1},
                                      {"B", 1},
                                      {"KB", 1'000},
                                      {"MB", 1'000'000},
                                      {"GB", 1'000'000'000},
                                      {"KiB", 1 << 10},
                                      {"MiB", 1 << 20},
                                      {"GiB", 1 << 30}}};

// Sums "<number><unit>" steps.
template <std::size_t N>
std::optional<std::int64_t> sum_units(std::string_view text, const std::array<Unit, N>& units) {
  std::int64_t sum = 0;
  if (text.empty()) return std::nullopt;
  while (!text.empty()) {
    std::int64_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc{} || count < 0) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    const std::size_t length = std::min(text.find_first_of("0123456789"), text.size());
    const Unit* found = nullptr;
    for (const Unit& unit : units) {
      if (unit.name == text.substr(0, length)) found = &unit;
    }
    if (found == nullptr || __builtin_mul_overflow(count, found->factor, &count) ||
        __builtin_add_overflow(sum, count, &sum)) {
      return std::nullopt;
    }
    text.remove_prefix(length);
  }
  return sum;
}

std::string joined(const std::string& path, std::string_view key) {
  return path.empty() ? std::string(key) : path + "." + std::string(key);
}

std::string_view text_of(const Value& schema, std::string_view key) {
  const Value* value = schema.find(key);
  return value == nullptr ? std::string_view{} : std::string_view(value->text());
}

bool of_type(const Value& value, std::string_view type) {
  switch (value.type()) {
    case Value::Type::kBool:
      return type == "boolean";
    case Value::Type::kInt:
      return type == "integer" || type == "number";
    case Value::Type::kFloat:
      return type == "number";
    case Value::Type::kString:
      return type == "string";
    case Value::Type::kArray:
      return type == "array";
    case Value::Type::kTable:
      return type == "object";
    case Value::Type::kNull:
      break;
  }
  return type == "null";
}

Value checked(const Value& schema, const Value& value, const std::string& path);

Value checked_table(const Value& schema, const Value& table, const std::string& path) {
  const Value none = Value::table();
  const Value* properties = schema.find("properties");
  if (properties == nullptr) properties = &none;
  const Value* open = schema.find("additionalProperties");
  Value out = Value::table();
  for (const Value::Member& member : properties->children()) {
    const Value* given = table.find(member.first);
    const Value* fallback = member.second.find("default");
    if (given == nullptr) given = fallback;
    if (given != nullptr) {
      out.set(member.first, checked(member.second, *given, joined(path, member.first)));
    }
  }
  for (const Value::Member& member : table.children()) {
    if (properties->find(member.first) != nullptr) continue;
    const bool closed = open != nullptr && open->type() == Value::Type::kBool && !open->integer();
    if (closed) throw SchemaError(joined(path, member.first) + ": unknown key");
    const bool described = open != nullptr && open->type() == Value::Type::kTable;
    out.set(member.first,
            described ? checked(*open, member.second, joined(path, member.first)) : member.second);
  }
  if (const Value* required = schema.find("required")) {
    for (const Value::Member& name : required->children()) {
      if (out.find(name.second.text()) == nullptr) {
        throw SchemaError(joined(path, name.second.text()) + ": is missing");
      }
    }
  }
  return out;
}

Value checked(const Value& schema, const Value& value, const std::string& path) {
  const std::string_view type = text_of(schema, "type");
  const std::string_view unit = text_of(schema, "x-unit");
  if (!type.empty() && !of_type(value, type)) {
    throw SchemaError(path + ": must be of type " + std::string(type));
  }
  if (value.type() == Value::Type::kString && unit == "duration") {
    return {parse_duration(value.text())};
  }
  if (value.type() == Value::Type::kString && unit == "size") return {parse_size(value.text())};
  if (value.type() == Value::Type::kTable) return checked_table(schema, value, path);
  const Value* items = schema.find("items");
  if (value.type() != Value::Type::kArray || items == nullptr) return value;
  Value out = Value::array();
  for (std::size_t i = 0; i < value.children().size(); ++i) {
    out.push(checked(*items, value.children()[i].second, joined(path, std::to_string(i))));
  }
  return out;
}

}  // namespace

std::int64_t parse_duration(std::string_view text) {
  if (const auto ns = sum_units(text, kDurations)) return *ns;
  throw SchemaError("'" + std::string(text) + "' is no duration, write it like \"5s\"");
}

std::int64_t parse_size(std::string_view text) {
  if (const auto bytes = sum_units(text, kSizes)) return *bytes;
  throw SchemaError("'" + std::string(text) + "' is no size, write it like \"64KiB\"");
}

Value apply_schema(std::string_view schema_json, const Value& config) {
  return checked(Value::parse(schema_json), config, "");
}

}  // namespace heliograph::sdk::testing
