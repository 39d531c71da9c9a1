// Blocking sockets for tests that speak HTTP by hand: every read waits up to a deadline, and says
// so when nothing came. One thread.
#pragma once

#include <openssl/ssl.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace heliograph::http::testing {

inline constexpr std::chrono::seconds kPatience{10};

struct Answer {
  unsigned status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
  std::string body;
  std::string header(std::string_view name) const;  // "" when absent
};

// A request as it is sent; `fields`: further lines of its head.
inline std::string get(const std::string& path, const std::string& fields = "") {
  return "GET " + path + " HTTP/1.1\r\nHost: x\r\n" + fields + "\r\n";
}

struct TlsFiles {
  std::string ca;    // verifies the peer; empty: not verified
  std::string cert;  // ours; empty: none
  std::string key;
  int version_max = 0;  // TLS1_1_VERSION ...; 0: the library's
};

class RawSocket {
 public:
  enum class ReadEnd : std::uint8_t { kData, kClosed, kTimeout };

  // Connects to "127.0.0.1:8080"; `from`: the local address to come from. Throws
  // std::runtime_error.
  static RawSocket connect(const std::string& address, const std::string& from = "");
  explicit RawSocket(int descriptor) : descriptor_(descriptor) {}
  RawSocket(RawSocket&& other) noexcept;
  RawSocket& operator=(RawSocket&&) = delete;
  RawSocket(const RawSocket&) = delete;
  RawSocket& operator=(const RawSocket&) = delete;
  ~RawSocket();

  bool start_tls(const TlsFiles& files);  // as a client; false: the handshake failed

  // False when the peer has closed.
  bool send(std::string_view bytes);
  // Appends what comes next to buffer().
  ReadEnd read_more(std::chrono::milliseconds patience = kPatience);
  std::string& buffer() { return buffer_; }

  // The next answer with its body; nullopt when the connection ends or nothing comes.
  std::optional<Answer> read_answer(bool to_head = false);
  // True when the peer ends the connection (or resets it) and sends nothing before.
  bool ends();
  void shut_down_send();
  void reset();  // closes with RST
  void close();
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_ = -1;
  SSL_CTX* tls_context_ = nullptr;
  SSL* tls_ = nullptr;
  std::string buffer_;
};

// A listening socket on a free port of 127.0.0.1.
class RawListener {
 public:
  explicit RawListener(int backlog = 64);
  ~RawListener();
  RawListener(const RawListener&) = delete;
  RawListener& operator=(const RawListener&) = delete;
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  std::uint16_t port() const { return port_; }
  std::optional<RawSocket> accept(std::chrono::milliseconds patience = kPatience);
  void close();  // from now on connections are refused
  // Connects until the backlog is full: then the kernel drops what comes next, and a client waits.
  std::vector<RawSocket> fill_backlog() const;

 private:
  int descriptor_ = -1;
  std::uint16_t port_ = 0;
};

}  // namespace heliograph::http::testing
