// A configuration as it was written: a tree of values, each of which knows where it comes from.
//
// The file and the environment both end up in this one form, so that the sections are read, and
// their errors reported, in one way. For the files of this folder only. Plain data.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace heliograph::config {

struct Origin {
  std::string place;  // "heliograph.toml:41", or the name of an environment variable
  int line = 0;       // 0: a variable
};

struct Node {
  enum class Kind : std::uint8_t {
    kString,
    kInteger,
    kReal,
    kBoolean,
    kTime,  // any of TOML's dates and times, as text in RFC 3339's form
    kArray,
    kTable,
    kVariable,  // text of an environment variable: whoever reads it knows the type
  };
  Kind kind = Kind::kTable;
  Origin origin;
  std::string key;   // of a member of a table
  std::string text;  // kString, kTime, kVariable
  std::int64_t integer = 0;
  double real = 0;
  bool boolean = false;
  std::vector<Node> items;  // of an array; members of a table, in the order of their keys

  const Node* find(std::string_view name) const;  // member of a table; nullptr when there is none
  Node* find(std::string_view name);
  // The member, made when missing (an empty table).
  Node& member(std::string_view name, const Origin& where);
  // Walks "a.b.c", making tables on the way. nullptr when something on the way is no table.
  Node* at_path(std::string_view path, const Origin& where);
};

// "a string", "a table": for errors.
std::string_view describe(Node::Kind kind);

// The error is one line: "heliograph.toml:7: ...".
std::expected<Node, std::string> parse_toml(std::string_view text, const std::string& name);

// JSON text of a table: times become strings, variables become true, false or an integer where they
// read as one. The error names the key that JSON cannot carry (an infinite number).
std::expected<std::string, std::string> to_json(const Node& node);

}  // namespace heliograph::config
