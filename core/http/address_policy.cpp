#include "core/http/address_policy.h"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>

namespace heliograph::http {
namespace {

namespace ip = boost::asio::ip;

struct Refused {
  const char* network;
  std::string_view reason;
};

// IANA IPv4 Special-Purpose Address Registry, multicast and the reserved block. 168.63.129.16 is a
// public address by which Azure's machines reach their host.
constexpr std::array kRefusedV4{
    Refused{"0.0.0.0/8", "this network (RFC 791)"},
    Refused{"10.0.0.0/8", "private (RFC 1918)"},
    Refused{"100.64.0.0/10", "shared by a carrier's NAT (RFC 6598)"},
    Refused{"127.0.0.0/8", "loopback"},
    Refused{"168.63.129.16/32", "cloud metadata"},
    Refused{"169.254.169.254/32", "cloud metadata"},
    Refused{"169.254.0.0/16", "link-local (RFC 3927)"},
    Refused{"172.16.0.0/12", "private (RFC 1918)"},
    Refused{"192.0.0.0/24", "protocol assignments (RFC 6890)"},
    Refused{"192.0.2.0/24", "documentation (RFC 5737)"},
    Refused{"192.88.99.0/24", "6to4 relay (RFC 7526)"},
    Refused{"192.168.0.0/16", "private (RFC 1918)"},
    Refused{"198.18.0.0/15", "benchmarking (RFC 2544)"},
    Refused{"198.51.100.0/24", "documentation (RFC 5737)"},
    Refused{"203.0.113.0/24", "documentation (RFC 5737)"},
    Refused{"224.0.0.0/4", "multicast"},
    Refused{"240.0.0.0/4", "reserved"},
};

// IANA IPv6 Special-Purpose Address Registry. What is not here and not in 2000::/3 is refused too.
constexpr std::array kRefusedV6{
    Refused{"::/128", "unspecified"},
    Refused{"::1/128", "loopback"},
    Refused{"::ffff:0:0/96", "IPv4-mapped"},
    Refused{"64:ff9b::/96", "NAT64 (RFC 6052)"},
    Refused{"64:ff9b:1::/48", "NAT64 (RFC 8215)"},
    Refused{"2001::/32", "Teredo (RFC 4380)"},
    Refused{"2001::/23", "protocol assignments (RFC 2928)"},
    Refused{"2001:db8::/32", "documentation (RFC 3849)"},
    Refused{"2002::/16", "6to4 (RFC 3056)"},
    Refused{"3fff::/20", "documentation (RFC 9637)"},
    Refused{"fd00:ec2::254/128", "cloud metadata"},
    Refused{"fc00::/7", "private (RFC 4193)"},
    Refused{"fe80::/10", "link-local (RFC 4291)"},
    Refused{"ff00::/8", "multicast"},
};

bool holds(const ip::network_v4& network, const ip::address_v4& address) {
  return ip::network_v4(address, network.prefix_length()).canonical() == network;
}

// Without the zone: it says where a link-local address leads, not what it is.
bool holds(const ip::network_v6& network, const ip::address_v6& address) {
  const ip::address_v6 plain(address.to_bytes());
  return ip::network_v6(plain, network.prefix_length()).canonical() == network;
}

std::optional<std::string_view> refusal_v4(const ip::address_v4& address) {
  for (const Refused& refused : kRefusedV4) {
    if (holds(ip::make_network_v4(refused.network), address)) return refused.reason;
  }
  return std::nullopt;
}

std::optional<std::string_view> refusal_v6(const ip::address_v6& address) {
  for (const Refused& refused : kRefusedV6) {
    if (holds(ip::make_network_v6(refused.network), address)) return refused.reason;
  }
  static const ip::network_v6 global = ip::make_network_v6("2000::/3");
  if (holds(global, address)) return std::nullopt;
  return "not global unicast (RFC 4291)";
}

std::string with_length(const std::string& text, const char* whole) {
  return text.find('/') == std::string::npos ? text + whole : text;
}

}  // namespace

AddressPolicy::AddressPolicy(const ports::HttpAddressRules& rules)
    : public_only_(rules.public_only) {
  for (const std::string& text : rules.allow_cidrs) {
    boost::system::error_code error;
    const auto v4 = ip::make_network_v4(with_length(text, "/32"), error);
    if (!error) {
      allowed_v4_.push_back(v4.canonical());
      continue;
    }
    const auto v6 = ip::make_network_v6(with_length(text, "/128"), error);
    if (error) throw std::runtime_error(text + " is neither an address nor a CIDR");
    allowed_v6_.push_back(v6.canonical());
  }
}

bool AddressPolicy::allows(const ip::address& address) const {
  if (address.is_v4()) {
    return std::ranges::any_of(allowed_v4_, [v4 = address.to_v4()](const ip::network_v4& network) {
      return holds(network, v4);
    });
  }
  return std::ranges::any_of(allowed_v6_, [v6 = address.to_v6()](const ip::network_v6& network) {
    return holds(network, v6);
  });
}

std::optional<std::string_view> AddressPolicy::refusal(const ip::address& address) const {
  if (!public_only_ || allows(address)) return std::nullopt;
  return address.is_v4() ? refusal_v4(address.to_v4()) : refusal_v6(address.to_v6());
}

std::optional<std::string_view> AddressPolicy::refusal_of_host(std::string_view host) const {
  boost::system::error_code error;
  const ip::address address = ip::make_address(std::string(host), error);
  if (error) return std::nullopt;
  return refusal(address);
}

}  // namespace heliograph::http
