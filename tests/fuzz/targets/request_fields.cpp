// Header fields that say where a request comes from and how long its client would wait: nobody may
// talk himself into being local, or into an address that no proxy vouches for.
#include <string>

#include "core/api/peer_policy.h"
#include "core/api/preferred_wait.h"
#include "core/base/text.h"
#include "tests/fuzz/target.h"

namespace heliograph::api {
namespace {

const PeerPolicy& policy() {
  static const PeerPolicy value({"gateway.example"}, {"10.0.0.0/8", "2001:db8::1"});
  return value;
}

http::Request read(std::string_view input) {
  fuzz::Pieces pieces(input);
  http::Request request;
  const unsigned char from = pieces.byte();
  request.peer_is_loopback = (from & 1) != 0;
  request.peer = (from & 2) != 0 ? "10.1.2.3" : "192.0.2.7";
  if (request.peer_is_loopback) request.peer = "127.0.0.1";
  request.target = request.path = "/v1/messages";
  while (!pieces.rest().empty()) {
    const std::string_view line = pieces.line();
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    request.headers.emplace_back(base::to_lower_ascii(line.substr(0, colon)),
                                 base::trim(line.substr(colon + 1)));
  }
  return request;
}

}  // namespace

FUZZ_TARGET(request_fields) {
  const http::Request request = read(input);
  const auto wait = preferred_wait(request);
  if (!wait) MUST(!wait.error().detail.empty());
  if (wait && *wait) MUST(**wait >= std::chrono::seconds{0} && **wait <= kWaitMax);

  const bool local = policy().is_local(request);
  if (local) MUST(policy().may_read(request));
  if (policy().may_read(request)) {
    MUST(request.peer_is_loopback && !PeerPolicy::is_forwarded(request));
    MUST(policy().is_for_us(request));
  }
  const std::string address = policy().client_address(request);
  MUST(!address.empty());
  if (!policy().is_trusted_proxy(request)) MUST(address == request.peer);
  for (const bool tls : {false, true}) {
    const std::string url = policy().url(request, tls);
    MUST(url.starts_with("http://") || url.starts_with("https://"));
    if (!policy().is_trusted_proxy(request)) {
      MUST(url.starts_with(tls ? "https://" : "http://"));
    }
  }
}

}  // namespace heliograph::api
