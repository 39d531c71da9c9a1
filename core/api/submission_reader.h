// From the body of POST /v1/messages to a pipeline::Submission. Reads shapes only: whether a
// number, a text or a provider will do is the intake's to judge. Pure; thread-safe.
#pragma once

#include <expected>

#include "core/api/json_value.h"
#include "core/http/problem.h"
#include "core/pipeline/intake.h"

namespace heliograph::api {

// The error is a 400 with a pointer to the field.
std::expected<pipeline::Submission, http::Problem> read_submission(const JsonValue& body);

}  // namespace heliograph::api
