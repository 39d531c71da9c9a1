// The body of a request as a JSON object. Pure; thread-safe.
#pragma once

#include <expected>

#include "core/api/json_value.h"
#include "core/http/message.h"
#include "core/http/problem.h"

namespace heliograph::api {

// Content-Type is application/json, alone or with charset=utf-8 (RFC 8259, 11 knows no other).
bool is_json(const http::Request& request);

// 415 for another type or a content coding, 400 for anything that is not one JSON object.
// `list_max`: see parse_json().
std::expected<JsonValue, http::Problem> read_object(const http::Request& request,
                                                    std::size_t list_max = kJsonMembersMax);
// The same for actions whose body may be left out: an empty one is an empty object.
std::expected<JsonValue, http::Problem> read_optional_object(const http::Request& request);

}  // namespace heliograph::api
