// ClientPool: the outgoing client of one plugin instance. Keeps connections for each origin, hands
// requests to them in the order they came, and watches all deadlines with one timer.
//
// request() only queues and posts one task to the loop, whatever the number of requests of that
// turn; the socket writes happen there. Completions are collected while the pool's own tables are
// in motion and called at the end of each turn, so `done` may call request() and cancel(), and may
// destroy the client. Thread: the loop's. Internal to core/http (Asio).
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/http/client_connection.h"
#include "core/http/client_exchange.h"
#include "core/http/url.h"
#include "core/ports/clock.h"
#include "core/ports/http_client.h"

namespace heliograph::http {

// Requests and connections to one scheme, host and port.
struct Origin {
  std::string key;
  Endpoint endpoint;
  ExchangeList waiting;
  std::vector<std::shared_ptr<ClientConnection>> connections;
  std::vector<ClientConnection*> idle;  // the one used last at the end: the others may age
  std::size_t connecting = 0;
  bool dirty = false;  // in ClientPool::dirty_
};

class ClientPool final : public ConnectionOwner, public std::enable_shared_from_this<ClientPool> {
 public:
  ClientPool(boost::asio::io_context& loop, const ports::Clock& clock,
             const ports::HttpPoolOptions& options, std::shared_ptr<boost::asio::ssl::context> tls,
             std::unique_ptr<ConnectGuard> guard = nullptr);

  std::expected<ports::HttpClient::Id, ports::HttpRefusal> request(
      ports::OutgoingRequest request, base::UniqueFunction<void(ports::OutgoingResponse)> done);
  void cancel(ports::HttpClient::Id id);
  // Closes everything and drops every `done` uncalled.
  void shut_down();

  void on_connected(ClientConnection& connection) override;
  void on_connect_failed(ClientConnection& connection, End end) override;
  void on_answered(ClientConnection& connection) override;
  void on_broken(ClientConnection& connection, End end) override;

 private:
  struct Completion {
    base::UniqueFunction<void(ports::OutgoingResponse)> done;
    ports::OutgoingResponse response;
  };
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };

  Origin& origin_for(const Url& url);
  void mark_dirty(Origin& origin);
  void schedule_turn();
  void turn();
  void process_cancels();
  void serve(Origin& origin);
  void use_idle_connections(Origin& origin);
  ClientConnection* take_idle(Origin& origin, const Exchange& exchange);
  void open_connections(Origin& origin);
  bool make_room(const Origin& origin);
  void carry(ClientConnection& connection, Exchange& exchange);
  bool overdue(const Exchange& exchange) const;
  Exchange* next_for(const ClientConnection& connection);
  void end_overdue(Exchange& exchange);
  void go_on(ClientConnection& connection);
  bool must_yield(const Origin& origin) const;
  void drop(ClientConnection& connection);
  void forget_if_unused(Origin& origin);
  bool try_again(Exchange& exchange, const ClientConnection& connection, const End& end);
  void finish(Exchange& exchange, ports::HttpStatus status, std::string detail);
  void flush();

  void arm(ports::MonoTime at);
  void on_alarm();
  ports::MonoTime expire_exchanges(ports::MonoTime now);
  ports::MonoTime expire_connections(ports::MonoTime now);

  boost::asio::io_context& loop_;
  const ports::Clock& clock_;
  const ports::HttpPoolOptions options_;
  const std::shared_ptr<boost::asio::ssl::context> tls_;
  const std::unique_ptr<ConnectGuard> guard_;  // nullptr: it may connect anywhere
  ExchangeTable exchanges_;
  std::unordered_map<std::string, std::unique_ptr<Origin>, TextHash, std::equal_to<>> origins_;
  std::size_t open_connections_ = 0;
  std::vector<Origin*> dirty_;  // something waits there
  std::vector<ports::HttpClient::Id> cancels_;
  std::vector<Completion> completions_;
  bool turn_scheduled_ = false;
  bool stopped_ = false;
  boost::asio::steady_timer alarm_;
  ports::MonoTime armed_for_ = ports::MonoTime::max();
};

}  // namespace heliograph::http
