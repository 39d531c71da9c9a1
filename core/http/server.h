// Server: listens, reads requests that are framed beyond doubt, calls the router's handlers, writes
// answers.
//
// Bounded in everything: connections in all and for each address, header and body sizes, and total
// deadlines for header, body, write and idling (never refreshed byte by byte). Each thread has an
// io_context of its own; a connection stays on its thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/http/message.h"
#include "core/http/router.h"

namespace heliograph::http {

struct ListenerOptions {
  std::string listen;  // "127.0.0.1:8080", "[::1]:0"; port 0: any free one
  std::string cert;    // PEM files; empty: no TLS
  std::string key;
  std::string client_ca;  // empty: no client certificates asked for
};

struct ServerOptions {
  std::vector<ListenerOptions> listeners;
  int threads = 1;
  std::size_t max_connections = 4096;
  std::size_t max_connections_per_address = 1024;
  std::chrono::milliseconds header_timeout{
      10'000};  // whole header, from its first byte or the connection's start
  std::chrono::milliseconds body_timeout{30'000};
  std::chrono::milliseconds write_timeout{30'000};
  std::chrono::milliseconds idle_timeout{60'000};
  std::size_t header_max = 8 * 1024;  // bytes: 431 beyond
  std::size_t target_max = 2 * 1024;  // bytes: 414 beyond
  std::size_t fields_max = 64;        // 431 beyond
  std::string server_name = "heliograph";
};

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
  // Stops accepting, answers what is being read or handled with `Connection: close`, closes idle
  // connections, and waits up to `timeout` before it cuts what is left. Blocking.
  void stop(std::chrono::milliseconds timeout);
  ServerStats stats() const;  // any thread

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace heliograph::http
