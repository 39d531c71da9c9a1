// GET /v1/admin/queue: how much waits in which lane and for how long, and whether the store takes
// more.
#include "core/api/admin_json.h"
#include "core/api/endpoint.h"
#include "core/api/message_json.h"
#include "core/http/await.h"

namespace heliograph::api {
namespace {

boost::asio::awaitable<http::Response> get_queue(Call& call) {
  const ports::StoreQueries& queries = call.ports().queries;
  auto start = [&](ports::Done<ports::LaneDepths> done) {
    call.ports().queries.lanes(call.executor(), std::move(done));
  };
  const auto lanes = co_await http::await_done<ports::LaneDepths>(start);
  JsonWriter json;
  json.begin_object();
  write_queue_members(json, queries, lanes, call.ports().clock.wall());
  json.end_object();
  co_return json_response(200, json);
}

}  // namespace

void add_admin_queue(Routes& routes) {
  routes.admin(http::Method::kGet, "/v1/admin/queue", get_queue);
}

}  // namespace heliograph::api
