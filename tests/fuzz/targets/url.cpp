// URLs that clients choose, and the addresses in them: nothing inside reaches the gateway's own
// network.
#include <arpa/inet.h>

#include <array>
#include <cstdint>
#include <string>

#include "core/http/address_policy.h"
#include "core/http/url.h"
#include "core/http/webhook_url.h"
#include "core/model/addresses.h"
#include "tests/fuzz/target.h"

namespace heliograph::http {
namespace {

// By hand, from RFC 6890, so that the policy's table is not compared with itself.
bool is_inside_v4(std::uint32_t a) {
  const std::uint32_t first = a >> 24;
  const std::uint32_t second = a >> 16 & 0xff;
  return first == 0 || first == 10 || first == 127 || first >= 224 ||
         (first == 100 && second >= 64 && second < 128) || (first == 169 && second == 254) ||
         (first == 172 && second >= 16 && second < 32) || (first == 192 && second == 168) ||
         (first == 198 && (second == 18 || second == 19));
}

bool is_inside_v6(const in6_addr& address) {
  const auto* b = address.s6_addr;
  if ((b[0] & 0xe0) != 0x20) return true;  // outside 2000::/3
  const auto v4 = [b](int at) {
    return static_cast<std::uint32_t>(b[at]) << 24 | static_cast<std::uint32_t>(b[at + 1]) << 16 |
           static_cast<std::uint32_t>(b[at + 2]) << 8 | b[at + 3];
  };
  return b[0] == 0x20 && b[1] == 0x02 && is_inside_v4(v4(2));  // 6to4
}

// Of a host as the C library reads it too: "0x7f.1" and "2130706433" are 127.0.0.1 there.
bool is_inside(const std::string& host) {
  in_addr v4{};
  in6_addr v6{};
  if (inet_pton(AF_INET6, host.c_str(), &v6) == 1) return is_inside_v6(v6);
  return inet_pton(AF_INET, host.c_str(), &v4) == 1 && is_inside_v4(ntohl(v4.s_addr));
}

const AddressPolicy& policy() {
  static const AddressPolicy value({.public_only = true, .allow_cidrs = {}});
  return value;
}

}  // namespace

FUZZ_TARGET(url) {
  const auto url = parse_url(input);
  static const WebhookUrlRules kRules({}, false);
  const auto fault = kRules.fault(input);
  if (fault) MUST(!fault->empty());
  if (model::is_web_address(input)) {
    for (const char c : input) MUST(c > ' ' && c < 127);
    MUST(input.size() <= 2'048);
  }
  static_cast<void>(policy().refusal_of_host(input));
  if (!url) {
    MUST(fault.has_value());
    return;
  }
  MUST(!url->host.empty() && url->port != 0);
  for (const std::string_view part :
       {url->origin, url->authority, url->host, url->path, url->query}) {
    MUST(fuzz::is_slice(part, input));
    for (const char c : part) MUST(c > ' ' && c < 127);
  }
  MUST(!url->authority.contains('@') && !input.contains('#'));
  MUST(url->query.empty() || url->query.starts_with('?'));
  MUST(url->path.empty() || url->path.starts_with('/'));
  const std::string shorter = std::string(url->origin) + std::string(url->path);
  const auto again = parse_url(shorter);
  MUST(again && again->host == url->host && again->port == url->port && again->tls == url->tls);
  if (is_inside(std::string(url->host))) {
    MUST(policy().refusal_of_host(url->host).has_value());
    MUST(fault.has_value());
  }
  if (!url->tls) MUST(fault.has_value());
}

}  // namespace heliograph::http
