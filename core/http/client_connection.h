// ClientConnection: one connection of the outgoing client's pool. Resolves, connects, shakes hands,
// then carries one exchange after the other and says how far each got.
//
// Callbacks instead of coroutines: an exchange over a warm connection is one write that is tried at
// once and one read. Every pending operation shares the ownership, so the pool may forget a
// connection at any time. Thread: the loop's. Internal to core/http (Asio).
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/http/address_policy.h"
#include "core/http/client_exchange.h"
#include "core/http/read_buffer.h"
#include "core/http/resolver_threads.h"
#include "core/http/response_parser.h"

namespace heliograph::http {

class ClientConnection;

// Where a connection leads to.
struct Endpoint {
  std::string host;  // name or literal address, without brackets
  std::uint16_t port = 0;
  bool tls = false;
};

// For a client that may not connect everywhere: what it may, and who looks names up for it.
struct ConnectGuard {
  ConnectGuard(AddressPolicy given, boost::asio::io_context& loop, std::size_t threads_max)
      : policy(std::move(given)), resolver(loop, threads_max) {}
  const AddressPolicy policy;
  ResolverThreads resolver;
};

// What becomes of a connection; the pool. Calls come from the loop, never from inside connect() or
// carry(), and a connection makes no call after close(). It may be closed inside any of them.
class ConnectionOwner {
 public:
  struct End {
    ports::HttpStatus status = ports::HttpStatus::kIo;
    std::string detail;
    bool by_peer = false;  // closed or reset, as against refused by us
  };
  virtual void on_connected(ClientConnection& connection) = 0;
  virtual void on_connect_failed(ClientConnection& connection, End end) = 0;
  // The response is complete; reusable() says whether the connection is.
  virtual void on_answered(ClientConnection& connection) = 0;
  // The exchange ended without, at the progress its response shows.
  virtual void on_broken(ClientConnection& connection, End end) = 0;

 protected:
  ~ConnectionOwner() = default;
};

class ClientConnection : public std::enable_shared_from_this<ClientConnection> {
 public:
  // `owner`, `tls` and `guard` (nullptr: it may connect anywhere) outlive it, or until close().
  ClientConnection(boost::asio::io_context& loop, ConnectionOwner& owner, const Endpoint& endpoint,
                   boost::asio::ssl::context* tls, ConnectGuard* guard);

  void connect();
  // Sends `exchange`, which lives until the owner hears of its end or closes the connection.
  void carry(Exchange& exchange);
  void close();

  // Asks the kernel whether the peer has ended the connection, or sent what nobody asked for, since
  // its last response: then it is not to be used.
  bool is_usable();
  bool reusable() const { return reusable_; }
  bool is_new() const { return carried_ == 0; }
  bool carried_before() const { return carried_ > 1; }
  bool heard_nothing() const { return !heard_; }  // no byte of a response has come
  std::optional<std::chrono::seconds> idle_timeout() const { return idle_timeout_; }
  std::string where() const;  // the peer, for logs

  // The pool's notes.
  Origin* origin = nullptr;
  Exchange* exchange = nullptr;
  bool connecting = true;
  bool idled = false;  // once: from then on the peer may have closed it without our fault
  ports::MonoTime deadline = ports::MonoTime::max();  // of connecting, or of idling

 private:
  using Error = boost::system::error_code;
  using Tcp = boost::asio::ip::tcp;
  using TlsStream = boost::asio::ssl::stream<Tcp::socket&>;

  void resolve();
  void resolve_guarded();
  bool refuse_addresses();
  void connect_next(Error last);
  void on_tcp_connected(Error error);
  void shake_hands();
  void connect_failed(const Error& error, ports::HttpStatus status);
  void start();
  void start_tls();
  void write_rest(std::size_t written);
  void on_written(Error error);
  void read();
  void on_read(Error error, std::size_t size);
  void parse();
  void settle(ResponseParser::Progress progress);
  void broken(ports::HttpStatus status, std::string_view what, bool by_peer);

  ConnectionOwner* owner_;
  const Endpoint& endpoint_;
  boost::asio::ssl::context* tls_context_;
  ConnectGuard* guard_;
  Tcp::socket socket_;
  std::optional<TlsStream> tls_;
  std::optional<Tcp::resolver> resolver_;
  ResolverThreads::Id lookup_ = 0;
  std::vector<Tcp::endpoint> addresses_;
  std::size_t next_address_ = 0;
  ReadBuffer in_{32 * 1024};
  std::optional<ResponseParser> parser_;
  std::uint64_t carried_ = 0;
  int interim_ = 0;
  bool heard_ = false;
  bool reusable_ = false;
  bool peer_may_have_it_ = false;  // all of the request was handed over
  std::optional<std::chrono::seconds> idle_timeout_;
};

}  // namespace heliograph::http
