// An HTTP request and answer as the resources of core/api see them: plain data, no Beast.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace heliograph::ports {
class Executor;
}

namespace heliograph::http {

class BodyFeed;

enum class Method : std::uint8_t { kGet, kHead, kPost, kPut, kPatch, kDelete, kOptions };
std::string_view to_string(Method method);

using Header = std::pair<std::string, std::string>;

// Complete (the body has been read) and framed beyond doubt (core/http/framing_guard.h). Lives as
// long as the handler runs.
struct Request {
  Method method = Method::kGet;
  std::string target;           // as received: path and query
  std::string path;             // percent-decoded
  std::vector<Header> query;    // decoded, in order
  std::vector<Header> headers;  // names in lower case, in order
  std::string body;
  std::string peer;  // address of the peer, without port
  bool peer_is_loopback = false;
  std::string local_listener;  // the listener's name in the configuration
  std::string request_id;      // the client's X-Request-Id if well-formed, else ours
  std::vector<std::pair<std::string, std::string>> params;  // of the route: {id}
  // Posts to the API thread that runs the handler; what the handler awaits completes there
  // (core/http/await.h). Never null inside a handler that a Server calls; lives as long as the
  // server.
  ports::Executor* executor = nullptr;

  std::optional<std::string_view> header(
      std::string_view lower_case_name) const;          // the first of that name
  std::string_view param(std::string_view name) const;  // "" when the route has none of that name
  std::optional<std::string_view> query_value(
      std::string_view name) const;  // the first of that name
};

struct Response {
  unsigned status = 200;
  std::string content_type;  // empty: none
  std::string body;
  std::vector<Header>
      headers;         // besides Content-Type, Content-Length, Connection, Date, X-Request-Id
  bool close = false;  // close the connection after it
  // No answer at all, the connection is cut: a mock's fault on purpose, never an API's.
  bool abort = false;
  // What goes on behind `body`, piece by piece (core/http/body_feed.h); such an answer is its
  // connection's last and has no Content-Length. nullptr: `body` is all.
  std::shared_ptr<BodyFeed> feed;
};

}  // namespace heliograph::http
