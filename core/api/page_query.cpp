#include "core/api/page_query.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/api/cursor.h"
#include "core/api/list_query.h"
#include "core/base/text.h"

namespace heliograph::api {
namespace {

std::optional<http::Problem> check_names(const http::Request& request,
                                         std::initializer_list<std::string_view> filters) {
  for (const auto& [name, value] : request.query) {
    const bool known =
        name == "limit" || name == "cursor" || std::ranges::find(filters, name) != filters.end();
    if (!known) return query_problem(name.substr(0, 64), "is not known.");
    if (std::ranges::count(request.query, name, &http::Header::first) > 1) {
      return query_problem(name, "is given more than once.");
    }
  }
  return std::nullopt;
}

}  // namespace

const std::string* query_parameter(const http::Request& request, std::string_view name) {
  const auto found = std::ranges::find(request.query, name, &http::Header::first);
  return found == request.query.end() ? nullptr : &found->second;
}

http::Problem query_problem(std::string_view name, std::string_view sentence) {
  http::Problem problem;
  problem.detail = fmt::format("Query parameter {} {}", name, sentence);
  return problem;
}

std::expected<PageQuery, http::Problem> read_page_query(
    const http::Request& request, std::string_view list,
    std::initializer_list<std::string_view> filters) {
  if (auto problem = check_names(request, filters)) return std::unexpected(*std::move(problem));
  PageQuery query;
  query.scope = list;
  for (const std::string_view filter : filters) {
    const std::string* value = query_parameter(request, filter);
    if (value != nullptr) query.scope += fmt::format("\n{} {} {}", filter, value->size(), *value);
  }
  if (const std::string* value = query_parameter(request, "limit")) {
    const auto limit = base::parse_uint(*value);
    if (!limit || *limit < 1 || *limit > kPageMax) {
      return std::unexpected(query_problem("limit", fmt::format("must be 1 to {}.", kPageMax)));
    }
    query.limit = *limit;
  }
  if (const std::string* value = query_parameter(request, "cursor")) {
    const auto row = decode_cursor(*value, query.scope);
    if (!row) {
      return std::unexpected(query_problem("cursor", "is not one that this list has given."));
    }
    query.before_row = *row;
  }
  return query;
}

std::optional<std::string> cursor_after(std::int64_t next_row, const PageQuery& query) {
  if (next_row <= 0) return std::nullopt;
  return encode_cursor(next_row, query.scope);
}

}  // namespace heliograph::api
