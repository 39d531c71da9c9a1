#include "core/api/peer_policy.h"

#include <algorithm>
#include <array>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <stdexcept>
#include <utility>

#include "core/api/json_body.h"
#include "core/base/text.h"

namespace heliograph::api {
namespace {

namespace ip = boost::asio::ip;

// "localhost:8080" -> "localhost", "[::1]:8080" -> "[::1]".
std::string_view without_port(std::string_view host) {
  const auto bracket = host.rfind(']');
  const auto colon = host.rfind(':');
  if (colon == std::string_view::npos) return host;
  if (bracket != std::string_view::npos && colon < bracket) return host;
  return host.substr(0, colon);
}

// The first of a list that proxies have appended to: what the outermost one saw.
std::string_view first_of_list(std::string_view value) {
  return base::trim(value.substr(0, value.find(',')));
}

}  // namespace

class PeerPolicy::Networks {
 public:
  void add(const std::string& text) {
    boost::system::error_code error;
    const auto v4 = ip::make_network_v4(with_length(text, "/32"), error);
    if (!error) {
      v4_.push_back(v4.canonical());
      return;
    }
    const auto v6 = ip::make_network_v6(with_length(text, "/128"), error);
    if (error) {
      throw std::runtime_error("http.trusted_proxies: " + text + " is no address and no CIDR");
    }
    v6_.push_back(v6.canonical());
  }

  bool contain(const std::string& peer) const {
    boost::system::error_code error;
    const ip::address address = ip::make_address(peer, error);
    if (error) return false;
    if (address.is_v4()) return contain(address.to_v4());
    const ip::address_v6 v6 = address.to_v6();
    if (v6.is_v4_mapped()) return contain(ip::make_address_v4(ip::v4_mapped, v6));
    return std::ranges::any_of(v6_, [&](const ip::network_v6& network) {
      return ip::network_v6(v6, network.prefix_length()).canonical() == network;
    });
  }

 private:
  static std::string with_length(const std::string& text, const char* whole) {
    return text.find('/') == std::string::npos ? text + whole : text;
  }
  bool contain(const ip::address_v4& v4) const {
    return std::ranges::any_of(v4_, [&](const ip::network_v4& network) {
      return ip::network_v4(v4, network.prefix_length()).canonical() == network;
    });
  }

  std::vector<ip::network_v4> v4_;
  std::vector<ip::network_v6> v6_;
};

PeerPolicy::PeerPolicy(std::vector<std::string> hostnames,
                       const std::vector<std::string>& trusted_proxies)
    : hostnames_(std::move(hostnames)), proxies_(std::make_unique<Networks>()) {
  for (const std::string& proxy : trusted_proxies) proxies_->add(proxy);
}

PeerPolicy::~PeerPolicy() = default;

bool PeerPolicy::is_own_host(std::string_view host) const {
  constexpr std::array<std::string_view, 3> kOwn{"localhost", "127.0.0.1", "[::1]"};
  const auto same = [&](std::string_view own) { return base::equals_ignore_case(own, host); };
  return std::ranges::any_of(kOwn, same) || std::ranges::any_of(hostnames_, same);
}

bool PeerPolicy::may_read(const http::Request& request) const {
  if (!request.peer_is_loopback || is_forwarded(request)) return false;
  return !request.header("origin").has_value() && is_for_us(request);
}

bool PeerPolicy::is_local(const http::Request& request) const {
  return may_read(request) && is_json(request);
}

bool PeerPolicy::is_forwarded(const http::Request& request) {
  return std::ranges::any_of(request.headers, [](const http::Header& header) {
    return header.first == "forwarded" || header.first.starts_with("x-forwarded-");
  });
}

bool PeerPolicy::is_trusted_proxy(const http::Request& request) const {
  return proxies_->contain(request.peer);
}

bool PeerPolicy::is_for_us(const http::Request& request) const {
  const auto host = request.header("host");
  return host.has_value() && is_own_host(without_port(*host));
}

// Each proxy appends its peer, so the list is read from its end for as long as those who wrote it
// are trusted.
std::string PeerPolicy::client_address(const http::Request& request) const {
  std::string address = request.peer;
  std::vector<std::string_view> list;
  for (const auto& [name, value] : request.headers) {
    if (name != "x-forwarded-for") continue;
    for (std::string_view rest = value; !rest.empty();) {
      const std::size_t comma = rest.find(',');
      list.push_back(base::trim(rest.substr(0, comma)));
      rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
    }
  }
  for (; !list.empty() && proxies_->contain(address); list.pop_back()) {
    boost::system::error_code error;
    const ip::address next = ip::make_address(std::string(list.back()), error);
    if (error) break;
    address = next.to_string();
  }
  return address;
}

std::string PeerPolicy::url(const http::Request& request, bool tls) const {
  std::string_view scheme = tls ? "https" : "http";
  std::string_view host = request.header("host").value_or("");
  if (is_trusted_proxy(request)) {
    // Any other word is no scheme that a request can have come by.
    const auto proto = request.header("x-forwarded-proto").transform(first_of_list);
    if (proto && base::equals_ignore_case(*proto, "http")) scheme = "http";
    if (proto && base::equals_ignore_case(*proto, "https")) scheme = "https";
    const auto forwarded_host = request.header("x-forwarded-host");
    if (forwarded_host) host = first_of_list(*forwarded_host);
  }
  std::string url{scheme};
  url += "://";
  url += host;
  url += request.target;
  return url;
}

}  // namespace heliograph::api
