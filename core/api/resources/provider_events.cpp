// POST /v1/providers/{id}/events: receipts and inbound messages that providers send. The provider's
// plugin verifies who is speaking, so no API key is asked for.
#include <algorithm>
#include <array>
#include <utility>

#include "core/api/endpoint.h"
#include "core/base/text.h"
#include "core/http/await.h"
#include "core/http/problem.h"
#include "core/ports/ingress.h"

namespace heliograph::api {
namespace {

ports::IngressRequest ingress_request(Call& call) {
  const http::Request& request = call.request;
  const bool tls = call.context.listeners.tls(request.local_listener);
  return {.provider = std::string(request.param("id")),
          .method = std::string(http::to_string(request.method)),
          .target = request.target,
          .url = call.context.peers.url(request, tls),
          .peer = request.peer,
          .peer_is_local = call.context.peers.is_local(request),
          .headers = request.headers,
          .body = std::move(call.request.body)};
}

// The server frames its answers itself (RFC 9112, 6), and a plugin's word on it could contradict.
bool is_framing(const std::string& name) {
  constexpr std::array<std::string_view, 7> kFraming{
      "connection", "content-length",    "date",   "keep-alive",
      "trailer",    "transfer-encoding", "upgrade"};
  return std::ranges::find(kFraming, base::to_lower_ascii(name)) != kFraming.end();
}

bool is_clean(const http::Header& header) {
  const auto bad = [](std::string_view text) {
    return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
  };
  return !header.first.empty() && header.first.find_first_of(" :\t") == std::string::npos &&
         !bad(header.first) && !bad(header.second);
}

http::Response passed_on(ports::IngressAnswer answer) {
  if (answer.status < 200 || answer.status > 599) {
    return http::problem_response(502, "The provider's plugin gave no usable answer.");
  }
  if (answer.status >= 400 && answer.body.empty()) {
    return http::problem_response(answer.status, answer.status == 404 ? "There is no such provider."
                                                                      : "The event was not taken.");
  }
  http::Response response;
  response.status = answer.status;
  response.body = std::move(answer.body);
  for (http::Header& header : answer.headers) {
    if (is_framing(header.first) || !is_clean(header)) continue;
    if (base::equals_ignore_case(header.first, "content-type")) {
      response.content_type = std::move(header.second);
    } else {
      response.headers.push_back(std::move(header));
    }
  }
  return response;
}

boost::asio::awaitable<http::Response> post_event(Call& call) {
  auto start = [&](ports::Done<ports::IngressAnswer> done) {
    call.ports().ingress.handle(ingress_request(call), call.executor(), std::move(done));
  };
  auto answer = co_await http::await_done<ports::IngressAnswer>(start);
  co_return passed_on(std::move(answer));
}

}  // namespace

void add_provider_events(Routes& routes) {
  routes.open(http::Method::kPost, "/v1/providers/{id}/events", post_event);
}

}  // namespace heliograph::api
