#include "core/http/server.h"

#include <boost/asio/post.hpp>
#include <future>
#include <stdexcept>
#include <vector>

#include "core/http/acceptor.h"
#include "core/http/tls_context.h"
#include "core/http/worker.h"

namespace heliograph::http {

std::vector<std::string> tls_problems(const std::vector<ListenerOptions>& listeners) {
  std::vector<std::string> problems;
  for (const ListenerOptions& listener : listeners) {
    if (listener.cert.empty()) continue;
    try {
      make_server_tls(listener.cert, listener.key, listener.client_ca);
    } catch (const std::runtime_error& error) {
      problems.push_back("listener " + listener.listen + ": " + error.what());
    }
  }
  return problems;
}

class Server::Certificates {
 public:
  struct Entry {
    ListenerContext* listener;
    std::shared_ptr<ListenerTls> tls;
  };
  std::vector<Entry> differing;
};

class Server::Impl {
 public:
  Impl(ServerOptions options, Router router) : shared_(std::move(options), std::move(router)) {
    if (shared_.options.threads < 1) throw std::runtime_error("http.threads must be at least 1");
    for (int i = 0; i < shared_.options.threads; ++i) {
      workers_.push_back(std::make_unique<Worker>(shared_));
    }
    for (const ListenerOptions& listener : shared_.options.listeners) {
      listeners_.push_back(make_listener_context(listener));
      acceptors_.push_back(
          std::make_unique<Acceptor>(listener.listen, *listeners_.back(), shared_, workers_));
    }
  }

  ~Impl() { stop(std::chrono::milliseconds(0)); }

  std::vector<std::string> addresses() const {
    std::vector<std::string> all;
    for (const auto& acceptor : acceptors_) all.push_back(acceptor->address());
    return all;
  }

  void set_router(Router router) {
    shared_.router.store(std::make_shared<const Router>(std::move(router)));
  }

  std::shared_ptr<const Certificates> read_certificates() const {
    auto read = std::make_shared<Certificates>();
    for (std::size_t i = 0; i < listeners_.size(); ++i) {
      const ListenerOptions& options = shared_.options.listeners[i];
      const auto serves = listeners_[i]->tls.load();
      if (!serves) continue;
      try {
        auto tls = read_listener_tls(options.cert, options.key, options.client_ca);
        if (tls->digest != serves->digest)
          read->differing.push_back({listeners_[i].get(), std::move(tls)});
      } catch (const std::runtime_error& error) {
        throw std::runtime_error("listener " + options.listen + ": " + error.what());
      }
    }
    return read;
  }

  void start() {
    for (const auto& acceptor : acceptors_) acceptor->start();
    for (const auto& worker : workers_) worker->start();
    running_ = true;
  }

  void stop(std::chrono::milliseconds timeout) {
    if (!running_) return;
    running_ = false;
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    close_acceptors();
    for (const auto& worker : workers_) worker->post_drain();
    shared_.limits.wait_until_none(deadline);
    for (const auto& worker : workers_) worker->post_cut();
    for (const auto& worker : workers_) worker->join();
  }

  ServerStats stats() const {
    ServerStats stats;
    stats.connections_open = shared_.limits.open();
    stats.connections_refused = shared_.refused.load(std::memory_order_relaxed);
    for (const auto& worker : workers_) {
      stats.requests += worker->requests();
      stats.framing_errors += worker->framing_errors();
    }
    return stats;
  }

 private:
  // Returns when they are closed: what comes after it meets no listener.
  void close_acceptors() {
    std::promise<void> closed;
    boost::asio::post(workers_.front()->context(), [this, &closed] {
      for (const auto& acceptor : acceptors_) acceptor->close();
      closed.set_value();
    });
    closed.get_future().wait();
  }

  // Destroyed from below: acceptors live on a worker's io_context; connections that were cut in a
  // handler go with their worker, and refer to their listener and to `shared_`.
  ServerShared shared_;
  std::vector<std::unique_ptr<ListenerContext>> listeners_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::unique_ptr<Acceptor>> acceptors_;
  bool running_ = false;
};

Server::Server(ServerOptions options, Router router)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(router))) {}
Server::~Server() = default;

std::vector<std::string> Server::addresses() const { return impl_->addresses(); }
void Server::start() { impl_->start(); }
void Server::set_router(Router router) { impl_->set_router(std::move(router)); }
std::shared_ptr<const Server::Certificates> Server::read_certificates() const {
  return impl_->read_certificates();
}
std::vector<std::string> Server::changed(const Certificates& read) {
  std::vector<std::string> names;
  for (const auto& [listener, tls] : read.differing) names.push_back(listener->name);
  return names;
}
void Server::set_certificates(const Certificates& read) {
  for (const auto& [listener, tls] : read.differing) listener->tls.store(tls);
}
void Server::stop(std::chrono::milliseconds timeout) { impl_->stop(timeout); }
ServerStats Server::stats() const { return impl_->stats(); }

}  // namespace heliograph::http
