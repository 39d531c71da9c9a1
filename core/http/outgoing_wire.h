// An outgoing request as the bytes that go over the wire. Pure, thread-safe.
#pragma once

#include <string>

#include "core/http/url.h"
#include "core/ports/http_client.h"

namespace heliograph::http {

// Writes request line, Host, the caller's headers, Content-Length and body into `out`, replacing
// what it held. False where anything would break the framing: a method or header name that is no
// token, CR, LF or NUL in a value, or a header that is the client's own to set (Host,
// Content-Length, Connection and the other hop-by-hop ones).
bool write_request(std::string& out, const ports::OutgoingRequest& request, const Url& url);

}  // namespace heliograph::http
