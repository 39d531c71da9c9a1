#include "core/config/scalars.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "core/base/text.h"

namespace heliograph::config {
namespace {

template <class Number>
std::optional<Number> parse_whole(std::string_view text) {
  Number value{};
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || rest != end) return std::nullopt;
  return value;
}

}  // namespace

std::optional<bool> parse_boolean(std::string_view text) {
  static constexpr std::array<std::string_view, 4> kTrue = {"true", "yes", "on", "1"};
  static constexpr std::array<std::string_view, 4> kFalse = {"false", "no", "off", "0"};
  const std::string lower = base::to_lower_ascii(text);
  if (std::ranges::find(kTrue, lower) != kTrue.end()) return true;
  if (std::ranges::find(kFalse, lower) != kFalse.end()) return false;
  return std::nullopt;
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  return parse_whole<std::int64_t>(text);
}

std::optional<double> parse_real(std::string_view text) {
  const auto value = parse_whole<double>(text);
  return value && std::isfinite(*value) ? value : std::nullopt;
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::string_view part = text.substr(0, text.find(','));
    if (const auto trimmed = base::trim(part); !trimmed.empty()) out.emplace_back(trimmed);
    text.remove_prefix(std::min(text.size(), part.size() + 1));
  }
  return out;
}

std::optional<bool> boolean_of_variable(const Node& node) {
  return node.kind == Node::Kind::kVariable ? parse_boolean(node.text) : std::nullopt;
}

std::optional<std::int64_t> integer_of_variable(const Node& node) {
  return node.kind == Node::Kind::kVariable ? parse_integer(node.text) : std::nullopt;
}

std::optional<double> real_of_variable(const Node& node) {
  return node.kind == Node::Kind::kVariable ? parse_real(node.text) : std::nullopt;
}

}  // namespace heliograph::config
