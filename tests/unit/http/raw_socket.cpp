#include "tests/unit/http/raw_socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <stdexcept>

namespace heliograph::http::testing {
namespace {

sockaddr_in parse_address(const std::string& text) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  const std::size_t colon = text.find(':');
  const std::string host = text.substr(0, colon);
  if (colon != std::string::npos) {
    address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(text.substr(colon + 1))));
  }
  if (inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1) {
    throw std::runtime_error("no IPv4 address: " + text);
  }
  return address;
}

const sockaddr* as_sockaddr(const sockaddr_in& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

bool wait_readable(int descriptor, std::chrono::milliseconds patience) {
  pollfd wanted{descriptor, POLLIN, 0};
  return ::poll(&wanted, 1, static_cast<int>(patience.count())) > 0;
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

// Status line and fields of a head that is complete.
Answer parse_head(const std::string& head) {
  Answer answer;
  answer.status = static_cast<unsigned>(std::stoi(head.substr(9, 3)));
  std::size_t at = head.find("\r\n") + 2;
  while (at < head.size()) {
    const std::size_t end = head.find("\r\n", at);
    const std::string line = head.substr(at, end - at);
    at = end + 2;
    if (line.empty()) break;
    const std::size_t colon = line.find(": ");
    answer.headers.emplace_back(lower(line.substr(0, colon)), line.substr(colon + 2));
  }
  return answer;
}

}  // namespace

std::string Answer::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return "";
}

RawSocket RawSocket::connect(const std::string& address, const std::string& from) {
  RawSocket socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!from.empty()) {
    const sockaddr_in local = parse_address(from);
    if (::bind(socket.descriptor_, as_sockaddr(local), sizeof(local)) != 0) {
      throw std::runtime_error("cannot bind to " + from);
    }
  }
  const sockaddr_in peer = parse_address(address);
  if (::connect(socket.descriptor_, as_sockaddr(peer), sizeof(peer)) != 0) {
    throw std::runtime_error("cannot connect to " + address);
  }
  return socket;
}

RawSocket::RawSocket(RawSocket&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      tls_context_(std::exchange(other.tls_context_, nullptr)),
      tls_(std::exchange(other.tls_, nullptr)),
      buffer_(std::move(other.buffer_)) {}

RawSocket::~RawSocket() {
  SSL_free(tls_);
  SSL_CTX_free(tls_context_);
  close();
}

bool RawSocket::start_tls(const TlsFiles& files) {
  tls_context_ = SSL_CTX_new(TLS_client_method());
  if (!files.ca.empty()) {
    SSL_CTX_load_verify_locations(tls_context_, files.ca.c_str(), nullptr);
    SSL_CTX_set_verify(tls_context_, SSL_VERIFY_PEER, nullptr);
  }
  if (!files.cert.empty()) {
    SSL_CTX_use_certificate_file(tls_context_, files.cert.c_str(), SSL_FILETYPE_PEM);
    SSL_CTX_use_PrivateKey_file(tls_context_, files.key.c_str(), SSL_FILETYPE_PEM);
  }
  if (files.version_max != 0) {
    SSL_CTX_set_security_level(tls_context_, 0);
    SSL_CTX_set_min_proto_version(tls_context_, 0);
    SSL_CTX_set_max_proto_version(tls_context_, files.version_max);
  }
  tls_ = SSL_new(tls_context_);
  SSL_set_fd(tls_, descriptor_);
  const bool connected = SSL_connect(tls_) == 1;
  ERR_clear_error();
  return connected;
}

bool RawSocket::send(std::string_view bytes) {
  if (tls_) return SSL_write(tls_, bytes.data(), static_cast<int>(bytes.size())) > 0;
  while (!bytes.empty()) {
    const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

RawSocket::ReadEnd RawSocket::read_more(std::chrono::milliseconds patience) {
  std::array<char, 16384> chunk{};
  const bool pending = tls_ && SSL_pending(tls_) > 0;
  if (!pending && !wait_readable(descriptor_, patience)) return ReadEnd::kTimeout;
  const ssize_t size = tls_ ? SSL_read(tls_, chunk.data(), static_cast<int>(chunk.size()))
                            : ::recv(descriptor_, chunk.data(), chunk.size(), 0);
  if (size <= 0) {
    ERR_clear_error();
    return ReadEnd::kClosed;
  }
  buffer_.append(chunk.data(), static_cast<std::size_t>(size));
  return ReadEnd::kData;
}

std::optional<Answer> RawSocket::read_answer(bool to_head) {
  std::size_t end = 0;
  while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
    if (read_more() != ReadEnd::kData) return std::nullopt;
  }
  Answer answer = parse_head(buffer_.substr(0, end + 4));
  buffer_.erase(0, end + 4);
  const std::string length = answer.header("content-length");
  if (to_head || length.empty()) return answer;
  const auto size = static_cast<std::size_t>(std::stoul(length));
  while (buffer_.size() < size) {
    if (read_more() != ReadEnd::kData) return std::nullopt;
  }
  answer.body = buffer_.substr(0, size);
  buffer_.erase(0, size);
  return answer;
}

bool RawSocket::ends() {
  return buffer_.empty() && read_more() == ReadEnd::kClosed && buffer_.empty();
}

void RawSocket::shut_down_send() { ::shutdown(descriptor_, SHUT_WR); }

void RawSocket::reset() {
  const linger hard{1, 0};
  ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
  close();
}

void RawSocket::close() {
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = -1;
}

RawListener::RawListener(int backlog)
    : descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address = parse_address("127.0.0.1");
  socklen_t size = sizeof(address);
  if (::bind(descriptor_, as_sockaddr(address), size) != 0 || ::listen(descriptor_, backlog) != 0) {
    throw std::runtime_error("cannot listen on 127.0.0.1");
  }
  ::getsockname(descriptor_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
}

RawListener::~RawListener() { close(); }

std::optional<RawSocket> RawListener::accept(std::chrono::milliseconds patience) {
  if (descriptor_ < 0 || !wait_readable(descriptor_, patience)) return std::nullopt;
  return RawSocket(::accept4(descriptor_, nullptr, nullptr, SOCK_CLOEXEC));
}

std::vector<RawSocket> RawListener::fill_backlog() const {
  const sockaddr_in peer = parse_address(address());
  std::vector<RawSocket> crowd;
  for (int i = 0; i < 8; ++i) {
    crowd.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    ::connect(crowd.back().descriptor(), as_sockaddr(peer), sizeof(peer));
  }
  return crowd;
}

void RawListener::close() {
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = -1;
}

}  // namespace heliograph::http::testing
