// GET and PUT /v1/admin/log: how much the gateway says about itself, changed without a restart.
#include <array>

#include "core/api/endpoint.h"
#include "core/api/json_body.h"
#include "core/api/json_fields.h"
#include "core/api/message_json.h"
#include "core/http/problem.h"

namespace heliograph::api {
namespace {

// In the order of ports::LogLevel.
constexpr std::array<std::string_view, 5> kLevels = {"trace", "debug", "info", "warn", "error"};

std::string_view to_string(ports::LogLevel level) {
  return kLevels.at(static_cast<std::size_t>(level));
}

std::optional<ports::LogLevel> parse_level(std::string_view name) {
  for (std::size_t i = 0; i < kLevels.size(); ++i) {
    if (name == kLevels.at(i)) return static_cast<ports::LogLevel>(i);
  }
  return std::nullopt;
}

http::Response no_control() {
  return http::problem_response(404, "This gateway has no log to look at.");
}

http::Response state(const ports::LogControl& control) {
  JsonWriter json;
  json.begin_object();
  json.text("level", to_string(control.level()));
  json.count("lines_lost", control.dropped());
  json.end_object();
  return json_response(200, json);
}

boost::asio::awaitable<http::Response> get_log(Call& call) {
  const auto* control = call.ports().log_control;
  co_return control == nullptr ? no_control() : state(*control);
}

// Whoever reads the log has to see why it falls silent: told at whichever level shows more.
void change(const Call& call, ports::LogControl& control, ports::LogLevel level) {
  const ports::LogLevel before = control.level();
  const bool quieter = level > before;
  if (!quieter) control.set_level(level);
  if (call.ports().log != nullptr) {
    call.ports().log->warn("log level changed by an operator",
                           {{"from", to_string(before)},
                            {"to", to_string(level)},
                            {"client", call.client().name},
                            {"request", call.request.request_id}});
  }
  control.set_level(level);
}

boost::asio::awaitable<http::Response> put_log(Call& call) {
  auto* control = call.ports().log_control;
  if (control == nullptr) co_return no_control();
  const auto body = read_object(call.request);
  if (!body) co_return http::problem_response(body.error());
  JsonFields fields(*body);
  const std::string name = fields.required_text("level");
  const auto level = parse_level(name);
  if (!level) fields.fail("level", "Must be trace, debug, info, warn or error.");
  if (const auto problem = fields.finish()) co_return http::problem_response(*problem);
  change(call, *control, *level);
  co_return state(*control);
}

}  // namespace

void add_admin_log(Routes& routes) {
  routes.admin(http::Method::kGet, "/v1/admin/log", get_log);
  routes.admin(http::Method::kPut, "/v1/admin/log", put_log);
}

}  // namespace heliograph::api
