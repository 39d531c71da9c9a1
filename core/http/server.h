// Server: listens, reads requests that are framed beyond doubt, calls the router's handlers, writes
// answers.
//
// Bounded in everything: connections in all and for each address, header and body sizes, and total
// deadlines for header, body, write and idling (never refreshed byte by byte). Each thread has an
// io_context of its own; a connection stays on its thread.
//
// Life: construct (binds) -> start() -> stop() -> destroy. What handlers await (core/http/await.h)
// must be completed or destroyed before the server is: stop the server first, then the store, then
// destroy the server.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/http/message.h"
#include "core/http/router.h"
#include "core/ports/metrics.h"

namespace heliograph::http {

struct ListenerOptions {
  std::string listen;  // "127.0.0.1:8080", "[::1]:0"; port 0: any free one
  std::string cert;    // PEM files; empty: no TLS
  std::string key;
  std::string client_ca;  // PEM; every client must show a certificate of it. Empty: none asked for
  std::string name;       // what Request::local_listener says
};

struct ServerOptions {
  std::vector<ListenerOptions> listeners;
  int threads = 1;
  std::size_t max_connections = 4096;
  std::size_t max_connections_per_address = 1024;
  // Total deadlines, kept to within an eighth of the shortest and 250 ms at most.
  std::chrono::milliseconds header_timeout{10'000};  // from its first byte; also the TLS handshake
  std::chrono::milliseconds body_timeout{30'000};    // from the header's end
  std::chrono::milliseconds write_timeout{30'000};   // of an answer
  std::chrono::milliseconds idle_timeout{60'000};    // before a request's first byte
  std::size_t header_max = 8 * 1024;                 // bytes: 431 beyond
  std::size_t target_max = 2 * 1024;                 // bytes: 414 beyond
  std::size_t fields_max = 64;                       // 431 beyond
  // Requests of one thread that may be under way at once on routes with larger bodies than usual
  // (RouteOptions::body_max); beyond: 503. Bounds the memory that bodies take.
  std::size_t large_requests_max = 64;
  std::string server_name = "heliograph";  // for the Server field; empty: none
  // One line for each fault inside (a handler that threw, an accept that failed), without anything
  // of a request but its id. Called on the server's threads; must not block; may be empty.
  std::function<void(std::string_view line)> log_error;
  // Completes answers that no handler made: unknown paths, refused framing, faults. The request may
  // be incomplete. Called on the server's threads; may be empty.
  std::function<void(const Request& request, Response& response)> decorate;
  ports::Metrics* metrics = nullptr;  // outlives the server; nullptr: nothing is counted
};

// What is wrong with the certificates and keys of the listeners, one sentence each, without binding
// anything.
std::vector<std::string> tls_problems(const std::vector<ListenerOptions>& listeners);

struct ServerStats {
  std::uint64_t connections_open = 0;
  std::uint64_t connections_refused = 0;
  std::uint64_t requests = 0;
  std::uint64_t framing_errors = 0;
};

class Server {
 public:
  // Binds every listener; throws std::runtime_error naming the address, the file or the key that is
  // wrong.
  Server(ServerOptions options, Router router);
  ~Server();  // stop(0) if not stopped

  // "127.0.0.1:41234" for each listener, in order, with the port that was really bound.
  std::vector<std::string> addresses() const;

  void start();  // spawns the threads
  // [any thread] For requests whose header is read from now on. The one before stays for those that
  // it handles, and is destroyed with the last of them, on an API thread.
  void set_router(Router router);

  // Certificates and keys of the listeners, read anew. [any thread, one at a time]
  class Certificates;
  // Throws std::runtime_error naming the listener and the file at fault. Nothing changes yet.
  std::shared_ptr<const Certificates> read_certificates() const;
  // Listeners whose files differ from what they serve, by their names; these serve connections
  // accepted from now on with what was read.
  static std::vector<std::string> changed(const Certificates& read);
  void set_certificates(const Certificates& read);
  // Stops accepting, answers what is being read or handled with `Connection: close`, closes idle
  // connections, and waits up to `timeout` before it cuts what is left. Blocking.
  void stop(std::chrono::milliseconds timeout);
  ServerStats stats() const;  // any thread

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace heliograph::http
