// The head of an answer as bytes, written into the connection's own buffer. Pure, thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/http/message.h"

namespace heliograph::http {

enum class Persistence : std::uint8_t {
  kKeepAlive,    // HTTP/1.1: says nothing
  kKeepAlive10,  // HTTP/1.0: has to be said
  kClose,
};

struct HeadContext {
  std::string_view server_name;  // empty: no Server field
  std::string_view date;         // RFC 9110, 5.6.7; empty: no Date field
  std::string_view request_id;   // empty: none
  Persistence persistence = Persistence::kKeepAlive;
};

// True when every header's name is a token and no value holds CR, LF or NUL: nothing a handler
// copies from a request can start another header (response splitting).
bool has_safe_headers(const Response& response);

// Appends status line, headers and empty line. `content_length` is that of the body also where none
// is sent (HEAD); 204 and 304 carry none. nullopt: the body ends with the connection. Needs
// has_safe_headers().
void append_head(std::string& out, const Response& response, const HeadContext& context,
                 std::optional<std::size_t> content_length);

// True for the statuses that never have a body (RFC 9110, 6.4.1).
bool is_bodiless(unsigned status);

// "Sun, 06 Nov 1994 08:49:37 GMT" for seconds since 1970.
std::string format_http_date(std::int64_t unix_seconds);

// RFC 9110, 5.6.2; the same rule for what goes out as for what comes in.
bool is_token(std::string_view text);
// No CR, LF, NUL.
bool is_safe_value(std::string_view text);

}  // namespace heliograph::http
