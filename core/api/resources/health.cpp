// GET /healthz, GET /readyz: for load balancers and supervisors. No key, on every listener.
#include "core/api/endpoint.h"
#include "core/api/message_json.h"

namespace heliograph::api {
namespace {

// The process lives and its API threads answer: nothing else is asked.
boost::asio::awaitable<http::Response> get_health(Call&) {
  JsonWriter json;
  json.begin_object();
  json.text("status", "ok");
  json.end_object();
  co_return json_response(200, json);
}

boost::asio::awaitable<http::Response> get_readiness(Call& call) {
  const std::vector<std::string> reasons = call.ports().readiness.unready_reasons();
  JsonWriter json;
  json.begin_object();
  json.text("status", reasons.empty() ? "ready" : "not ready");
  if (!reasons.empty()) {
    json.begin_array("reasons");
    for (const std::string& reason : reasons) json.text_element(reason);
    json.end_array();
  }
  json.end_object();
  http::Response response = json_response(reasons.empty() ? 200 : 503, json);
  if (!reasons.empty()) response.headers.emplace_back("Retry-After", "1");
  co_return response;
}

}  // namespace

void add_health(Routes& routes) {
  routes.health("/healthz", get_health);
  routes.health("/readyz", get_readiness);
}

}  // namespace heliograph::api
