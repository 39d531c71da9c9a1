// The query of a list of messages: filters, limit and cursor. Pure; thread-safe.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>

#include "core/http/message.h"
#include "core/http/problem.h"
#include "core/model/client.h"
#include "core/ports/store_queries.h"

namespace heliograph::api {

inline constexpr std::size_t kPageMax = 100;
inline constexpr std::size_t kPageDefault = 50;

struct ListQuery {
  ports::MessageFilter filter;
  std::string scope;  // of the cursors of this list
};

enum class ListKind : std::uint8_t { kMessages, kDeadLetters };

// Of this client's messages alone. `default_region` completes national numbers in `to`. The error
// is a 400 that names the parameter: unknown, given twice, malformed, limit out of 1 to 100.
std::expected<ListQuery, http::Problem> read_list_query(const http::Request& request,
                                                        const model::Client& client,
                                                        const std::string& default_region,
                                                        ListKind kind);

struct OperatorQuery {
  ListQuery list;      // of all clients' messages, until the caller sets one
  std::string client;  // by name; empty: any
  bool personal = false;
};

// The same with `client`, `dead_letters` and `personal`, for operators.
std::expected<OperatorQuery, http::Problem> read_operator_query(const http::Request& request,
                                                                const std::string& default_region);

// "true" or "false"; false where it is not given. The error is a 400.
std::expected<bool, http::Problem> read_personal(const http::Request& request);

// What a list answers as next_cursor; nullopt on its last page.
std::optional<std::string> next_cursor(const ports::MessageList& page, const ListQuery& query);

}  // namespace heliograph::api
