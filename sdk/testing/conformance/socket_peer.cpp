#include "socket_peer.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace heliograph::sdk::conformance {
namespace {

constexpr int kTickMs = 20;  // how soon a thread notices that it is over

int listen_somewhere(std::uint16_t& port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(address);
  auto* raw = reinterpret_cast<sockaddr*>(&address);
  if (fd < 0 || ::bind(fd, raw, length) != 0 || ::listen(fd, 64) != 0 ||
      ::getsockname(fd, raw, &length) != 0) {
    throw std::system_error(errno, std::generic_category(), "a socket to listen on");
  }
  port = ntohs(address.sin_port);
  return fd;
}

bool readable(int fd) {
  pollfd wanted{fd, POLLIN, 0};
  return ::poll(&wanted, 1, kTickMs) > 0;
}

}  // namespace

SocketPeer::SocketPeer(PeerStep odd) : odd_(std::move(odd)) {
  listener_ = listen_somewhere(port_);
  thread_ = std::thread([this] { serve(); });
}

SocketPeer::~SocketPeer() {
  over_ = true;
  thread_.join();
  for (std::thread& talk : talks_) talk.join();
  ::close(listener_);
}

std::uint16_t SocketPeer::deaf_port() {
  std::uint16_t port = 0;
  ::close(listen_somewhere(port));
  return port;
}

void SocketPeer::serve() {
  while (!over_) {
    if (!readable(listener_)) continue;
    const int connection = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) continue;
    ++connections_;
    talks_.emplace_back([this, connection] { talk(connection); });
  }
}

bool SocketPeer::say(int connection, std::string_view line, std::string_view friendly) {
  const bool odd = line == odd_.line;
  const std::string_view text = odd ? std::string_view(odd_.answer) : friendly;
  if (!text.empty() && ::send(connection, text.data(), text.size(), MSG_NOSIGNAL) < 0) return false;
  return !(odd && odd_.close);
}

bool SocketPeer::take(int connection, std::string_view line, bool& content) {
  if (content) {
    if (line != ".") return true;
    content = false;
    return say(connection, ".", "250 2.0.0 queued as CHECK1\r\n");
  }
  const std::string_view verb = line.substr(0, 4);
  if (verb == "EHLO" || verb == "HELO") {
    greeted_ = true;
    return say(connection, "EHLO", "250 check\r\n");
  }
  if (verb == "MAIL" || verb == "RCPT") return say(connection, verb, "250 2.1.0 ok\r\n");
  if (verb == "DATA") {
    content = odd_.line != "DATA" || odd_.answer.starts_with("354");
    return say(connection, "DATA", "354 go on\r\n");
  }
  if (verb == "QUIT") return false;
  return say(connection, verb, "250 2.0.0 ok\r\n");
}

void SocketPeer::talk(int connection) {
  bool content = false;
  bool open = say(connection, "", "220 check ESMTP\r\n");
  std::string buffer;
  while (open && !over_) {
    if (!readable(connection)) continue;
    char part[4096];
    const ssize_t n = ::recv(connection, part, sizeof(part), 0);
    if (n <= 0) break;
    buffer.append(part, static_cast<std::size_t>(n));
    std::size_t end = 0;
    while (open && (end = buffer.find("\r\n")) != std::string::npos) {
      open = take(connection, std::string_view(buffer).substr(0, end), content);
      buffer.erase(0, end + 2);
    }
  }
  ::close(connection);
}

}  // namespace heliograph::sdk::conformance
