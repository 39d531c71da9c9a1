// The query of GET /api/sms/requests. Pure; thread-safe.
#pragma once

#include <cstddef>
#include <expected>

#include "core/http/message.h"
#include "core/ports/store_queries.h"

namespace heliograph::api::twillow {

struct RequestQuery {
  ports::MessageFilter filter;  // statuses, provider and times; whose messages is the caller's
  std::size_t limit = 100;      // 1 to 1000
};

// status=pending|processing|completed|failed, provider=, start_time= and end_time= (inclusive; ISO
// 8601, UTC where no offset is given), limit=. Other parameters are ignored, the last of equal ones
// counts. The error is the 400 or, for a limit that is no number, the 422 to send.
std::expected<RequestQuery, http::Response> read_request_query(const http::Request& request);

}  // namespace heliograph::api::twillow
