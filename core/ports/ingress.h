// Ingress: requests that providers send to /v1/providers/{id}/events, handed raw to the provider's
// plugin, which verifies them, finds the receipts in them and says what to answer. core/plugin
// implements it, core/api calls it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/ports/executor.h"
#include "core/ports/store.h"

namespace heliograph::ports {

struct IngressRequest {
  std::string provider;  // its name in the configuration
  std::string method;
  std::string target;                                        // as received
  std::string url;                                           // as the peer saw it
  std::string peer;                                          // its address
  bool peer_is_local = false;                                // loopback, not forwarded by a proxy
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
  std::string body;
};

struct IngressAnswer {
  unsigned status =
      200;  // 404: no such provider, or it takes no events; 503: could not be stored; 504: late
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

class Ingress {
 public:
  virtual ~Ingress() = default;
  // [any thread] The answer comes on `where`; a 2xx only after every event found is durable.
  virtual void handle(IngressRequest request, Executor& where, Done<IngressAnswer> done) = 0;
};

}  // namespace heliograph::ports
