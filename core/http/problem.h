// Problem details (RFC 9457): the one shape of every native error answer.
//
// Each carries `type`, `title`, `status`, `detail` and, for clients of the older API, `error` (the
// detail again, or the older system's words). Nothing of the inside (paths, SQL, stack traces) ever
// gets into one. Thread-safe (pure).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/http/message.h"

namespace heliograph::http {

struct Problem {
  unsigned status = 400;
  std::string type{};   // a URI that tells this problem from others; empty: "about:blank"
  std::string title;    // empty: the status' standard phrase
  std::string detail;   // a sentence for the client's developer
  std::string error;    // the `error` member; empty: same as detail
  std::string pointer;  // JSON pointer to the field at fault: "/to"; empty: none
  std::vector<std::pair<std::string, std::int64_t>>
      numbers;  // extension members: {"required_cents", 10}
  std::vector<std::pair<std::string, std::string>> texts;  // likewise: {"message_status", "SENT"}
};

// application/problem+json with the same status.
Response problem_response(const Problem& problem);
Response problem_response(unsigned status, std::string_view detail);

}  // namespace heliograph::http
