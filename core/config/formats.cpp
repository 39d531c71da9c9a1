#include "core/config/formats.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <string>

#include "core/base/text.h"

namespace heliograph::config {
namespace {

constexpr std::size_t kIdentifierMax = 64;
constexpr std::size_t kHostnameMax = 253;  // RFC 1123, 2.1 and RFC 1035, 2.3.4
constexpr std::size_t kPrefix4Max = 32;
constexpr std::size_t kPrefix6Max = 128;

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool parses_as(int family, std::string_view address) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  return inet_pton(family, std::string(address).c_str(), bytes.data()) == 1;
}

bool is_number_up_to(std::string_view text, std::size_t max) {
  const auto number = base::parse_uint(text);
  return number && *number <= max;
}

}  // namespace

bool is_listen_address(std::string_view text) {
  const std::string_view host = listen_host(text);
  if (host.size() >= text.size()) return false;
  if (!is_number_up_to(text.substr(host.size() + 1), 65'535)) return false;
  if (host.starts_with('[') && host.ends_with(']')) {
    return parses_as(AF_INET6, host.substr(1, host.size() - 2));
  }
  return parses_as(AF_INET, host);
}

std::string_view listen_host(std::string_view listen) {
  return listen.substr(0, listen.rfind(':'));
}

bool is_address_or_cidr(std::string_view text) {
  const std::string_view address = text.substr(0, text.find('/'));
  const bool is4 = parses_as(AF_INET, address);
  if (!is4 && !parses_as(AF_INET6, address)) return false;
  return address.size() == text.size() ||
         is_number_up_to(text.substr(address.size() + 1), is4 ? kPrefix4Max : kPrefix6Max);
}

bool is_origin(std::string_view text) {
  if (text == "*") return true;
  if (!is_http_url(text)) return false;
  const std::string_view authority = text.substr(text.find("://") + 3);
  return authority.find_first_of("/?#@") == std::string_view::npos;
}

bool is_hostname(std::string_view text) {
  const auto allowed = [](char c) { return is_alphanumeric(c) || c == '-' || c == '.'; };
  return !text.empty() && text.size() <= kHostnameMax && std::ranges::all_of(text, allowed) &&
         is_alphanumeric(text.front()) && text.find("..") == std::string_view::npos;
}

bool is_http_url(std::string_view text) {
  std::string_view rest = text;
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (rest.starts_with(scheme)) rest.remove_prefix(scheme.size());
  }
  if (rest.size() == text.size() || rest.empty()) return false;
  const auto visible = [](char c) { return c > ' ' && c < 0x7F; };
  return (is_alphanumeric(rest.front()) || rest.front() == '[') &&
         std::ranges::all_of(rest, visible);
}

bool is_identifier(std::string_view text) {
  const auto allowed = [](char c) {
    return is_alphanumeric(c) || c == '_' || c == '.' || c == '-';
  };
  return !text.empty() && text.size() <= kIdentifierMax && text.front() != '.' &&
         std::ranges::all_of(text, allowed);
}

bool is_sha256_hex(std::string_view text) {
  return text.size() == 64 && base::from_hex(text).has_value();
}

}  // namespace heliograph::config
