// AddressPolicy: which addresses an outgoing client may connect to when others choose its URLs.
//
// Only unicast addresses of the Internet, so that nobody reaches into the gateway's own network
// through it (OWASP: server-side request forgery). The tables are IANA's special-purpose registries
// for IPv4 and IPv6; IPv6 is refused outside 2000::/3, and within it wherever an IPv4 address is
// carried inside. Immutable; thread-safe. Internal to core/http and core/api (Asio).
#pragma once

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <optional>
#include <string_view>
#include <vector>

#include "core/ports/http_client.h"

namespace heliograph::http {

class AddressPolicy {
 public:
  // Throws std::runtime_error naming an entry that is neither an address nor a CIDR.
  explicit AddressPolicy(const ports::HttpAddressRules& rules);

  // Why `address` is refused: "private (RFC 1918)". nullopt: it is not.
  std::optional<std::string_view> refusal(const boost::asio::ip::address& address) const;
  // The same for the host of a URL; a name is never refused here: what it resolves to is.
  std::optional<std::string_view> refusal_of_host(std::string_view host) const;

 private:
  bool allows(const boost::asio::ip::address& address) const;

  bool public_only_;
  std::vector<boost::asio::ip::network_v4> allowed_v4_;
  std::vector<boost::asio::ip::network_v6> allowed_v6_;
};

}  // namespace heliograph::http
