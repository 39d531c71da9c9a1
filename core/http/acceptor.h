// Acceptor: takes connections from one listening socket and deals them out to the workers in turn.
//
// One acceptor for all workers instead of SO_REUSEPORT: the kernel would spread connections by
// hash, and with the few long-lived ones of a gateway's clients one thread would carry most of
// them. It survives the lack of descriptors: what waits is then shed by means of a spare one, and
// accepting pauses. Thread: the first worker's; the constructor any. Internal to core/http (Asio).
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "core/http/connection.h"
#include "core/http/server.h"
#include "core/http/worker.h"

namespace heliograph::http {

// Throws std::runtime_error naming the file at fault.
std::unique_ptr<ListenerContext> make_listener_context(const ListenerOptions& options);

class Acceptor {
 public:
  // Binds and listens. Runs on the first worker; everything that is handed in outlives it. Throws
  // std::runtime_error naming the address.
  Acceptor(const std::string& listen, ListenerContext& context, ServerShared& shared,
           const std::vector<std::unique_ptr<Worker>>& workers);
  ~Acceptor();
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;

  std::string address() const { return address_; }  // with the port that was really bound
  void start() { accept_next(); }
  void close();

 private:
  void accept_next();
  void on_accept(Worker& worker, boost::system::error_code error,
                 boost::asio::ip::tcp::socket socket);
  void hand_over(Worker& worker, boost::asio::ip::tcp::socket socket);
  void refuse(boost::asio::ip::tcp::socket& socket);
  void shed_backlog();
  void pause();

  ServerShared& shared_;
  const std::vector<std::unique_ptr<Worker>>& workers_;
  ListenerContext& context_;
  const std::string refusal_;
  std::string address_;
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer pause_timer_;
  std::size_t next_worker_ = 0;
  int spare_descriptor_ = -1;
  bool exhausted_ = false;  // logged once, until a connection is accepted again
};

}  // namespace heliograph::http
