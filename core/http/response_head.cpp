#include "core/http/response_head.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>

#include <fmt/format.h>

#include "core/http/status_text.h"

namespace heliograph::http {
namespace {

constexpr std::string_view kTokenMarks = "!#$%&'*+-.^_`|~";

void append_number(std::string& out, std::size_t number) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

bool is_token(std::string_view text) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kTokenMarks.contains(c);
  };
  return !text.empty() && std::ranges::all_of(text, allowed);
}

bool is_safe_value(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

bool has_safe_headers(const Response& response) {
  const auto safe = [](const Header& header) {
    return is_token(header.first) && is_safe_value(header.second);
  };
  return is_safe_value(response.content_type) && std::ranges::all_of(response.headers, safe);
}

bool is_bodiless(unsigned status) { return status / 100 == 1 || status == 204 || status == 304; }

void append_head(std::string& out, const Response& response, const HeadContext& context,
                 std::optional<std::size_t> content_length) {
  out += "HTTP/1.1 ";
  append_number(out, response.status);
  out.append(" ").append(status_text(response.status)).append("\r\n");
  if (!context.server_name.empty()) append_field(out, "Server", context.server_name);
  if (!context.date.empty()) append_field(out, "Date", context.date);
  if (!response.content_type.empty()) append_field(out, "Content-Type", response.content_type);
  if (content_length && !is_bodiless(response.status)) {
    out += "Content-Length: ";
    append_number(out, *content_length);
    out += "\r\n";
  }
  if (!context.request_id.empty()) append_field(out, "X-Request-Id", context.request_id);
  for (const auto& [name, value] : response.headers) append_field(out, name, value);
  if (context.persistence == Persistence::kClose) out += "Connection: close\r\n";
  if (context.persistence == Persistence::kKeepAlive10) out += "Connection: keep-alive\r\n";
  out += "\r\n";
}

std::string format_http_date(std::int64_t unix_seconds) {
  constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed",
                                                     "Thu", "Fri", "Sat"};
  constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto time = static_cast<std::time_t>(unix_seconds);
  std::tm tm{};
  gmtime_r(&time, &tm);
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
                     kDays[static_cast<std::size_t>(tm.tm_wday)], tm.tm_mday,
                     kMonths[static_cast<std::size_t>(tm.tm_mon)], tm.tm_year + 1900, tm.tm_hour,
                     tm.tm_min, tm.tm_sec);
}

}  // namespace heliograph::http
