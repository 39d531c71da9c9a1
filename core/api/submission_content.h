// The fields of a message besides its text - subject, html, media, attachments - from JSON. Reads
// shapes only: what a channel may carry is the intake's to judge. Pure; thread-safe.
#pragma once

#include <optional>

#include "core/api/json_fields.h"
#include "core/http/problem.h"
#include "core/model/content.h"

namespace heliograph::api {

// What is wrong with a field itself goes to `fields`; what is wrong inside an array is returned,
// with a pointer to the place.
std::optional<http::Problem> read_content(JsonFields& fields, model::Content& content);

}  // namespace heliograph::api
