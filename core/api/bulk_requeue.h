// Requeueing the dead letters that match a filter, a bounded number for each request.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <expected>
#include <string>
#include <utility>
#include <vector>

#include "core/api/json_value.h"
#include "core/http/problem.h"
#include "core/ports/store.h"
#include "core/ports/store_queries.h"

namespace heliograph::api {

inline constexpr std::size_t kBulkMax = 100;
// Pages looked through for one request: a reason that hardly any dead letter has must not read the
// whole store. The answer's cursor says where to go on.
inline constexpr int kBulkPagesMax = 10;

struct BulkRequest {
  ports::MessageFilter filter;                          // its limit: how many to requeue at most
  model::FailReason reason = model::FailReason::kNone;  // kNone: any
  std::chrono::milliseconds validity{};
  std::string scope;  // of its cursors
};

// {status?, reason?, provider?, created_after?, created_before?, limit?, validity?, cursor?}; the
// error is a 400 with a pointer. Pure.
std::expected<BulkRequest, http::Problem> read_bulk_request(
    const JsonValue& body, model::ClientId client, std::chrono::milliseconds default_validity);

struct BulkResult {
  std::size_t requeued = 0;
  std::vector<std::pair<model::MessageId, ports::RequeueResult>> failed;
  std::int64_t next_row = 0;  // 0: everything that matches has been looked at
};

// On the executor's thread. All requeues of one request go to the store at once, so that they share
// a transaction. Throws http::OperationDropped when the store stops.
boost::asio::awaitable<BulkResult> requeue_matching(ports::StoreQueries& queries,
                                                    ports::Store& store, const BulkRequest& request,
                                                    ports::Executor& executor);

}  // namespace heliograph::api
