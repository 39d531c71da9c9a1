// POST /v1/admin/reload: takes the configuration anew, as SIGHUP does.
#include "core/api/reload.h"

#include "core/api/endpoint.h"
#include "core/api/message_json.h"
#include "core/http/await.h"
#include "core/http/problem.h"

namespace heliograph::api {
namespace {

void write_list(JsonWriter& json, std::string_view name, const std::vector<std::string>& list) {
  json.begin_array(name);
  for (const std::string& item : list) json.text_element(item);
  json.end_array();
}

http::Response applied(const ReloadResult& result) {
  JsonWriter json;
  json.begin_object();
  json.count("generation", result.generation);
  write_list(json, "changed", result.changed);
  json.begin_array("instances");
  for (const ReloadedInstance& instance : result.instances) {
    json.begin_object();
    json.text("kind", instance.kind);
    json.text("name", instance.name);
    json.text("change", instance.what);
    json.count("generation", instance.generation);
    json.end_object();
  }
  json.end_array();
  write_list(json, "restart_required", {});
  json.end_object();
  return json_response(200, json);
}

http::Response refused(const ReloadResult& result) {
  const bool invalid = result.outcome == ReloadResult::Outcome::kInvalid;
  const std::string detail = invalid ? "The configuration is wrong: nothing has changed."
                                     : "These changes need a restart: nothing has changed.";
  JsonWriter json;
  json.begin_object();
  json.text("type", "about:blank");
  json.text("title", invalid ? "Unprocessable Content" : "Conflict");
  json.integer("status", invalid ? 422 : 409);
  json.text("detail", detail);
  json.text("error", detail);
  json.count("generation", result.generation);
  if (invalid) {
    write_list(json, "errors", result.errors);
  } else {
    write_list(json, "restart_required", result.restart_required);
    write_list(json, "unchanged", result.unchanged);
  }
  json.end_object();
  auto response = json_response(invalid ? 422 : 409, json);
  response.content_type = "application/problem+json";
  return response;
}

boost::asio::awaitable<http::Response> reload(Call& call) {
  Reload* const reloader = call.ports().reload;
  if (reloader == nullptr) {
    co_return http::problem_response(503, "This gateway does not reload its configuration.");
  }
  auto start = [&](ports::Done<ReloadResult> done) {
    reloader->reload(call.executor(), std::move(done));
  };
  const auto result = co_await http::await_done<ReloadResult>(start);
  if (result.outcome == ReloadResult::Outcome::kNotNow) {
    co_return http::problem_response(503, result.errors.front());
  }
  co_return result.outcome == ReloadResult::Outcome::kApplied ? applied(result) : refused(result);
}

}  // namespace

void add_admin_reload(Routes& routes) {
  routes.admin(http::Method::kPost, "/v1/admin/reload", reload);
}

}  // namespace heliograph::api
