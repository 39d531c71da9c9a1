#include "core/http/url.h"

#include <algorithm>

#include "core/base/text.h"

namespace heliograph::http {
namespace {

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_name_character(char c) { return is_alphanumeric(c) || c == '-' || c == '.' || c == '_'; }

bool is_address_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':' ||
         c == '.';
}

// "host", "host:port", "[v6]", "[v6]:port" into `url`.
bool parse_authority(std::string_view authority, Url& url) {
  std::string_view port;
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    if (end == std::string_view::npos) return false;
    url.host = authority.substr(1, end - 1);
    port = authority.substr(end + 1);
    if (!std::ranges::all_of(url.host, is_address_character)) return false;
  } else {
    const std::size_t colon = authority.find(':');
    url.host = authority.substr(0, colon);
    if (colon != std::string_view::npos) port = authority.substr(colon);
    if (!std::ranges::all_of(url.host, is_name_character)) return false;
  }
  if (url.host.empty()) return false;
  url.port = url.tls ? 443 : 80;
  if (port.empty()) return true;
  const auto number = port.front() == ':' ? base::parse_uint(port.substr(1)) : std::nullopt;
  if (!number || *number == 0 || *number > 65535) return false;
  url.port = static_cast<std::uint16_t>(*number);
  return true;
}

}  // namespace

std::optional<Url> parse_url(std::string_view text) {
  const auto allowed = [](char c) { return c > ' ' && c < 0x7f && c != '#'; };
  if (!std::ranges::all_of(text, allowed)) return std::nullopt;
  Url url;
  const std::size_t scheme_end = text.find("://");
  if (scheme_end == std::string_view::npos) return std::nullopt;
  const std::string_view scheme = text.substr(0, scheme_end);
  url.tls = base::equals_ignore_case(scheme, "https");
  if (!url.tls && !base::equals_ignore_case(scheme, "http")) return std::nullopt;
  const std::string_view rest = text.substr(scheme_end + 3);
  url.authority = rest.substr(0, rest.find_first_of("/?"));
  if (!parse_authority(url.authority, url)) return std::nullopt;
  url.origin = text.substr(0, scheme_end + 3 + url.authority.size());
  url.path = rest.substr(url.authority.size());
  if (const std::size_t question = url.path.find('?'); question != std::string_view::npos) {
    url.query = url.path.substr(question);
    url.path = url.path.substr(0, question);
  }
  return url;
}

}  // namespace heliograph::http
