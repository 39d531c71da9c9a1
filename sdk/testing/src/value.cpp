#include <heliograph/testing/value.hpp>

#include <array>
#include <charconv>
#include <stdexcept>

#include <heliograph/json.hpp>

namespace heliograph::sdk::testing {

Value Value::array(std::initializer_list<Value> elements) {
  Value value;
  value.type_ = Type::kArray;
  for (const Value& element : elements) value.push(element);
  return value;
}

Value Value::table(std::initializer_list<Member> members) {
  Value value;
  value.type_ = Type::kTable;
  for (const Member& member : members) value.set(member.first, member.second);
  return value;
}

Value Value::parse(std::string_view text) {
  const std::optional<std::string_view> whole = sdk::json::find(text, "");
  if (!whole) throw std::invalid_argument("not JSON: " + std::string(text));
  return parse_valid(*whole);
}

Value Value::parse_valid(std::string_view text) {
  const char first = text[0];
  if (first == 'n') return {};
  if (first == 't' || first == 'f') return {first == 't'};
  if (first == '"') return {sdk::json::detail::decode_string(text)};
  if (first == '{' || first == '[') {
    Value value = first == '{' ? table() : array();
    sdk::json::detail::each_child(text, [&](std::string_view name, std::string_view child) {
      const std::string key = name.empty() ? std::string() : sdk::json::detail::decode_string(name);
      value.children_.emplace_back(key, parse_valid(child));
      return true;
    });
    return value;
  }
  if (text.find_first_of(".eE") == std::string_view::npos) {
    std::int64_t integer = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), integer).ec == std::errc{})
      return {integer};
  }
  double number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return {number};
}

const Value* Value::find(std::string_view key) const {
  for (std::size_t i = 0; i < children_.size(); ++i) {
    const bool hit = type_ == Type::kArray ? key == std::to_string(i) : key == children_[i].first;
    if (hit) return &children_[i].second;
  }
  return nullptr;
}

const Value* Value::at_path(std::string_view path) const {
  const Value* value = this;
  while (!path.empty() && value != nullptr) {
    const std::size_t dot = path.find('.');
    value = value->find(path.substr(0, dot));
    path.remove_prefix(dot == std::string_view::npos ? path.size() : dot + 1);
  }
  return value;
}

Value& Value::set(std::string_view key, Value value) {
  for (Member& member : children_) {
    if (member.first == key) {
      member.second = std::move(value);
      return *this;
    }
  }
  children_.emplace_back(std::string(key), std::move(value));
  return *this;
}

Value& Value::push(Value value) {
  children_.emplace_back(std::string(), std::move(value));
  return *this;
}

std::string Value::json() const {
  std::string out;
  switch (type_) {
    case Type::kNull:
      return "null";
    case Type::kBool:
      return integer_ != 0 ? "true" : "false";
    case Type::kInt:
      return std::to_string(integer_);
    case Type::kFloat: {
      std::array<char, 32> digits{};
      const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number_).ptr;
      return {digits.data(), end};
    }
    case Type::kString:
      sdk::json::append_string(out, text_);
      return out;
    case Type::kArray:
    case Type::kTable:
      break;
  }
  const bool named = type_ == Type::kTable;
  out = named ? "{" : "[";
  for (const Member& member : children_) {
    if (out.size() > 1) out += ',';
    if (named) {
      sdk::json::append_string(out, member.first);
      out += ':';
    }
    out += member.second.json();
  }
  return out + (named ? '}' : ']');
}

}  // namespace heliograph::sdk::testing
