#include "core/http/outgoing_wire.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "core/base/text.h"
#include "core/http/response_head.h"

namespace heliograph::http {
namespace {

// Fields that say how the message is framed or how the connection goes on (RFC 9110, 7.6.1).
constexpr std::array<std::string_view, 10> kReserved = {
    "host", "content-length", "connection",       "transfer-encoding", "keep-alive",
    "te",   "trailer",        "proxy-connection", "upgrade",           "expect"};

bool is_reserved(std::string_view name) {
  const auto same = [name](std::string_view word) { return base::equals_ignore_case(name, word); };
  return std::ranges::any_of(kReserved, same);
}

bool is_allowed_method(std::string_view method) {
  return is_token(method) && method != "CONNECT" && method != "TRACE";
}

// POST, PUT and PATCH say so when they have no body (RFC 9110, 8.6).
bool needs_length(const ports::OutgoingRequest& request) {
  return !request.body.empty() || request.method == "POST" || request.method == "PUT" ||
         request.method == "PATCH";
}

void append_length(std::string& out, std::size_t length) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), length).ptr;
  out.append("Content-Length: ").append(digits.data(), end).append("\r\n");
}

}  // namespace

bool write_request(std::string& out, const ports::OutgoingRequest& request, const Url& url) {
  if (!is_allowed_method(request.method)) return false;
  out.clear();
  out.append(request.method).append(" ");
  out.append(url.path.empty() ? "/" : url.path).append(url.query).append(" HTTP/1.1\r\n");
  out.append("Host: ").append(url.authority).append("\r\n");
  for (const auto& [name, value] : request.headers) {
    if (!is_token(name) || !is_safe_value(value) || is_reserved(name)) return false;
    out.append(name).append(": ").append(value).append("\r\n");
  }
  if (needs_length(request)) append_length(out, request.body.size());
  if (request.no_reuse) out += "Connection: close\r\n";
  out.append("\r\n").append(request.body);
  return true;
}

}  // namespace heliograph::http
