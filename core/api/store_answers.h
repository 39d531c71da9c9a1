// What the store says to a single message, as an answer: one place for what several resources
// share. For std::visit; pure, thread-safe.
#pragma once

#include "core/http/message.h"
#include "core/model/status.h"
#include "core/ports/store_types.h"

namespace heliograph::api {

struct StoreAnswers {
  http::Response operator()(const ports::Accepted& accepted) const;        // 202
  http::Response operator()(const ports::IdempotencyMismatch&) const;      // 422
  http::Response operator()(const ports::InsufficientCredit& lack) const;  // 402
  http::Response operator()(const ports::Overloaded& overloaded) const;    // 503
  http::Response operator()(const ports::NotReplayed&) const;              // 429
  http::Response operator()(const ports::Requeued& requeued) const;        // 202
  http::Response operator()(const ports::NotFound&) const;                 // 404
};

// 409, with the message's status as `message_status`. `what`: "cancelled".
http::Response conflict(model::Status status, std::string_view what);

}  // namespace heliograph::api
