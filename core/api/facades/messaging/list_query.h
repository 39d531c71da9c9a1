// The query of GET /api/v1/messages/, and the body of PATCH .../status. Pure; thread-safe.
#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/api/facades/facade_words.h"
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
  std::string conversation_id;  // of one thread: messages of both directions, whatever their status

  bool fits(model::Status status) const;
  bool matches_nothing() const { return statuses && statuses->empty(); }
};

// status=, conversation_id=, limit= (1 to 100), offset= (0 to 10000). Other parameters are ignored,
// the last of equal ones counts. The error is the 422 to send.
std::expected<ListQuery, http::Response> read_list_query(const http::Request& request);

// The last of equal parameters; nullopt: not given.
std::optional<std::string_view> last_value(const http::Request& request, std::string_view name);
// A number of the query within the bounds, or what is wrong with it.
void read_number(const http::Request& request, std::string_view name, std::size_t min,
                 std::size_t max, std::size_t& out, std::vector<facade::FieldFault>& faults);

// {"status": "failed"}: one of the service's words.
std::expected<std::string, http::Response> read_status(const http::Request& request);

}  // namespace heliograph::api::messaging
