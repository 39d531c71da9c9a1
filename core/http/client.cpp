#include "core/http/client.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>

#include "core/http/client_pool.h"
#include "core/http/tls_context.h"

namespace heliograph::http {
namespace {

// Lookups that hang together before others wait for them.
constexpr std::size_t kResolverThreads = 32;

class Client final : public ports::HttpClient {
 public:
  explicit Client(std::shared_ptr<ClientPool> pool) : pool_(std::move(pool)) {}
  ~Client() override { pool_->shut_down(); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  std::expected<Id, ports::HttpRefusal> request(
      ports::OutgoingRequest request,
      base::UniqueFunction<void(ports::OutgoingResponse)> done) override {
    return pool_->request(std::move(request), std::move(done));
  }
  void cancel(Id id) override { pool_->cancel(id); }

 private:
  // Shared with its own pending timer and turn only: they find out that it is gone.
  std::shared_ptr<ClientPool> pool_;
};

class ClientFactory final : public ports::HttpClientFactory {
 public:
  ClientFactory(boost::asio::io_context& loop, const ports::Clock& clock)
      : loop_(loop), clock_(clock) {}

  std::unique_ptr<ports::HttpClient> make(const ports::HttpPoolOptions& options) override {
    if (options.connections_max == 0) {
      throw std::runtime_error("an HTTP client needs at least one connection");
    }
    return std::make_unique<Client>(std::make_shared<ClientPool>(
        loop_, clock_, options, tls_for(options.ca_file), guard_for(options.addresses)));
  }

 private:
  // The system's authorities take OpenSSL 3.0 some 100 ms to read, so they are read once.
  std::shared_ptr<boost::asio::ssl::context> tls_for(const std::string& ca_file) {
    if (!ca_file.empty()) {
      return std::make_shared<boost::asio::ssl::context>(make_client_tls(ca_file));
    }
    const std::lock_guard lock(mutex_);
    if (!system_tls_) {
      system_tls_ = std::make_shared<boost::asio::ssl::context>(make_client_tls(""));
    }
    return system_tls_;
  }

  std::unique_ptr<ConnectGuard> guard_for(const ports::HttpAddressRules& rules) {
    if (!rules.public_only) return nullptr;
    return std::make_unique<ConnectGuard>(AddressPolicy(rules), loop_, kResolverThreads);
  }

  boost::asio::io_context& loop_;
  const ports::Clock& clock_;
  std::mutex mutex_;
  std::shared_ptr<boost::asio::ssl::context> system_tls_;
};

}  // namespace

std::unique_ptr<ports::HttpClientFactory> make_http_client_factory(boost::asio::io_context& loop,
                                                                   const ports::Clock& clock) {
  return std::make_unique<ClientFactory>(loop, clock);
}

}  // namespace heliograph::http
