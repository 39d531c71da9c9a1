// The shapes of addresses, names and the like that the configuration checks before anybody uses
// them. For the files of this folder only. Pure; thread-safe.
#pragma once

#include <string_view>

namespace heliograph::config {

// "127.0.0.1:8080", "[::1]:0": an address and a port. Never a name, which would have to be looked
// up.
bool is_listen_address(std::string_view text);
// The part before the last ':' of a listen address, brackets included.
std::string_view listen_host(std::string_view listen);

bool is_address_or_cidr(std::string_view text);  // "10.0.0.0/8", "::1"
bool is_origin(std::string_view text);           // RFC 6454, 6.2: "https://app.example.com", or "*"
bool is_hostname(std::string_view text);         // RFC 1123, 2.1: letters, digits, hyphens, dots
bool is_http_url(std::string_view text);         // http:// or https:// and a host

// Names that stand in file names, URLs and logs: 1-64 of A-Z a-z 0-9 _ . -, not beginning with '.'.
bool is_identifier(std::string_view text);
bool is_sha256_hex(std::string_view text);

}  // namespace heliograph::config
