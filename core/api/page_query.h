// The query of a list that is paged by key: limit, cursor, and filters that the caller names. Pure;
// thread-safe.
#pragma once

#include <cstdint>
#include <expected>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "core/http/message.h"
#include "core/http/problem.h"

namespace heliograph::api {

struct PageQuery {
  std::size_t limit = 50;       // 1 to 100
  std::int64_t before_row = 0;  // 0: from the newest
  std::string scope;            // of the cursors of this list
};

// `list`: what tells this list from every other: its name, its client and the like. `filters`: the
// names of further parameters, which are the caller's to read and hold for all of its pages. The
// error is a 400 that names the parameter: unknown, given twice, malformed.
std::expected<PageQuery, http::Problem> read_page_query(
    const http::Request& request, std::string_view list,
    std::initializer_list<std::string_view> filters = {});

// nullptr: not given.
const std::string* query_parameter(const http::Request& request, std::string_view name);
http::Problem query_problem(std::string_view name, std::string_view sentence);

// What the list answers as next_cursor; nullopt on its last page.
std::optional<std::string> cursor_after(std::int64_t next_row, const PageQuery& query);

}  // namespace heliograph::api
