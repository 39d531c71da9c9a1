// A server that behaves as badly as the test wants: each connection it accepts follows the next
// script, on a thread of its own.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "tests/unit/http/raw_socket.h"

namespace heliograph::http::testing {

class ScriptedPeer {
 public:
  using Script = std::function<void(RawSocket& connection)>;

  // Accepts as many connections as there are scripts, in turn.
  explicit ScriptedPeer(std::vector<Script> scripts);
  ~ScriptedPeer();  // waits for the scripts: they end when their client does
  ScriptedPeer(const ScriptedPeer&) = delete;
  ScriptedPeer& operator=(const ScriptedPeer&) = delete;

  std::string url(const std::string& path = "/") const {
    return "http://" + listener_.address() + path;
  }
  int accepted() const { return accepted_; }

 private:
  RawListener listener_;
  std::atomic<int> accepted_{0};
  std::thread acceptor_;
  std::vector<std::thread> threads_;
};

// The next request, head and body as Content-Length says; "" when the client has gone.
std::string read_request(RawSocket& connection);
// Waits until the client closes.
void wait_for_end(RawSocket& connection);
// Answers requests with "200 <number of the request on this connection>" until the client goes.
void serve_all(RawSocket& connection);
// Scripts: read a request, answer with `bytes`, then do nothing until the client has gone, or end
// the connection.
ScriptedPeer::Script say(const std::string& bytes);
ScriptedPeer::Script say_and_close(const std::string& bytes);
std::string ok(const std::string& body, const std::string& fields = "");

}  // namespace heliograph::http::testing
