// Writes JSON by appending to one string: no tree, one allocation that grows. Every answer of the
// API is written with it, the hot 202 among them.
//
//   JsonWriter json;
//   json.begin_object();
//   json.text("status", "ok");
//   json.end_object();
//   response.body = json.take();
//
// The caller keeps the nesting right. Strings may hold any bytes: what is not UTF-8 comes out as
// U+FFFD, so that the answer is always valid JSON. Thread-compatible.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/time_text.h"

namespace heliograph::api {

class JsonWriter {
 public:
  explicit JsonWriter(std::size_t reserve_bytes = 256) { out_.reserve(reserve_bytes); }

  // The document itself, or an element of an array.
  void begin_object();
  void end_object();
  void begin_array();
  void end_array();
  void text_element(std::string_view value);

  // Members of the open object.
  void begin_object(std::string_view name);
  void begin_array(std::string_view name);
  void text(std::string_view name, std::string_view value);
  void text_unless_empty(std::string_view name, std::string_view value);
  void integer(std::string_view name, std::int64_t value);
  void count(std::string_view name, std::uint64_t value);
  void number(std::string_view name, double value);  // null when it is not finite
  void boolean(std::string_view name, bool value);
  void null(std::string_view name);
  void time(std::string_view name, base::WallTime value);  // RFC 3339
  void raw(std::string_view name, std::string_view json);  // as it is: must be well-formed

  std::string take() { return std::move(out_); }

 private:
  void separate();
  void name(std::string_view name);
  void quoted(std::string_view value);

  std::string out_;
  bool comma_ = false;  // the next member or element follows another
};

}  // namespace heliograph::api
