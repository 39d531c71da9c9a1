// SocketPeer: the other end of a provider with sockets of its own, in a thread: a mail server that
// follows a script, or something that is none.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace heliograph::sdk::conformance {

// What happens at one line of the conversation. The steps in order: "" (connected), EHLO, MAIL,
// RCPT, DATA, "." (the end of the content).
struct PeerStep {
  std::string line{};    // at a line that begins so
  std::string answer{};  // what is said instead of the friendly answer; empty: nothing
  bool close = false;    // and then the connection is closed
};

class SocketPeer {
 public:
  // Listens on a free port of 127.0.0.1. Throws std::system_error.
  explicit SocketPeer(PeerStep odd);
  ~SocketPeer();
  SocketPeer(const SocketPeer&) = delete;
  SocketPeer& operator=(const SocketPeer&) = delete;

  // A port where nobody listens.
  static std::uint16_t deaf_port();
  std::uint16_t port() const { return port_; }
  bool connected() const { return connections_ > 0; }
  // Somebody greeted as a mail client does.
  bool greeted() const { return greeted_; }

 private:
  void serve();
  void talk(int connection);
  // False: the connection is over.
  bool take(int connection, std::string_view line, bool& content);
  bool say(int connection, std::string_view line, std::string_view friendly);

  PeerStep odd_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> over_ = false;
  std::atomic<int> connections_ = 0;
  std::atomic<bool> greeted_ = false;
  std::vector<std::thread> talks_;
  std::thread thread_;
};

}  // namespace heliograph::sdk::conformance
