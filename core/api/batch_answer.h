// The answer to POST /v1/messages/batch: one member for each message, in order.
//
//   {"messages": [{"code": 202, "message_id": "...", "status": "QUEUED"},
//                 {"code": 400, "problem": {... "pointer": "/messages/1/to"}}],
//    "accepted": 1, "refused": 1}
//
// 200 where any was accepted, or where they were refused for several reasons; where all were
// refused with one code, that code, and the first one's problem around the same members. Pure;
// thread-safe.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/http/message.h"
#include "core/http/problem.h"
#include "core/ports/store_types.h"

namespace heliograph::api {

// What the store is to keep of an item that was refused before it: the problem's document.
ports::NotSubmitted refused_item(http::Problem problem, std::size_t index);

// `otp_codes`: of each item, "" where there is none; may be empty as a whole.
http::Response batch_response(const ports::BatchAnswer& answer,
                              const std::vector<std::string>& otp_codes);

}  // namespace heliograph::api
