#include "core/api/facades/messaging/list_query.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/api/facades/messaging/shapes.h"
#include "core/base/text.h"

namespace heliograph::api::messaging {
std::optional<std::string_view> last_value(const http::Request& request, std::string_view name) {
  std::optional<std::string_view> found;
  for (const auto& [known, value] : request.query) {
    if (known == name) found = value;
  }
  return found;
}

void read_number(const http::Request& request, std::string_view name, std::size_t min,
                 std::size_t max, std::size_t& out, std::vector<FieldFault>& faults) {
  const auto text = last_value(request, name);
  if (!text) return;
  const auto number = base::parse_uint(*text);
  if (!number) {
    faults.push_back({"int_parsing", "query", name, "Input should be a valid integer"});
  } else if (*number < min) {
    faults.push_back({"greater_than_equal", "query", name,
                      fmt::format("Input should be greater than or equal to {}", min)});
  } else if (*number > max) {
    faults.push_back({"less_than_equal", "query", name,
                      fmt::format("Input should be less than or equal to {}", max)});
  } else {
    out = *number;
  }
}

bool ListQuery::fits(model::Status status) const {
  return !statuses || std::ranges::find(*statuses, status) != statuses->end();
}

std::expected<ListQuery, http::Response> read_list_query(const http::Request& request) {
  ListQuery query;
  std::vector<FieldFault> faults;
  if (const auto status = last_value(request, "status")) {
    query.statuses = statuses_of(*status);
    if (!query.statuses) {
      faults.push_back({"enum", "query", "status", fmt::format("Input should be {}", kStatusList)});
    }
  }
  query.conversation_id = last_value(request, "conversation_id").value_or("");
  read_number(request, "limit", 1, ListQuery::kLimitMax, query.limit, faults);
  read_number(request, "offset", 0, ListQuery::kOffsetMax, query.offset, faults);
  if (!faults.empty()) return std::unexpected(invalid(faults));
  return query;
}

std::expected<std::string, http::Response> read_status(const http::Request& request) {
  const auto body = facade::read_object(request);
  if (!body) return std::unexpected(body.error());
  const JsonValue* status = body->find("status");
  if (status == nullptr) {
    return std::unexpected(invalid({{"missing", "body", "status", "Field required"}}));
  }
  if (status->kind != JsonKind::kString || !statuses_of(status->text)) {
    return std::unexpected(
        invalid({{"enum", "body", "status", fmt::format("Input should be {}", kStatusList)}}));
  }
  return status->text;
}

}  // namespace heliograph::api::messaging
