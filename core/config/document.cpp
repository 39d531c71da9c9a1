#include "core/config/document.h"

#include <algorithm>
#include <utility>

namespace heliograph::config {

const Node* Node::find(std::string_view name) const {
  if (kind != Kind::kTable) return nullptr;
  const auto found = std::ranges::find(items, name, &Node::key);
  return found == items.end() ? nullptr : &*found;
}

Node* Node::find(std::string_view name) {
  return const_cast<Node*>(std::as_const(*this).find(name));
}

Node& Node::member(std::string_view name, const Origin& where) {
  if (Node* const found = find(name)) return *found;
  Node& made = items.emplace_back();
  made.key = name;
  made.origin = where;
  return made;
}

Node* Node::at_path(std::string_view path, const Origin& where) {
  Node* node = this;
  while (!path.empty()) {
    if (node->kind != Kind::kTable) return nullptr;
    const std::string_view name = path.substr(0, path.find('.'));
    node = &node->member(name, where);
    path.remove_prefix(std::min(path.size(), name.size() + 1));
  }
  return node;
}

std::string_view describe(Node::Kind kind) {
  switch (kind) {
    case Node::Kind::kString:
    case Node::Kind::kVariable:
      return "a string";
    case Node::Kind::kInteger:
      return "an integer";
    case Node::Kind::kReal:
      return "a number with a fraction";
    case Node::Kind::kBoolean:
      return "a boolean";
    case Node::Kind::kTime:
      return "a date or time";
    case Node::Kind::kArray:
      return "an array";
    case Node::Kind::kTable:
      return "a table";
  }
  return "something else";
}

}  // namespace heliograph::config
