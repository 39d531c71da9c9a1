#include "core/api/json_value.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

namespace heliograph::api {
namespace {

std::string not_well_formed(std::size_t position) {
  return fmt::format("The body is not well-formed JSON in UTF-8 (at byte {}).", position);
}

// What nlohmann's parser tells, put together as a tree. Each function returns false to stop.
class TreeBuilder {
 public:
  using number_integer_t = nlohmann::json::number_integer_t;
  using number_unsigned_t = nlohmann::json::number_unsigned_t;
  using number_float_t = nlohmann::json::number_float_t;
  using string_t = nlohmann::json::string_t;
  using binary_t = nlohmann::json::binary_t;

  explicit TreeBuilder(std::size_t list_max) : list_max_(list_max) {}

  JsonValue root;
  http::Problem problem;

  bool null() { return add(JsonValue{}) != nullptr; }

  bool boolean(bool value) {
    JsonValue* added = add(JsonValue{});
    if (added == nullptr) return false;
    added->kind = JsonKind::kBoolean;
    added->boolean = value;
    return true;
  }

  bool number_integer(number_integer_t value) {
    JsonValue* added = add(JsonValue{});
    if (added == nullptr) return false;
    added->kind = JsonKind::kInteger;
    added->integer = value;
    added->number = static_cast<double>(value);
    return true;
  }

  bool number_unsigned(number_unsigned_t value) {
    constexpr auto kMax = std::numeric_limits<std::int64_t>::max();
    if (value <= static_cast<number_unsigned_t>(kMax)) {
      return number_integer(static_cast<std::int64_t>(value));
    }
    return number_float(static_cast<double>(value), {});
  }

  bool number_float(number_float_t value, const string_t&) {
    JsonValue* added = add(JsonValue{});
    if (added == nullptr) return false;
    added->kind = JsonKind::kNumber;
    added->number = value;
    return true;
  }

  bool string(string_t& value) {
    if (value.find('\0') != std::string::npos) return fail("A string must not contain NUL.", "");
    JsonValue* added = add(JsonValue{});
    if (added == nullptr) return false;
    added->kind = JsonKind::kString;
    added->text = std::move(value);
    return true;
  }

  bool binary(binary_t&) { return fail("Binary values are not JSON.", ""); }

  bool start_object(std::size_t) { return open(JsonKind::kObject); }
  bool start_array(std::size_t) { return open(JsonKind::kArray); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }

  bool key(string_t& name) {
    JsonValue& object = *open_.back();
    if (name.find('\0') != std::string::npos) return fail("A name must not contain NUL.", "");
    if (object.find(name) != nullptr) {
      return fail("The name is there twice.", json_pointer(path(open_.size()), name));
    }
    object.names.push_back(std::move(name));
    return true;
  }

  // The parser's own sentence quotes the document, so only the place is told.
  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::json::exception& error) {
    constexpr int kOutOfRange = 406;  // "number overflow"
    if (error.id == kOutOfRange) return fail("A number is out of range.", path(open_.size()));
    return fail(not_well_formed(position), "");
  }

 private:
  JsonValue* add(JsonValue value) {
    if (open_.empty()) {
      root = std::move(value);
      return &root;
    }
    JsonValue& parent = *open_.back();
    const bool is_list = open_.size() <= 2 && parent.kind == JsonKind::kArray;
    const std::size_t members_max = is_list ? list_max_ : kJsonMembersMax;
    if (parent.items.size() == members_max) {
      fail(fmt::format("More than {} members.", members_max), path(open_.size()));
      return nullptr;
    }
    return &parent.items.emplace_back(std::move(value));
  }

  bool open(JsonKind kind) {
    if (open_.size() == kJsonDepthMax) {
      return fail(fmt::format("Nested deeper than {} levels.", kJsonDepthMax), path(open_.size()));
    }
    JsonValue* added = add(JsonValue{});
    if (added == nullptr) return false;
    added->kind = kind;
    // A parent's items do not move while a child is open: only the innermost one grows.
    open_.push_back(added);
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  // Of the innermost of the first `depth` open values.
  std::string path(std::size_t depth) const {
    std::string result;
    for (std::size_t i = 1; i < depth; ++i) {
      const JsonValue& parent = *open_[i - 1];
      const std::size_t index = parent.items.size() - 1;
      result = json_pointer(
          result, parent.kind == JsonKind::kObject ? parent.names[index] : std::to_string(index));
    }
    return result;
  }

  bool fail(std::string detail, std::string pointer) {
    problem.status = 400;
    problem.detail = std::move(detail);
    problem.pointer = std::move(pointer);
    return false;
  }

  std::size_t list_max_;
  std::vector<JsonValue*> open_;
};

}  // namespace

std::string_view to_string(JsonKind kind) {
  switch (kind) {
    case JsonKind::kNull:
      return "null";
    case JsonKind::kBoolean:
      return "a boolean";
    case JsonKind::kInteger:
      return "an integer";
    case JsonKind::kNumber:
      return "a number";
    case JsonKind::kString:
      return "a string";
    case JsonKind::kArray:
      return "an array";
    case JsonKind::kObject:
      return "an object";
  }
  return "";
}

const JsonValue* JsonValue::find(std::string_view name) const {
  const auto found = std::ranges::find(names, name);
  if (found == names.end()) return nullptr;
  const auto index = static_cast<std::size_t>(found - names.begin());
  return index < items.size() ? &items[index] : nullptr;
}

std::expected<JsonValue, http::Problem> parse_json(std::string_view document,
                                                   std::size_t list_max) {
  TreeBuilder builder(list_max);
  // The parser takes a NUL for the end of its input, and would leave what stands behind it unread.
  if (const std::size_t nul = document.find('\0'); nul != std::string_view::npos) {
    http::Problem problem;
    problem.detail = not_well_formed(nul + 1);
    return std::unexpected(std::move(problem));
  }
  if (!nlohmann::json::sax_parse(document, &builder)) {
    return std::unexpected(std::move(builder.problem));
  }
  return std::move(builder.root);
}

std::string json_pointer(std::string_view parent, std::string_view name) {
  std::string result{parent};
  result += '/';
  for (const char c : name) {
    if (c == '~') {
      result += "~0";
    } else if (c == '/') {
      result += "~1";
    } else {
      result += c;
    }
  }
  return result;
}

}  // namespace heliograph::api
