#include "core/http/client_connection.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <boost/asio/post.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/write.hpp>
#include <utility>

#include "core/base/assert.h"

namespace heliograph::http {
namespace {

namespace asio = boost::asio;
using ports::HttpProgress;
using ports::HttpStatus;

constexpr int kInterimMax = 8;  // 1xx responses before the real one
// A peer that names its idle timeout counts it from its own end of the wire.
constexpr auto kIdleMargin = std::chrono::seconds(1);

bool is_literal(const std::string& host) {
  boost::system::error_code error;
  asio::ip::make_address(host, error);
  return !error;
}

}  // namespace

ClientConnection::ClientConnection(asio::io_context& loop, ConnectionOwner& owner,
                                   const Endpoint& endpoint, asio::ssl::context* tls,
                                   ConnectGuard* guard)
    : owner_(&owner), endpoint_(endpoint), tls_context_(tls), guard_(guard), socket_(loop) {}

void ClientConnection::connect() {
  Error error;
  const auto address = asio::ip::make_address(endpoint_.host, error);
  if (error) return guard_ ? resolve_guarded() : resolve();
  addresses_.emplace_back(address, endpoint_.port);
  if (refuse_addresses()) return;
  connect_next(Error());
}

// Every address has to be allowed, not only one: a name with a private address among public ones is
// an attempt. What was checked is what is connected to; the name is not looked up again.
bool ClientConnection::refuse_addresses() {
  if (guard_ == nullptr) return false;
  for (const Tcp::endpoint& endpoint : addresses_) {
    const auto reason = guard_->policy.refusal(endpoint.address());
    if (!reason) continue;
    std::string detail =
        fmt::format("connect {}:{}: the address {} is not allowed: {}", endpoint_.host,
                    endpoint_.port, endpoint.address().to_string(), *reason);
    // Never from inside connect().
    asio::post(socket_.get_executor(), [self = shared_from_this(), detail = std::move(detail)] {
      if (!self->owner_) return;
      ConnectionOwner::End end{HttpStatus::kIo, detail, false};
      self->owner_->on_connect_failed(*self, std::move(end));
    });
    return true;
  }
  return false;
}

void ClientConnection::resolve_guarded() {
  lookup_ = guard_->resolver.resolve(
      endpoint_.host, endpoint_.port,
      [self = shared_from_this()](const Error& error, ResolverThreads::Endpoints found) {
        if (!self->owner_) return;
        if (error) return self->connect_failed(error, HttpStatus::kIo);
        self->addresses_ = std::move(found);
        if (!self->refuse_addresses()) self->connect_next(asio::error::host_not_found);
      });
}

void ClientConnection::resolve() {
  resolver_.emplace(socket_.get_executor());
  resolver_->async_resolve(
      endpoint_.host, std::to_string(endpoint_.port), Tcp::resolver::numeric_service,
      [self = shared_from_this()](Error error, const Tcp::resolver::results_type& results) {
        if (!self->owner_) return;
        if (error) return self->connect_failed(error, HttpStatus::kIo);
        for (const auto& entry : results) self->addresses_.push_back(entry.endpoint());
        self->connect_next(asio::error::host_not_found);
      });
}

// Tries the addresses one after the other; `last` is why the one before failed.
void ClientConnection::connect_next(Error last) {
  if (next_address_ == addresses_.size()) return connect_failed(last, HttpStatus::kIo);
  Error ignored;
  socket_.close(ignored);
  const Tcp::endpoint& address = addresses_[next_address_++];
  socket_.async_connect(address, [self = shared_from_this()](Error error) {
    if (self->owner_) self->on_tcp_connected(error);
  });
}

void ClientConnection::on_tcp_connected(Error error) {
  if (error) return connect_next(error);
  Error ignored;
  socket_.set_option(Tcp::no_delay(true), ignored);
  socket_.non_blocking(true, ignored);
  if (endpoint_.tls) return shake_hands();
  owner_->on_connected(*this);
}

void ClientConnection::shake_hands() {
  tls_.emplace(socket_, *tls_context_);
  tls_->set_verify_callback(asio::ssl::host_name_verification(endpoint_.host));
  // Server Name Indication carries names only (RFC 6066, 3).
  if (!is_literal(endpoint_.host)) {
    SSL_set_tlsext_host_name(tls_->native_handle(), endpoint_.host.c_str());
  }
  tls_->async_handshake(asio::ssl::stream_base::client, [self = shared_from_this()](Error error) {
    if (!self->owner_) return;
    if (error) return self->connect_failed(error, HttpStatus::kTls);
    self->owner_->on_connected(*self);
  });
}

void ClientConnection::connect_failed(const Error& error, HttpStatus status) {
  const std::string_view step = status == HttpStatus::kTls ? "TLS with" : "connect";
  ConnectionOwner::End end{status, fmt::format("{} {}: {}", step, where(), error.message()), true};
  owner_->on_connect_failed(*this, std::move(end));
}

void ClientConnection::carry(Exchange& next) {
  HG_ASSERT(exchange == nullptr && owner_ != nullptr);
  exchange = &next;
  ++carried_;
  interim_ = 0;
  heard_ = false;
  reusable_ = false;
  peer_may_have_it_ = false;
  next.connection = this;
  next.response.progress = HttpProgress::kNotWritten;
  next.response.reused = carried_before();
  parser_.emplace(next.response, next.body_max, next.to_head);
  if (tls_) {
    start_tls();
  } else {
    start();
  }
}

// Plain: the request nearly always fits into the socket's buffer, so it is written at once. What is
// not handed over to its last byte, the peer cannot act on.
void ClientConnection::start() {
  Error error;
  const std::string& wire = exchange->wire;
  const std::size_t written =
      socket_.write_some(asio::const_buffer(wire.data(), wire.size()), error);
  if (error == asio::error::would_block || error == asio::error::try_again) error = {};
  if (!error && written < wire.size()) return write_rest(written);
  if (!error) return on_written(error);
  asio::post(socket_.get_executor(), [self = shared_from_this(), error] {
    if (self->exchange) self->on_written(error);
  });
}

void ClientConnection::write_rest(std::size_t written) {
  const std::string& wire = exchange->wire;
  asio::async_write(socket_, asio::const_buffer(wire.data() + written, wire.size() - written),
                    [self = shared_from_this()](Error error, std::size_t) {
                      if (self->exchange) self->on_written(error);
                    });
}

// With TLS a failed write does not say how much of the last record has left, so the request counts
// as written from here on.
void ClientConnection::start_tls() {
  peer_may_have_it_ = true;
  exchange->response.progress = HttpProgress::kWritten;
  const std::string& wire = exchange->wire;
  asio::async_write(*tls_, asio::const_buffer(wire.data(), wire.size()),
                    [self = shared_from_this()](Error error, std::size_t) {
                      if (self->exchange) self->on_written(error);
                    });
}

void ClientConnection::on_written(Error error) {
  if (error && !peer_may_have_it_) {
    // A peer may answer and close before it has read everything: the answer says more than our
    // failed write, if there is one.
    return read();
  }
  if (error) return broken(HttpStatus::kIo, error.message(), true);
  peer_may_have_it_ = true;
  exchange->response.progress = HttpProgress::kWritten;
  read();
}

void ClientConnection::read() {
  const std::span<char> room = in_.prepare();
  const asio::mutable_buffer buffer(room.data(), room.size());
  auto handler = [self = shared_from_this()](Error error, std::size_t size) {
    if (self->exchange) self->on_read(error, size);
  };
  if (tls_) {
    tls_->async_read_some(buffer, std::move(handler));
  } else {
    socket_.async_read_some(buffer, std::move(handler));
  }
}

void ClientConnection::on_read(Error error, std::size_t size) {
  in_.commit(size);
  if (size > 0) heard_ = true;
  if (!error) return parse();
  // Only an orderly end may end a body; with TLS a bare FIN could be anybody's.
  const auto progress =
      error == asio::error::eof ? parser_->parse_end() : ResponseParser::Progress::kNeedMore;
  if (progress != ResponseParser::Progress::kNeedMore) return settle(progress);
  const bool closed = error == asio::error::eof || error == asio::ssl::error::stream_truncated;
  broken(HttpStatus::kIo, closed ? "connection closed by the peer" : error.message(), true);
}

void ClientConnection::parse() {
  for (;;) {
    std::size_t used = 0;
    const auto progress = parser_->parse(in_.view(), used);
    in_.consume(used);
    if (progress != ResponseParser::Progress::kInterim) return settle(progress);
    if (++interim_ > kInterimMax) {
      return broken(HttpStatus::kNotHttp, "too many interim responses", false);
    }
    parser_.emplace(exchange->response, exchange->body_max, exchange->to_head);
  }
}

void ClientConnection::settle(ResponseParser::Progress progress) {
  ports::OutgoingResponse& response = exchange->response;
  const bool final_head = parser_->has_head() && response.code >= 200;
  if (final_head) response.progress = HttpProgress::kHead;
  switch (progress) {
    case ResponseParser::Progress::kComplete:
      response.progress = HttpProgress::kComplete;
      // Not all of the request out, or more than a response in: nothing may follow.
      reusable_ = parser_->keep_alive() && peer_may_have_it_ && in_.empty();
      idle_timeout_ = parser_->idle_timeout();
      if (idle_timeout_)
        idle_timeout_ = std::max(*idle_timeout_ - kIdleMargin, std::chrono::seconds(0));
      return owner_->on_answered(*this);
    case ResponseParser::Progress::kTruncated:
      response.truncated = true;
      return broken(HttpStatus::kLimit, "the response is longer than allowed", false);
    case ResponseParser::Progress::kFailed:
      return broken(HttpStatus::kNotHttp, parser_->what(), false);
    case ResponseParser::Progress::kInterim:
    case ResponseParser::Progress::kNeedMore:
      if (in_.prepare().empty())
        return broken(HttpStatus::kNotHttp, "the head is too large", false);
      return read();
  }
}

void ClientConnection::broken(HttpStatus status, std::string_view what, bool by_peer) {
  ConnectionOwner::End end{status, fmt::format("{}: {}", where(), what), by_peer};
  owner_->on_broken(*this, std::move(end));
}

void ClientConnection::close() {
  owner_ = nullptr;
  exchange = nullptr;
  parser_.reset();
  if (resolver_) resolver_->cancel();
  if (lookup_ != 0) guard_->resolver.cancel(lookup_);
  Error ignored;
  socket_.close(ignored);
}

bool ClientConnection::is_usable() {
  char byte = 0;
  const ssize_t size = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

// "10.0.0.1:443" or "api.example.com (10.0.0.1):443".
std::string ClientConnection::where() const {
  const bool tried = next_address_ > 0;
  const std::string address = tried ? addresses_[next_address_ - 1].address().to_string() : "";
  if (!tried || address == endpoint_.host)
    return fmt::format("{}:{}", endpoint_.host, endpoint_.port);
  return fmt::format("{} ({}):{}", endpoint_.host, address, endpoint_.port);
}

}  // namespace heliograph::http
