#include "core/api/facades/twillow/request_query.h"

#include <fmt/format.h>

#include <string>

#include "core/api/facades/twillow/shapes.h"
#include "core/base/text.h"
#include "core/base/time_text.h"

namespace heliograph::api::twillow {
namespace {

constexpr std::uint64_t kLimitMax = 1'000;

std::optional<std::string_view> last_value(const http::Request& request, std::string_view name) {
  std::optional<std::string_view> found;
  for (const auto& [known, value] : request.query) {
    if (known == name) found = value;
  }
  return found;
}

// "2025-01-01", "2025-01-01T10:00", "2025-01-01 10:00:00.5", each with or without an offset, whose
// '+' a query has turned into a blank.
std::optional<model::TimePoint> parse_iso_time(std::string_view given) {
  constexpr std::size_t kDate = 10;
  constexpr std::size_t kMinutes = 5;  // "10:00"
  std::string date(given.substr(0, kDate));
  std::string time(given.size() > kDate ? given.substr(kDate + 1) : "00:00");
  if (given.size() > kDate && given[kDate] != 'T' && given[kDate] != ' ') return std::nullopt;
  const auto zone = time.find_first_of("Zz+- ");
  std::string offset = zone == std::string::npos ? "Z" : time.substr(zone);
  time.resize(std::min(zone, time.size()));
  if (offset.front() == ' ') offset.front() = '+';
  if (time.size() == kMinutes) time += ":00";
  return base::parse_rfc3339(date + "T" + time + offset);
}

std::unexpected<http::Response> bad(std::string_view detail) {
  return std::unexpected(error(400, detail));
}

std::unexpected<http::Response> bad_time(std::string_view name) {
  return bad(fmt::format("Invalid {} format. Use ISO format (e.g., 2025-01-01T00:00:00)", name));
}

bool is_whole_number(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

std::expected<RequestQuery, http::Response> read_request_query(const http::Request& request) {
  RequestQuery query;
  if (const auto status = last_value(request, "status")) {
    query.filter.statuses = statuses_of(*status);
    if (query.filter.statuses.empty())
      return bad("Invalid status. Use pending, processing, completed or failed");
  }
  if (const auto provider = last_value(request, "provider")) query.filter.provider = *provider;
  if (const auto text = last_value(request, "start_time")) {
    query.filter.created_after = parse_iso_time(*text);
    if (!query.filter.created_after) return bad_time("start_time");
  }
  if (const auto text = last_value(request, "end_time")) {
    const auto end = parse_iso_time(*text);
    if (!end) return bad_time("end_time");
    query.filter.created_before = *end + std::chrono::milliseconds{1};
  }
  if (const auto text = last_value(request, "limit")) {
    if (!is_whole_number(*text)) {
      return std::unexpected(
          invalid({{"int_parsing", "query", "limit", "Input should be a valid integer"}}));
    }
    const auto limit = base::parse_uint(*text);
    if (!limit || *limit < 1 || *limit > kLimitMax) return bad("Limit must be between 1 and 1000");
    query.limit = *limit;
  }
  return query;
}

}  // namespace heliograph::api::twillow
