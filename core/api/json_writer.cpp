#include "core/api/json_writer.h"

#include <fmt/format.h>

#include <cmath>
#include <iterator>

#include "core/base/json_text.h"

namespace heliograph::api {

void JsonWriter::separate() {
  if (comma_) out_ += ',';
  comma_ = true;
}

void JsonWriter::name(std::string_view name) {
  separate();
  quoted(name);  // not always a literal: metadata has the client's own names
  out_ += ':';
}

void JsonWriter::quoted(std::string_view value) { base::append_json_string(out_, value); }

void JsonWriter::begin_object() {
  separate();
  out_ += '{';
  comma_ = false;
}

void JsonWriter::end_object() {
  out_ += '}';
  comma_ = true;
}

void JsonWriter::begin_array() {
  separate();
  out_ += '[';
  comma_ = false;
}

void JsonWriter::end_array() {
  out_ += ']';
  comma_ = true;
}

void JsonWriter::text_element(std::string_view value) {
  separate();
  quoted(value);
}

void JsonWriter::begin_object(std::string_view member) {
  name(member);
  out_ += '{';
  comma_ = false;
}

void JsonWriter::begin_array(std::string_view member) {
  name(member);
  out_ += '[';
  comma_ = false;
}

void JsonWriter::text(std::string_view member, std::string_view value) {
  name(member);
  quoted(value);
}

void JsonWriter::text_unless_empty(std::string_view member, std::string_view value) {
  if (!value.empty()) text(member, value);
}

void JsonWriter::integer(std::string_view member, std::int64_t value) {
  name(member);
  fmt::format_to(std::back_inserter(out_), "{}", value);
}

void JsonWriter::count(std::string_view member, std::uint64_t value) {
  name(member);
  fmt::format_to(std::back_inserter(out_), "{}", value);
}

void JsonWriter::number(std::string_view member, double value) {
  if (!std::isfinite(value)) return null(member);
  name(member);
  fmt::format_to(std::back_inserter(out_), "{}", value);
}

void JsonWriter::boolean(std::string_view member, bool value) {
  name(member);
  out_ += value ? "true" : "false";
}

void JsonWriter::null(std::string_view member) {
  name(member);
  out_ += "null";
}

void JsonWriter::time(std::string_view member, base::WallTime value) {
  text(member, base::format_rfc3339(value));
}

void JsonWriter::raw(std::string_view member, std::string_view json) {
  name(member);
  out_ += json;
}

}  // namespace heliograph::api
