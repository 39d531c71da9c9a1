// A JSON document as clients send it: a small tree, read strictly.
//
// Bodies come from strangers, so reading is bounded in depth and in members, and whatever two
// readers could understand differently is refused: duplicate names, text behind the document,
// ill-formed UTF-8, NUL inside a string (RFC 8259, 4 and 8.1; RFC 7493, 2.3). Pure; thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "core/http/problem.h"

namespace heliograph::api {

inline constexpr std::size_t kJsonDepthMax = 8;
inline constexpr std::size_t kJsonMembersMax = 128;  // of one object or array

enum class JsonKind : std::uint8_t {
  kNull,
  kBoolean,
  kInteger,  // no fraction, no exponent, fits 64 bits with sign
  kNumber,   // every other number
  kString,
  kArray,
  kObject,
};
std::string_view to_string(JsonKind kind);  // "a string"; for sentences

struct JsonValue {
  JsonKind kind = JsonKind::kNull;
  bool boolean = false;
  std::int64_t integer = 0;
  double number = 0;               // set for kInteger too
  std::string text;                // of kString
  std::vector<std::string> names;  // of kObject: names[i] belongs to items[i]
  std::vector<JsonValue> items;    // of kObject and kArray

  const JsonValue* find(std::string_view name) const;  // nullptr: no such member
};

// The error is a 400 with a pointer where one can be given; it never repeats what was sent.
// `list_max`: the most elements of an array that is the document or a member or element of it.
std::expected<JsonValue, http::Problem> parse_json(std::string_view document,
                                                   std::size_t list_max = kJsonMembersMax);

// RFC 6901: "~" and "/" of a name become "~0" and "~1".
std::string json_pointer(std::string_view parent, std::string_view name);

}  // namespace heliograph::api
