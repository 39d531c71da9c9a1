// The one file that knows toml++.
#include <fmt/format.h>
#include <toml++/toml.h>

#include <sstream>

#include "core/config/document.h"

namespace heliograph::config {
namespace {

class Converter {
 public:
  explicit Converter(const std::string& name) : name_(name) {}

  Node convert(const toml::node& from, const Origin& parent) const {
    Node node;
    node.origin = origin(from, parent);
    from.visit([&](const auto& value) { fill(node, value); });
    return node;
  }

 private:
  // Tables that only a dotted key implies have no place of their own.
  Origin origin(const toml::node& from, const Origin& parent) const {
    const auto line = static_cast<int>(from.source().begin.line);
    if (line == 0) return parent;
    return {fmt::format("{}:{}", name_, line), line};
  }

  void fill(Node& node, const toml::table& table) const {
    node.kind = Node::Kind::kTable;
    for (const auto& [key, value] : table) {
      node.items.push_back(convert(value, node.origin));
      node.items.back().key = key.str();
    }
  }
  void fill(Node& node, const toml::array& array) const {
    node.kind = Node::Kind::kArray;
    for (const auto& item : array) node.items.push_back(convert(item, node.origin));
  }
  void fill(Node& node, const toml::value<std::string>& value) const {
    node.kind = Node::Kind::kString;
    node.text = value.get();
  }
  void fill(Node& node, const toml::value<std::int64_t>& value) const {
    node.kind = Node::Kind::kInteger;
    node.integer = value.get();
  }
  void fill(Node& node, const toml::value<double>& value) const {
    node.kind = Node::Kind::kReal;
    node.real = value.get();
  }
  void fill(Node& node, const toml::value<bool>& value) const {
    node.kind = Node::Kind::kBoolean;
    node.boolean = value.get();
  }
  template <class Time>
  void fill(Node& node, const toml::value<Time>& value) const {
    node.kind = Node::Kind::kTime;
    std::ostringstream text;
    text << value.get();
    node.text = text.str();
  }

  const std::string& name_;
};

}  // namespace

std::expected<Node, std::string> parse_toml(std::string_view text, const std::string& name) {
  try {
    const toml::table table = toml::parse(text, name);
    return Converter(name).convert(table, Origin{name + ":1", 1});
  } catch (const toml::parse_error& error) {
    return std::unexpected(
        fmt::format("{}:{}: {}", name, error.source().begin.line, error.description()));
  }
}

}  // namespace heliograph::config
