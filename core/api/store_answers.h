// What the store says to a single message, as an answer: one place for what several resources
// share. For std::visit; pure, thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "core/http/message.h"
#include "core/model/status.h"
#include "core/ports/store_types.h"

namespace heliograph::api {

struct StoreAnswers {
  http::Response operator()(const ports::Accepted& accepted) const;        // 202
  http::Response operator()(const ports::IdempotencyMismatch&) const;      // 422
  http::Response operator()(const ports::InsufficientCredit& lack) const;  // 402
  http::Response operator()(const ports::OptedOut&) const;                 // 400 naming /to
  http::Response operator()(const ports::Overloaded& overloaded) const;    // 503
  http::Response operator()(const ports::NotReplayed&) const;              // 429
  http::Response operator()(const ports::Requeued& requeued) const;        // 202
  http::Response operator()(const ports::NotFound&) const;                 // 404
};

// 400 with a type of its own. `pointer`: to the recipient in the body.
inline constexpr std::string_view kOptedOutProblem = "urn:heliograph:problem:opted-out";
inline constexpr std::string_view kOptedOutSentence =
    "The recipient has opted out of messages from this sender.";
http::Response opted_out(std::string pointer);

// 409, with the message's status as `message_status`. `what`: "cancelled".
http::Response conflict(model::Status status, std::string_view what);

}  // namespace heliograph::api
