// Connection: the way to the server. libcurl looks the name up, connects, greets, encrypts and logs
// in; from then on bytes go both ways through it, and the dialogue is ours.
//
// Why libcurl does not send the mail: at the end of the data it waits for the reply in place
// (smtp_done() in its lib/smtp.c up to this day; libcurl-multi(3) lists it under BLOCKING), and
// tells no RETRY from UNKNOWN. CURLOPT_CONNECT_ONLY stops before both, and closing such a
// connection sends no blocking QUIT either.
//
// Each has a multi handle of its own: libcurl may look after idle connections of a shared one, and
// ours are in use when they seem idle to it.
//
// [loop], and [ctl] for close(). No method calls the listener before it returns.
#pragma once

#include <curl/curl.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <heliograph/fd.hpp>
#include <heliograph/host.hpp>
#include <heliograph/send_result.hpp>
#include <heliograph/timer.hpp>

#include "plugins/providers/smtp/connect_log.h"
#include "plugins/providers/smtp/extensions.h"
#include "plugins/providers/smtp/settings.h"
#include "plugins/providers/smtp/trust.h"

namespace heliograph::plugins::smtp {

class Connection {
 public:
  // May close() the connection, not destroy it.
  class Listener {
   public:
    virtual void on_connected() = 0;
    virtual void on_connect_failed(const sdk::SendResult& why) = 0;
    // There may be something to read, or room to write.
    virtual void on_ready() = 0;

   protected:
    ~Listener() = default;
  };

  enum class Io : std::uint8_t { kDone, kLater, kLost };

  Connection(sdk::Host host, const Endpoint& endpoint, const Trust& trust, Listener& listener);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // One of on_connected() and on_connect_failed() follows, unless it is closed before. False: the
  // host has no timer for it, nothing follows. Has no patience of its own: its owner closes it.
  [[nodiscard]] bool open();
  // Ends everything at once; the listener is not called again. Repeatable.
  void close() noexcept;

  [[nodiscard]] bool connected() const noexcept { return connected_; }
  [[nodiscard]] const Extensions& extensions() const { return log_.extensions(); }

  // kDone: `count` > 0 bytes were moved. Only while connected.
  Io read(std::span<char> buffer, std::size_t& count);
  // After kLater the same bytes have to be offered again.
  Io write(std::string_view bytes, std::size_t& count);
  // on_ready() shall tell when there is room to write, too.
  void want_write(bool wanted);

 private:
  struct CleanEasy {
    void operator()(CURL* easy) const noexcept { curl_easy_cleanup(easy); }
  };
  struct CleanMulti {
    void operator()(CURLM* multi) const noexcept { curl_multi_cleanup(multi); }
  };
  struct Socket;

  void configure(const Endpoint& endpoint);
  void configure_tls(const Endpoint& endpoint);
  void advance(curl_socket_t socket, int readiness);
  void finish_connecting(CURLcode code);
  bool watch_connected();
  void watch(curl_socket_t socket, int what);

  static int on_socket(CURL* easy, curl_socket_t socket, int what, void* self, void*) noexcept;
  static int on_timer(CURLM* multi, long timeout_ms, void* self) noexcept;
  static int on_debug(CURL* easy, curl_infotype type, char* data, std::size_t size,
                      void* self) noexcept;
  static CURLcode on_tls_context(CURL* easy, void* context, void* self) noexcept;

  sdk::Host host_;
  const Trust& trust_;
  Listener& listener_;
  ConnectLog log_;
  sdk::Timer timer_;
  std::vector<std::unique_ptr<Socket>> sockets_;
  std::unique_ptr<CURLM, CleanMulti> multi_;
  std::unique_ptr<CURL, CleanEasy> easy_;  // goes before the multi handle does
  std::optional<sdk::FdWatch> watch_;      // once connected
  bool writing_ = false;
  bool added_ = false;
  bool closed_ = false;
  bool connected_ = false;
};

}  // namespace heliograph::plugins::smtp
