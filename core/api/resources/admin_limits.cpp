// GET /v1/admin/limits: how much of every limit is used in its running window.
//
// limits.total is counted where messages are accepted, the others where they are sent. With a
// limiter that several instances share, the counts are this instance's.
#include "core/api/endpoint.h"
#include "core/api/message_json.h"
#include "core/http/await.h"

namespace heliograph::api {
namespace {

using pipeline::LimitUse;

void write_use(JsonWriter& json, std::string_view name, const std::optional<LimitUse>& use) {
  if (!use) return json.null(name);
  json.begin_object(name);
  json.text("algorithm", use->limit.algorithm);
  json.text("unit", use->limit.unit);
  json.count("limit", use->limit.limit);
  json.integer("window_ms", use->limit.window.count());
  json.count("count", use->count);
  json.count("remaining", use->quota - use->count);
  json.boolean("limited", use->limited());
  json.integer("retry_after_ms", use->retry_after.count());
  json.end_object();
}

boost::asio::awaitable<http::Response> get_limits(Call& call) {
  auto start = [&](ports::Done<pipeline::Distribution> done) {
    call.ports().providers.distribution(false, call.executor(), std::move(done));
  };
  const auto sending = co_await http::await_done<pipeline::Distribution>(start);
  JsonWriter json(256 * (sending.providers.size() + 2));
  json.begin_object();
  write_use(json, "total", call.ports().intake.total_use());
  write_use(json, "dispatch", sending.dispatch_limit);
  json.begin_array("providers");
  for (const pipeline::ProviderStatus& provider : sending.providers) {
    json.begin_object();
    json.text("id", provider.id);
    write_use(json, "limit", provider.limit);
    json.end_object();
  }
  json.end_array();
  json.end_object();
  co_return json_response(200, json);
}

}  // namespace

void add_admin_limits(Routes& routes) {
  routes.admin(http::Method::kGet, "/v1/admin/limits", get_limits);
}

}  // namespace heliograph::api
