// Bodies and errors in the shapes of FastAPI, the framework that the replaced systems Twillow and
// Messaging were built on: their clients read them field by field. Pure; thread-safe.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "core/api/json_value.h"
#include "core/api/json_writer.h"
#include "core/http/message.h"

namespace heliograph::api::facade {

// {"detail": "..."}: every error that is not about a field.
http::Response error(unsigned status, std::string_view detail);

// One thing wrong with a request.
struct FieldFault {
  std::string_view type;   // "missing", "string_too_short", "value_error"
  std::string_view where;  // "body", "query"
  std::string_view field;  // empty: all of it
  std::string message;     // never the value itself
};
// 422 {"detail": [{"type", "loc": [where, field], "msg"}]}
http::Response invalid(const std::vector<FieldFault>& faults);

// The body as a JSON object. The error is the 422 to send, or 415 for a content coding; the type
// was looked at by the door.
std::expected<JsonValue, http::Response> read_object(const http::Request& request);

// "text": null when it is empty.
void text_or_null(JsonWriter& json, std::string_view name, std::string_view value);

}  // namespace heliograph::api::facade
