#include "core/api/json_body.h"

#include <utility>

#include "core/base/text.h"

namespace heliograph::api {
namespace {

http::Problem unsupported(std::string detail) {
  http::Problem problem;
  problem.status = 415;
  problem.detail = std::move(detail);
  return problem;
}

bool is_utf8_parameter(std::string_view parameter) {
  const auto equals = parameter.find('=');
  if (equals == std::string_view::npos) return false;
  std::string_view value = parameter.substr(equals + 1);
  if (value.size() >= 2 && value.starts_with('"') && value.ends_with('"')) {
    value = value.substr(1, value.size() - 2);
  }
  return base::equals_ignore_case(parameter.substr(0, equals), "charset") &&
         base::equals_ignore_case(value, "utf-8");
}

}  // namespace

bool is_json(const http::Request& request) {
  const auto header = request.header("content-type");
  if (!header) return false;
  const auto semicolon = header->find(';');
  if (!base::equals_ignore_case(base::trim(header->substr(0, semicolon)), "application/json")) {
    return false;
  }
  if (semicolon == std::string_view::npos) return true;
  const std::string_view parameter = base::trim(header->substr(semicolon + 1));
  return parameter.empty() || is_utf8_parameter(parameter);
}

std::expected<JsonValue, http::Problem> read_object(const http::Request& request,
                                                    std::size_t list_max) {
  if (!is_json(request)) {
    return std::unexpected(unsupported("Content-Type must be application/json."));
  }
  if (request.header("content-encoding").has_value()) {
    return std::unexpected(unsupported("Content-Encoding is not supported."));
  }
  auto parsed = parse_json(request.body, list_max);
  if (parsed && parsed->kind != JsonKind::kObject) {
    http::Problem problem;
    problem.detail = "The body must be a JSON object.";
    return std::unexpected(std::move(problem));
  }
  return parsed;
}

std::expected<JsonValue, http::Problem> read_optional_object(const http::Request& request) {
  if (!request.body.empty()) return read_object(request);
  JsonValue empty;
  empty.kind = JsonKind::kObject;
  return empty;
}

}  // namespace heliograph::api
