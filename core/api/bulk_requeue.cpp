#include "core/api/bulk_requeue.h"

#include <fmt/format.h>

#include <array>
#include <memory>
#include <optional>

#include "core/api/cursor.h"
#include "core/api/duration_field.h"
#include "core/api/json_fields.h"
#include "core/base/time_text.h"
#include "core/http/await.h"

namespace heliograph::api {
namespace {

void read_status(JsonFields& fields, BulkRequest& request) {
  const auto text = fields.text("status");
  if (!text) return;
  request.filter.status = model::parse_status(*text);
  if (!request.filter.status || !model::is_dead_letter(*request.filter.status)) {
    fields.fail("status", "Must be \"FAILED_PERM\", \"EXPIRED\" or \"UNKNOWN\".");
  }
}

void read_reason(JsonFields& fields, BulkRequest& request) {
  using enum model::FailReason;
  const auto text = fields.text("reason");
  if (!text) return;
  for (const auto reason : std::array{kRejected, kUndelivered, kAttemptsExhausted, kExpired}) {
    if (model::to_string(reason) == *text) request.reason = reason;
  }
  if (request.reason != kNone) return;
  fields.fail("reason",
              "Must be \"rejected\", \"undelivered\", \"attempts_exhausted\" or \"expired\".");
}

std::optional<model::TimePoint> read_time(JsonFields& fields, std::string_view name) {
  const auto text = fields.text(name);
  if (!text) return std::nullopt;
  const auto time = base::parse_rfc3339(*text);
  if (!time) fields.fail(name, "Must be an RFC 3339 time such as \"2026-11-22T14:35:00Z\".");
  return time;
}

std::string scope_of(const BulkRequest& request) {
  const ports::MessageFilter& filter = request.filter;
  const auto millis = [](const std::optional<model::TimePoint>& time) {
    return time ? time->time_since_epoch().count() : -1;
  };
  return fmt::format("{} requeue\n{} {} {} {}\n{}", static_cast<std::int64_t>(*filter.client),
                     filter.status ? model::to_string(*filter.status) : "",
                     model::to_string(request.reason), millis(filter.created_after),
                     millis(filter.created_before), filter.provider.value_or(""));
}

using Results = std::vector<std::optional<ports::RequeueResult>>;

// The answers of many operations, handed on together when the last is there. Dropped with any of
// them uncalled, it drops `done`.
struct Gather {
  Results results;
  std::size_t missing = 0;
  ports::Done<Results> done;

  void put(std::size_t index, ports::RequeueResult result) {
    results[index] = std::move(result);
    if (--missing == 0) done(std::move(results));
  }
};

boost::asio::awaitable<Results> requeue_all(ports::Store& store, const BulkRequest& request,
                                            const std::vector<model::MessageId>& ids,
                                            ports::Executor& executor) {
  if (ids.empty()) co_return Results{};
  auto start = [&](ports::Done<Results> done) {
    auto gather = std::make_shared<Gather>();
    gather->results.resize(ids.size());
    gather->missing = ids.size();
    gather->done = std::move(done);
    for (std::size_t i = 0; i < ids.size(); ++i) {
      store.requeue(
          request.filter.client, ids[i], request.validity, executor,
          [gather, i](ports::RequeueResult result) { gather->put(i, std::move(result)); });
    }
  };
  co_return co_await http::await_done<Results>(start);
}

boost::asio::awaitable<ports::MessageList> read_page(ports::StoreQueries& queries,
                                                     const ports::MessageFilter& filter,
                                                     ports::Executor& executor) {
  auto start = [&](ports::Done<ports::MessageList> done) {
    queries.list_messages(filter, executor, std::move(done));
  };
  co_return co_await http::await_done<ports::MessageList>(start);
}

}  // namespace

std::expected<BulkRequest, http::Problem> read_bulk_request(
    const JsonValue& body, model::ClientId client, std::chrono::milliseconds default_validity) {
  JsonFields fields(body);
  BulkRequest request;
  request.filter.client = client;
  request.filter.dead_letters_only = true;
  read_status(fields, request);
  read_reason(fields, request);
  request.filter.provider = fields.text("provider");
  request.filter.created_after = read_time(fields, "created_after");
  request.filter.created_before = read_time(fields, "created_before");
  const auto limit = fields.integer("limit", 1, static_cast<std::int64_t>(kBulkMax));
  request.filter.limit = static_cast<std::size_t>(limit.value_or(kBulkMax));
  request.validity = read_validity(fields, "validity").value_or(default_validity);
  request.scope = scope_of(request);
  if (const auto cursor = fields.text("cursor")) {
    const auto row = decode_cursor(*cursor, request.scope);
    if (!row) fields.fail("cursor", "Is not one that these filters have given.");
    request.filter.before_row = row.value_or(0);
  }
  if (auto problem = fields.finish()) return std::unexpected(std::move(*problem));
  return request;
}

boost::asio::awaitable<BulkResult> requeue_matching(ports::StoreQueries& queries,
                                                    ports::Store& store, const BulkRequest& request,
                                                    ports::Executor& executor) {
  BulkResult result;
  std::vector<model::MessageId> ids;
  ports::MessageFilter filter = request.filter;
  for (int pages = 0; pages < kBulkPagesMax && ids.size() < request.filter.limit; ++pages) {
    filter.limit = request.filter.limit - ids.size();  // a page that matches whole is not too long
    const ports::MessageList page = co_await read_page(queries, filter, executor);
    for (const model::MessageView& message : page.messages) {
      const bool any = request.reason == model::FailReason::kNone;
      if (any || message.reason == request.reason) ids.push_back(message.id);
    }
    result.next_row = page.next_row;
    filter.before_row = page.next_row;
    if (page.next_row == 0) break;
  }
  Results results = co_await requeue_all(store, request, ids, executor);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (std::holds_alternative<ports::Requeued>(*results[i])) {
      ++result.requeued;
    } else {
      result.failed.emplace_back(ids[i], std::move(*results[i]));
    }
  }
  co_return result;
}

}  // namespace heliograph::api
