#include "core/api/preferred_wait.h"

#include <algorithm>
#include <string_view>

#include "core/base/text.h"

namespace heliograph::api {
namespace {

using Seconds = std::optional<std::chrono::seconds>;

// Splits off what stands before `separator`, blanks around it removed. Quoted values hold neither
// commas nor semicolons in the preferences that are read here.
std::string_view take_until(std::string_view& rest, char separator) {
  const std::size_t end = rest.find(separator);
  const std::string_view part = base::trim(rest.substr(0, end));
  rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
  return part;
}

std::expected<std::chrono::seconds, http::Problem> read_wait(std::string_view value) {
  if (value.size() >= 2 && value.starts_with('"') && value.ends_with('"')) {
    value = value.substr(1, value.size() - 2);
  }
  const bool digits =
      !value.empty() && std::ranges::all_of(value, [](char c) { return c >= '0' && c <= '9'; });
  if (!digits) {
    http::Problem problem;
    problem.detail = "Prefer: wait must be a number of seconds, such as wait=10.";
    return std::unexpected(std::move(problem));
  }
  // Longer than any number of seconds that would be kept.
  const auto seconds = value.size() > 9 ? std::nullopt : base::parse_uint(value);
  if (!seconds) return kWaitMax;
  return std::min(kWaitMax, std::chrono::seconds{static_cast<std::int64_t>(*seconds)});
}

}  // namespace

std::expected<std::optional<std::chrono::seconds>, http::Problem> preferred_wait(
    const http::Request& request) {
  Seconds wish;
  bool asynchronous = false;
  for (const auto& [name, field] : request.headers) {
    if (name != "prefer") continue;
    for (std::string_view rest = field; !rest.empty();) {
      std::string_view preference = take_until(rest, ',');
      std::string_view value = take_until(preference, ';');  // parameters mean nothing here
      const std::string_view word = take_until(value, '=');
      if (base::equals_ignore_case(word, "respond-async")) asynchronous = true;
      // Of a preference that is there twice the first one counts (section 2).
      if (!base::equals_ignore_case(word, "wait") || wish) continue;
      const auto seconds = read_wait(base::trim(value));
      if (!seconds) return std::unexpected(seconds.error());
      wish = *seconds;
    }
  }
  if (!wish && asynchronous) wish = std::chrono::seconds{0};
  return wish;
}

}  // namespace heliograph::api
