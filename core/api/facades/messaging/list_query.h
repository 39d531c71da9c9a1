// The query of GET /api/v1/messages/, and the body of PATCH .../status. Pure; thread-safe.
#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "core/http/message.h"
#include "core/model/status.h"

namespace heliograph::api::messaging {

struct ListQuery {
  static constexpr std::size_t kLimitMax = 100;
  static constexpr std::size_t kOffsetMax = 10'000;  // all of it is read: some 100 ms
  static constexpr int kPagesMax = 150;

  std::optional<std::vector<model::Status>> statuses;  // nullopt: whatever it is
  std::size_t limit = 50;
  std::size_t offset = 0;

  bool fits(model::Status status) const;
  bool matches_nothing() const { return statuses && statuses->empty(); }
};

// status=, limit= (1 to 100), offset= (0 to 10000). Other parameters are ignored, the last of equal
// ones counts. The error is the 422 to send.
std::expected<ListQuery, http::Response> read_list_query(const http::Request& request);

// {"status": "failed"}: one of the service's words.
std::expected<std::string, http::Response> read_status(const http::Request& request);

}  // namespace heliograph::api::messaging
