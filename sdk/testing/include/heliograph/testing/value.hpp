// Value: a JSON-like tree, for configurations in tests.
//
//   Value::table({{"url", "http://peer"}, {"codes", Value::array({1, 2})}})
//
// Not thread-safe; copyable.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace heliograph::sdk::testing {

class Value {
 public:
  // As HG_CFG_*.
  enum class Type : std::uint32_t { kNull, kBool, kInt, kFloat, kString, kArray, kTable };
  using Member = std::pair<std::string, Value>;

  Value() = default;
  Value(bool value) : type_(Type::kBool), integer_(value ? 1 : 0) {}
  template <std::integral T>
  Value(T value) : type_(Type::kInt), integer_(static_cast<std::int64_t>(value)) {}
  Value(double value) : type_(Type::kFloat), number_(value) {}
  Value(const char* value) : type_(Type::kString), text_(value) {}
  Value(std::string_view value) : type_(Type::kString), text_(value) {}
  Value(std::string value) : type_(Type::kString), text_(std::move(value)) {}

  static Value array(std::initializer_list<Value> elements = {});
  static Value table(std::initializer_list<Member> members = {});
  // Throws std::invalid_argument when `json` is none.
  static Value parse(std::string_view json);

  Type type() const { return type_; }
  std::int64_t integer() const { return integer_; }  // of a bool: 0 or 1
  double number() const { return type_ == Type::kFloat ? number_ : static_cast<double>(integer_); }
  const std::string& text() const { return text_; }
  // Elements (with empty keys) or members, in order.
  const std::vector<Member>& children() const { return children_; }

  // The member of a table or element of an array; nullptr when there is none.
  const Value* find(std::string_view key) const;
  // The value at a dotted path ("codes.0.name"); "" is this one.
  const Value* at_path(std::string_view path) const;
  // Sets a member of a table (replacing one of that name) or appends to an array.
  Value& set(std::string_view key, Value value);
  Value& push(Value value);

  std::string json() const;

 private:
  static Value parse_valid(std::string_view json);

  Type type_ = Type::kNull;
  std::int64_t integer_ = 0;
  double number_ = 0;
  std::string text_;
  std::vector<Member> children_;
};

}  // namespace heliograph::sdk::testing
