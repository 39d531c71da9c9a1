#include "core/api/facades/facade_words.h"

#include <fmt/format.h>

#include "core/api/message_json.h"
#include "core/api/rate_limit_headers.h"

namespace heliograph::api::facade {

http::Response error(unsigned status, std::string_view detail) {
  JsonWriter json;
  json.begin_object();
  json.text("detail", detail);
  json.end_object();
  return json_response(status, json);
}

http::Response invalid(const std::vector<FieldFault>& faults) {
  JsonWriter json;
  json.begin_object();
  json.begin_array("detail");
  for (const FieldFault& fault : faults) {
    json.begin_object();
    json.text("type", fault.type);
    json.begin_array("loc");
    json.text_element(fault.where);
    if (!fault.field.empty()) json.text_element(fault.field);
    json.end_array();
    json.text("msg", fault.message);
    json.end_object();
  }
  json.end_array();
  json.end_object();
  return json_response(422, json);
}

http::Response StoreRefusals::operator()(const ports::InsufficientCredit&) const {
  return error(402, "The client of this interface has too little credit.");
}

http::Response StoreRefusals::operator()(const ports::Overloaded& overloaded) const {
  http::Response response =
      error(503, fmt::format("No message is taken now: {}.", overloaded.reason));
  add_retry_after(overloaded.retry_after, response);
  return response;
}

std::expected<JsonValue, http::Response> read_object(const http::Request& request) {
  if (request.header("content-encoding").has_value()) {
    return std::unexpected(error(415, "Content-Encoding is not supported."));
  }
  if (request.body.empty()) {
    return std::unexpected(invalid({{"missing", "body", "", "Field required"}}));
  }
  auto body = parse_json(request.body);
  if (!body) {
    const std::string message = "JSON decode error: " + body.error().detail;
    return std::unexpected(invalid({{"json_invalid", "body", "", message}}));
  }
  if (body->kind != JsonKind::kObject) {
    return std::unexpected(
        invalid({{"model_attributes_type", "body", "", "Input should be a valid object"}}));
  }
  return *std::move(body);
}

void text_or_null(JsonWriter& json, std::string_view name, std::string_view value) {
  if (value.empty()) return json.null(name);
  json.text(name, value);
}

}  // namespace heliograph::api::facade
