// What the intake says to new messages, as an answer, single or as an item of a batch. Pure;
// thread-safe.
#pragma once

#include "core/http/message.h"
#include "core/pipeline/intake.h"

namespace heliograph::api {

http::Response too_many_messages(std::chrono::milliseconds retry_after);  // 429, Retry-After
http::Response key_in_flight();                                           // 409, Retry-After

// Adds the headers of `state`; for a 429 in the form that agrees with its Retry-After, so that no
// reader waits for the wrong moment.
void tell_limit(pipeline::LimitState state, const pipeline::RateLimited* limited,
                http::Response& response);

}  // namespace heliograph::api
