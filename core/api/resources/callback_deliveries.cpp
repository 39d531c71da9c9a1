// /v1/callbacks/{id}/deliveries and their replay: what was told at an endpoint, what could not be,
// and telling it again.
#include <utility>

#include "core/api/callback_json.h"
#include "core/api/endpoint.h"
#include "core/api/json_body.h"
#include "core/api/json_fields.h"
#include "core/api/message_json.h"
#include "core/api/page_query.h"
#include "core/api/store_answers.h"
#include "core/http/await.h"
#include "core/http/problem.h"

namespace heliograph::api {
namespace {

// One transaction of the store's, a few milliseconds; callers go on while there is more.
constexpr std::size_t kReplayMax = 1'000;

http::Response not_found() { return StoreAnswers{}(ports::NotFound{}); }

http::Response disabled() {
  return http::problem_response(409, "The endpoint is disabled; enable it first.");
}

std::optional<http::Problem> check_no_fields(const http::Request& request) {
  const auto body = read_optional_object(request);
  if (!body) return body.error();
  return JsonFields(*body).finish();
}

struct DeliveryQuery {
  PageQuery page;
  ports::CallbackDeliveryFilter filter;
};

std::expected<DeliveryQuery, http::Problem> read_query(const Call& call, model::CallbackId id) {
  const std::string list = "deliveries " +
                           std::to_string(static_cast<std::int64_t>(call.client().id)) + " " +
                           id.to_string();
  auto page = read_page_query(call.request, list, {"status"});
  if (!page) return std::unexpected(std::move(page.error()));
  DeliveryQuery query;
  query.filter.client = call.client().id;
  query.filter.endpoint = id;
  query.filter.before_row = page->before_row;
  query.filter.limit = page->limit;
  if (const std::string* status = query_parameter(call.request, "status")) {
    query.filter.state = model::parse_callback_state(*status);
    if (!query.filter.state) {
      return std::unexpected(query_problem("status", "must be pending, delivered or failed."));
    }
  }
  query.page = std::move(*page);
  return query;
}

boost::asio::awaitable<http::Response> list(Call& call) {
  using Found = std::optional<ports::CallbackDeliveryList>;
  const auto id = model::CallbackId::parse(call.request.param("id"));
  if (!id) co_return not_found();
  const auto query = read_query(call, *id);
  if (!query) co_return http::problem_response(query.error());
  auto start = [&](ports::Done<Found> done) {
    call.ports().callbacks.list_callback_deliveries(query->filter, call.executor(),
                                                    std::move(done));
  };
  const Found page = co_await http::await_done<Found>(start);
  if (!page) co_return not_found();
  JsonWriter json(512 * (page->deliveries.size() + 1));
  json.begin_object();
  json.begin_array("deliveries");
  for (const auto& delivery : page->deliveries) write_callback_delivery(json, delivery);
  json.end_array();
  const auto cursor = cursor_after(page->next_row, query->page);
  cursor ? json.text("next_cursor", *cursor) : json.null("next_cursor");
  json.end_object();
  co_return json_response(200, json);
}

http::Response replay_response(ports::ReplayResult result, model::CallbackId delivery) {
  switch (result) {
    case ports::ReplayResult::kNotFound:
      return not_found();
    case ports::ReplayResult::kDisabled:
      return disabled();
    case ports::ReplayResult::kPending:
      return http::problem_response(409, "The delivery is pending; it will be tried by itself.");
    case ports::ReplayResult::kQueued:
      break;
  }
  JsonWriter json;
  json.begin_object();
  json.text("id", delivery.to_string());
  json.text("status", model::to_string(model::CallbackState::kPending));
  json.end_object();
  return json_response(202, json);
}

boost::asio::awaitable<http::Response> replay_one(Call& call) {
  if (const auto problem = check_no_fields(call.request)) {
    co_return http::problem_response(*problem);
  }
  const auto endpoint = model::CallbackId::parse(call.request.param("id"));
  const auto delivery = model::CallbackId::parse(call.request.param("delivery"));
  if (!endpoint || !delivery) co_return not_found();
  auto start = [&](ports::Done<ports::ReplayResult> done) {
    call.ports().callbacks.replay_callback(call.client().id, *endpoint, *delivery, call.executor(),
                                           std::move(done));
  };
  const auto result = co_await http::await_done<ports::ReplayResult>(start);
  co_return replay_response(result, *delivery);
}

boost::asio::awaitable<http::Response> replay_failed(Call& call) {
  using Found = std::optional<ports::BulkReplayResult>;
  if (const auto problem = check_no_fields(call.request)) {
    co_return http::problem_response(*problem);
  }
  const auto endpoint = model::CallbackId::parse(call.request.param("id"));
  if (!endpoint) co_return not_found();
  auto start = [&](ports::Done<Found> done) {
    call.ports().callbacks.replay_failed_callbacks(call.client().id, *endpoint, kReplayMax,
                                                   call.executor(), std::move(done));
  };
  const Found result = co_await http::await_done<Found>(start);
  if (!result) co_return not_found();
  if (result->disabled) co_return disabled();
  JsonWriter json;
  json.begin_object();
  json.count("replayed", result->replayed);
  json.boolean("more", result->more);
  json.end_object();
  co_return json_response(202, json);
}

}  // namespace

void add_callback_deliveries(Routes& routes) {
  using enum http::Method;
  routes.client(kGet, "/v1/callbacks/{id}/deliveries", model::kScopeRead, list);
  routes.client(kPost, "/v1/callbacks/{id}/deliveries/{delivery}/replay", model::kScopeSend,
                replay_one);
  routes.client(kPost, "/v1/callbacks/{id}/replay", model::kScopeSend, replay_failed);
}

}  // namespace heliograph::api
