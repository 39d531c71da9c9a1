// Idempotency-Key (draft-ietf-httpapi-idempotency-key-header): reading the header, and the record
// that stands for it in the store. Pure; thread-safe.
#pragma once

#include <expected>
#include <optional>
#include <string>

#include "core/http/message.h"
#include "core/http/problem.h"
#include "core/model/ids.h"
#include "core/ports/store_types.h"

namespace heliograph::api {

inline constexpr std::size_t kIdempotencyKeyMax = 255;  // characters

// The key itself: the draft's quoted string (RFC 8941, 3.3.3) or, as many clients send it, bare.
// nullopt: none sent. The error is a 400: sent twice, empty, too long or not printable ASCII.
std::expected<std::optional<std::string>, http::Problem> idempotency_key(
    const http::Request& request);

// Scope: client, method and path; fingerprint: the raw body.
std::expected<std::optional<ports::IdempotencyKey>, http::Problem> idempotency_record(
    const http::Request& request, model::ClientId client);

}  // namespace heliograph::api
