// GET /v1/admin/limits: how much of every limit is used in its running window.
//
// limits.total is counted where messages are accepted, the others where they are sent. With a
// limiter that several instances share, the counts are this instance's.
#include "core/api/admin_json.h"
#include "core/api/endpoint.h"
#include "core/api/message_json.h"
#include "core/http/await.h"

namespace heliograph::api {
namespace {

boost::asio::awaitable<http::Response> get_limits(Call& call) {
  auto start = [&](ports::Done<pipeline::Distribution> done) {
    call.ports().providers.distribution(false, call.executor(), std::move(done));
  };
  const auto sending = co_await http::await_done<pipeline::Distribution>(start);
  JsonWriter json(256 * (sending.providers.size() + 2));
  json.begin_object();
  write_limits_members(json, sending, call.ports().intake.total_use());
  json.end_object();
  co_return json_response(200, json);
}

}  // namespace

void add_admin_limits(Routes& routes) {
  routes.admin(http::Method::kGet, "/v1/admin/limits", get_limits);
}

}  // namespace heliograph::api
