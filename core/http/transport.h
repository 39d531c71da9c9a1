// Transport: the byte stream of one accepted connection, with or without TLS.
//
// Plain writes are tried at once, without a trip through the event loop: the answer nearly always
// fits into the socket's buffer. One operation at a time in each direction. Thread: the
// connection's. Internal to core/http (Asio).
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <cstddef>
#include <optional>
#include <string_view>

namespace heliograph::http {

class Transport {
 public:
  using Socket = boost::asio::ip::tcp::socket;
  using Error = boost::system::error_code;
  template <class T>
  using Awaitable = boost::asio::awaitable<T>;

  struct ReadResult {
    Error error;
    std::size_t size = 0;
  };

  // `tls`: nullptr for a plain connection; outlives it. Makes the socket non-blocking.
  Transport(Socket socket, boost::asio::ssl::context* tls);

  Awaitable<Error> handshake();  // at once where there is no TLS
  Awaitable<ReadResult> read_some(boost::asio::mutable_buffer buffer);
  Awaitable<Error> write(std::string_view bytes);  // all of them

  // Plain only: what the kernel takes now, possibly nothing. With TLS always 0.
  std::size_t write_now(std::string_view bytes, Error& error);

  // The kernel holds no more than about this much that the peer has not taken.
  void bound_send_buffer(int bytes);
  void shutdown_send();  // end of answer; errors do not matter any more
  void cancel();         // pending operations end with operation_aborted
  void close();          // the same, and the peer sees the end
  void finish();         // close() in good order; nothing may be pending

 private:
  using TlsStream = boost::asio::ssl::stream<Socket&>;
  Socket socket_;
  std::optional<TlsStream> tls_;  // refers to socket_: never moved
};

}  // namespace heliograph::http
