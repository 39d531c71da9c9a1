// Connection: serves the requests of one accepted connection, one after the other, and answers in
// their order.
//
// A coroutine on the worker's thread. Bytes that came behind a request stay in the buffer until it
// is answered, so a client that pipelines waits for itself only. What a refused header leaves
// behind is never read as a request: the connection ends with the answer. Internal to core/http
// (Asio).
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "core/base/shared_value.h"
#include "core/http/body_feed.h"
#include "core/http/connection_limits.h"
#include "core/http/message.h"
#include "core/http/read_buffer.h"
#include "core/http/request_parser.h"
#include "core/http/response_head.h"
#include "core/http/router.h"
#include "core/http/tls_context.h"
#include "core/http/transport.h"
#include "core/http/worker.h"

namespace heliograph::http {

// What a connection knows of the listener it came by; outlives it.
struct ListenerContext {
  std::string name;
  // Of connections accepted from now on; nullptr: they are plain.
  base::SharedValue<ListenerTls> tls;
};

// Serves `socket` until it ends. Started on the worker's io_context.
boost::asio::awaitable<void> serve_connection(Worker& worker, ListenerContext& listener,
                                              boost::asio::ip::tcp::socket socket,
                                              boost::asio::ip::address peer, ConnectionSeat seat);

class Connection final : public SweptConnection {
 public:
  Connection(Worker& worker, ListenerContext& listener, boost::asio::ip::tcp::socket socket,
             const boost::asio::ip::address& peer);

  boost::asio::awaitable<void> run();

  void on_deadline() override;
  void on_drain() override;
  void cut() override;

 private:
  template <class T>
  using Awaitable = boost::asio::awaitable<T>;
  enum class Phase : std::uint8_t {
    kHandshake,
    kIdle,
    kReading,
    kHandling,
    kWriting,
    kPausing,  // between two pieces of a feed
    kLingering
  };
  enum class Step : std::uint8_t { kGo, kRefuse, kGone };  // kRefuse: refusal_ says why

  Awaitable<bool> serve_request();  // false: the connection ends
  Awaitable<Step> read_header(RequestParser& parser);
  Awaitable<Step> read_body(RequestParser& parser, std::size_t body_max);
  Awaitable<bool> fill();
  Awaitable<Step> send_continue();
  Response own(Response response) const;
  Awaitable<Response> handle(const Router::Match& match);
  Awaitable<bool> answer(const Response& response, Persistence persistence);
  Awaitable<void> send_feed(BodyFeed& feed);  // connection_feed.cpp
  Awaitable<std::optional<std::string>> next_piece(BodyFeed& feed);
  void end_feed();
  Awaitable<void> refuse();
  Awaitable<void> linger();

  Step prepare_request();
  Step read_failed();
  Step refuse_with(unsigned status, std::string_view detail);
  Persistence persistence_for(const RequestParser& parser, const Response& response) const;
  void render(const Response& response, Persistence persistence);
  void enter(Phase phase, std::chrono::milliseconds timeout);

  Worker& worker_;
  ListenerContext& listener_;
  const std::shared_ptr<ListenerTls> tls_;
  Transport transport_;
  const std::string peer_;
  const bool peer_is_loopback_;
  Phase phase_ = Phase::kHandshake;
  bool expired_ = false;
  bool ending_ = false;                              // a feed must not go on
  boost::asio::steady_timer* feed_pause_ = nullptr;  // while there is a feed
  ReadBuffer in_;
  std::string out_;
  Request request_;
  std::string_view path_;  // of request_.target, still encoded
  std::optional<FramingError> refusal_;
};

}  // namespace heliograph::http
