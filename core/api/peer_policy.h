// PeerPolicy: what may be believed of where a request comes from.
//
// A request is local when nobody but a program on this machine can have made it: a loopback peer
// alone would let a proxy, or a web page in a browser on this machine, speak for it. Immutable;
// thread-safe.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/http/message.h"

namespace heliograph::api {

class PeerPolicy {
 public:
  // Throws std::runtime_error naming a trusted proxy that is neither an address nor a CIDR.
  PeerPolicy(std::vector<std::string> hostnames, const std::vector<std::string>& trusted_proxies);
  ~PeerPolicy();

  // From loopback, not forwarded, for a host name that is this machine's (or configured), as JSON
  // and without an Origin: so no page can have sent or re-bound its way in.
  bool is_local(const http::Request& request) const;
  // The same without a body, for what changes nothing: a page may send it, but not read the answer.
  bool may_read(const http::Request& request) const;
  // Somebody passed it on: it has Forwarded or X-Forwarded-* fields.
  static bool is_forwarded(const http::Request& request);
  // Its peer is one of http.trusted_proxies.
  bool is_trusted_proxy(const http::Request& request) const;
  // Its Host, whatever the port, is this machine's name or a configured one.
  bool is_for_us(const http::Request& request) const;
  // The address that a request comes from: its peer's, or what the outermost of the trusted proxies
  // in front says of its own peer (X-Forwarded-For). What lies beyond is anybody's claim.
  std::string client_address(const http::Request& request) const;
  // The URL as the peer wrote it, which signatures are computed over. Behind a trusted proxy its
  // X-Forwarded-Proto (http or https) and X-Forwarded-Host hold.
  std::string url(const http::Request& request, bool tls) const;

 private:
  class Networks;
  bool is_own_host(std::string_view host) const;

  std::vector<std::string> hostnames_;
  std::unique_ptr<Networks> proxies_;
};

}  // namespace heliograph::api
