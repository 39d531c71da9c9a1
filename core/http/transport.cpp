#include "core/http/transport.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace heliograph::http {
namespace {

namespace asio = boost::asio;
constexpr auto kToken = asio::as_tuple(asio::use_awaitable);

}  // namespace

Transport::Transport(Socket socket, asio::ssl::context* tls) : socket_(std::move(socket)) {
  Error ignored;
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  socket_.non_blocking(true, ignored);
  if (tls) tls_.emplace(socket_, *tls);
}

Transport::Awaitable<Transport::Error> Transport::handshake() {
  if (!tls_) co_return Error();
  const auto [error] = co_await tls_->async_handshake(asio::ssl::stream_base::server, kToken);
  co_return error;
}

Transport::Awaitable<Transport::ReadResult> Transport::read_some(asio::mutable_buffer buffer) {
  if (tls_) {
    const auto [error, size] = co_await tls_->async_read_some(buffer, kToken);
    co_return ReadResult{error, size};
  }
  const auto [error, size] = co_await socket_.async_read_some(buffer, kToken);
  co_return ReadResult{error, size};
}

Transport::Awaitable<Transport::Error> Transport::write(std::string_view bytes) {
  const asio::const_buffer buffer(bytes.data(), bytes.size());
  if (tls_) {
    const auto [error, size] = co_await asio::async_write(*tls_, buffer, kToken);
    co_return error;
  }
  const auto [error, size] = co_await asio::async_write(socket_, buffer, kToken);
  co_return error;
}

std::size_t Transport::write_now(std::string_view bytes, Error& error) {
  error = {};
  if (tls_) return 0;
  const std::size_t size =
      socket_.write_some(asio::const_buffer(bytes.data(), bytes.size()), error);
  if (error == asio::error::would_block || error == asio::error::try_again) error = {};
  return size;
}

void Transport::bound_send_buffer(int bytes) {
  Error ignored;
  socket_.set_option(asio::socket_base::send_buffer_size(bytes), ignored);
}

void Transport::shutdown_send() {
  Error ignored;
  // With TLS a close_notify first, so that the peer can tell the end from a cut. The socket does
  // not block, so this sends ours and does not wait for the peer's.
  if (tls_) tls_->shutdown(ignored);
  socket_.shutdown(asio::socket_base::shutdown_send, ignored);
}

void Transport::cancel() {
  Error ignored;
  socket_.cancel(ignored);
}

void Transport::finish() {
  Error ignored;
  if (tls_ && socket_.is_open()) tls_->shutdown(ignored);  // close_notify, as in shutdown_send()
  close();
}

void Transport::close() {
  Error ignored;
  socket_.close(ignored);
}

}  // namespace heliograph::http
