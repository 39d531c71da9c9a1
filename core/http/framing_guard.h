// Framing guard: decides whether a request's header says beyond doubt where the request ends.
//
// A server and the proxy before it that disagree about that serve an attacker's bytes as somebody
// else's request (request smuggling). Beast 1.81 accepts several such headers: an unknown
// Transfer-Encoding (the body is then read as the next request), chunked on HTTP/1.0, two Hosts or
// none, folded lines. So every header passes here before its body is read, and what is refused
// closes the connection. The rules are RFC 9112 (3.2, 5.2, 6.1-6.3), where it allows more than one
// reading the strict one.
//
// Pure, thread-safe.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/http/message.h"

namespace heliograph::http {

struct FramingLimits {
  std::size_t header_max = 8 * 1024;  // bytes, request line and all fields: 431 beyond
  std::size_t target_max = 2 * 1024;  // bytes: 414 beyond
  std::size_t fields_max = 64;        // 431 beyond
};

struct ReceivedHeader {
  std::string_view raw;  // as received, request line to empty line
  std::string_view method;
  std::string_view target;
  unsigned version = 11;                        // 10 or 11
  const std::vector<Header>* fields = nullptr;  // names in lower case, values trimmed
};

struct FramingError {
  unsigned status = 400;
  std::string detail;
};

// nullopt: unambiguous, of a known method and within the limits. Otherwise 400, 414, 417, 431 or
// 501, with a sentence for the client's developer.
std::optional<FramingError> check_framing(const ReceivedHeader& header,
                                          const FramingLimits& limits);

// Upper-case methods of the seven in Method only (RFC 9110, 9.1: names are case-sensitive).
std::optional<Method> method_from(std::string_view text);

}  // namespace heliograph::http
