// Router: from method and path to a handler. Immutable once a server has it; thread-safe then.
//
// Patterns are literal segments and parameters: "/v1/messages/{id}". A literal wins over a
// parameter. An unknown path is 404, a known path with another method 405 with `Allow`; HEAD is
// answered by GET's handler without a body; OPTIONS where no route has it gets 200 and `allow`
// here, and 204 from the server.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/http/message.h"

namespace heliograph::http {

// Runs on the API thread that read the request; `request` outlives the coroutine. An exception that
// leaves it is logged and answered 500 without detail.
using Handler = std::function<boost::asio::awaitable<Response>(Request& request)>;

struct RouteOptions {
  std::size_t body_max = 64 * 1024;  // bytes; beyond: 413 before the body is read
};

class Router {
 public:
  Router();
  ~Router();
  Router(Router&&) noexcept;

  // Throws std::logic_error for a route that is there already, and where the same place in a path
  // has a parameter of another name.
  void add(Method method, std::string_view pattern, Handler handler, RouteOptions options = {});

  struct Match {
    const Handler* handler = nullptr;  // nullptr: `status` and `allow` say why
    RouteOptions options;
    std::vector<std::pair<std::string, std::string>> params;
    unsigned status = 200;     // 404 or 405
    std::string allow;         // for 405 and OPTIONS
    std::string_view pattern;  // of the route found, for logs; lives as long as the router
  };
  // `path` as it came, still percent-encoded: an encoded '/' is part of a parameter and separates
  // nothing.
  Match find(Method method, std::string_view path) const;

  // Every route that was added, as "POST /v1/messages", sorted: what a contract is compared with.
  std::vector<std::string> routes() const;

 private:
  struct Node;
  std::unique_ptr<Node> root_;
};

}  // namespace heliograph::http
