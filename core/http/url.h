// Absolute http and https URLs, as the outgoing client takes them (RFC 3986, 3; RFC 9110, 4.2).
// Pure, thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace heliograph::http {

// Views into the text that was parsed.
struct Url {
  bool tls = false;
  std::string_view origin;     // "https://example.com:8443"
  std::string_view authority;  // for Host: "example.com:8443"
  std::string_view host;       // without brackets
  std::uint16_t port = 0;      // the scheme's where none is named
  std::string_view path;       // without query; may be empty, which means "/"
  std::string_view query;      // with its '?'; may be empty
};

// Strict: ASCII, percent-encoded and punycoded by the caller. nullopt also for credentials in the
// URL (they would end in logs), for a fragment, and for every byte that could end the request line.
std::optional<Url> parse_url(std::string_view text);

}  // namespace heliograph::http
