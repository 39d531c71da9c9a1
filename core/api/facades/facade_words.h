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
#include "core/model/message.h"
#include "core/ports/store.h"

namespace heliograph::api::facade {

// In which the replaced systems' words, each for several, are looked up.
inline constexpr model::Status kAllStatuses[] = {
    model::Status::kScheduled,  model::Status::kQueued,    model::Status::kSending,
    model::Status::kSent,       model::Status::kDelivered, model::Status::kFailedTemp,
    model::Status::kFailedPerm, model::Status::kExpired,   model::Status::kCancelled,
    model::Status::kUnknown};

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

// What the store says to a message that it does not take, as far as it is no fault of the request:
// 402 and 503 with Retry-After. For visitors to inherit.
struct StoreRefusals {
  http::Response operator()(const ports::InsufficientCredit&) const;
  http::Response operator()(const ports::Overloaded& overloaded) const;
};

// The body as a JSON object. The error is the 422 to send, or 415 for a content coding; the type
// was looked at by the door.
std::expected<JsonValue, http::Response> read_object(const http::Request& request);

// "text": null when it is empty.
void text_or_null(JsonWriter& json, std::string_view name, std::string_view value);

}  // namespace heliograph::api::facade
