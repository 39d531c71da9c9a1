// Reads the members of one JSON object into values, and remembers the first thing wrong with them.
//
//   JsonFields fields(body);
//   submission.to = fields.required_text("to");
//   const auto express = fields.boolean("express");
//   if (auto problem = fields.finish()) return std::unexpected(*problem);
//
// Every member has to be asked for: finish() refuses the ones nobody knows. A member that is null
// counts as not given. Thread-compatible; the object outlives it.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/api/json_value.h"
#include "core/http/problem.h"

namespace heliograph::api {

class JsonFields {
 public:
  // `pointer`: where the object stands in the body; "" for the body itself.
  explicit JsonFields(const JsonValue& object, std::string pointer = {});

  // nullopt: not given, or wrong (which finish() then tells). Names are string literals.
  std::optional<std::string> text(std::string_view name);
  std::optional<bool> boolean(std::string_view name);
  std::optional<std::int64_t> integer(std::string_view name, std::int64_t min, std::int64_t max);
  std::optional<double> number(std::string_view name, double min, double max);
  const JsonValue* value(std::string_view name);  // of any kind; nullptr: not given

  std::string required_text(std::string_view name);  // "" when wrong

  // What the caller itself found wrong with `name`: a sentence without the value.
  void fail(std::string_view name, std::string detail);
  // The first problem, or that of a member nobody asked for.
  std::optional<http::Problem> finish();

 private:
  const JsonValue* take(std::string_view name);
  const JsonValue* take(std::string_view name, JsonKind kind);

  const JsonValue& object_;
  std::string pointer_;
  std::vector<std::string_view> known_;
  std::optional<http::Problem> problem_;
};

}  // namespace heliograph::api
