// GET /v1/admin/queue: how much waits, and whether the store takes more.
#include "core/api/endpoint.h"
#include "core/api/message_json.h"

namespace heliograph::api {
namespace {

boost::asio::awaitable<http::Response> get_queue(Call& call) {
  const ports::StoreQueries& queries = call.ports().queries;
  const ports::QueueDepth depth = queries.depth();
  JsonWriter json;
  json.begin_object();
  json.count("waiting", depth.waiting);
  json.count("sending", depth.sending);
  json.boolean("accepting", queries.accepting());
  json.text("store", queries.engine_version());
  json.end_object();
  co_return json_response(200, json);
}

}  // namespace

void add_admin_queue(Routes& routes) {
  routes.admin(http::Method::kGet, "/v1/admin/queue", get_queue);
}

}  // namespace heliograph::api
