#include "core/http/message.h"

#include <algorithm>

namespace heliograph::http {
namespace {

const std::string* find_first(const std::vector<Header>& pairs, std::string_view name) {
  const auto it = std::ranges::find(pairs, name, &Header::first);
  return it == pairs.end() ? nullptr : &it->second;
}

}  // namespace

std::string_view to_string(Method method) {
  switch (method) {
    case Method::kGet:
      return "GET";
    case Method::kHead:
      return "HEAD";
    case Method::kPost:
      return "POST";
    case Method::kPut:
      return "PUT";
    case Method::kPatch:
      return "PATCH";
    case Method::kDelete:
      return "DELETE";
    case Method::kOptions:
      return "OPTIONS";
  }
  return "";
}

std::optional<std::string_view> Request::header(std::string_view lower_case_name) const {
  const std::string* value = find_first(headers, lower_case_name);
  return value ? std::optional<std::string_view>(*value) : std::nullopt;
}

std::string_view Request::param(std::string_view name) const {
  const std::string* value = find_first(params, name);
  return value ? std::string_view(*value) : std::string_view();
}

std::optional<std::string_view> Request::query_value(std::string_view name) const {
  const std::string* value = find_first(query, name);
  return value ? std::optional<std::string_view>(*value) : std::nullopt;
}

}  // namespace heliograph::http
