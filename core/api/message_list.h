// A list of messages as an answer: /v1/messages and /v1/dead-letters differ in little more than
// their name.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "core/api/endpoint.h"
#include "core/api/list_query.h"

namespace heliograph::api {

// 200 {"messages": [...], "next_cursor": "..." | null}, newest first, or the 400 for the query.
boost::asio::awaitable<http::Response> answer_list(Call& call, ListKind kind);

}  // namespace heliograph::api
