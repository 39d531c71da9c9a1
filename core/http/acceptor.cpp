#include "core/http/acceptor.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <stdexcept>
#include <utility>

#include "core/base/text.h"
#include "core/http/problem.h"
#include "core/http/response_head.h"
#include "core/http/tls_context.h"

namespace heliograph::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using Error = boost::system::error_code;
using namespace std::chrono_literals;

constexpr int kBacklog = 1024;
constexpr auto kPause = 100ms;
constexpr int kShedMax = 64;

std::string make_refusal() {
  Response response = problem_response(503, "there are too many connections");
  response.headers.emplace_back("Retry-After", "1");
  HeadContext context;
  context.persistence = Persistence::kClose;
  std::string text;
  append_head(text, response, context, response.body.size());
  return text + response.body;
}

std::runtime_error listen_error(const std::string& listen, const std::string& why) {
  return std::runtime_error("listen = \"" + listen + "\": " + why);
}

// "127.0.0.1:8080", "[::1]:0".
tcp::endpoint parse_endpoint(const std::string& listen) {
  const std::size_t colon = listen.rfind(':');
  const auto port =
      colon == std::string::npos ? std::nullopt : base::parse_uint(listen.substr(colon + 1));
  if (!port || *port > 65535) {
    throw listen_error(listen, "expected ADDRESS:PORT, as \"127.0.0.1:8080\" or \"[::1]:8080\"");
  }
  std::string host = listen.substr(0, colon);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  Error error;
  const auto address = asio::ip::make_address(host, error);
  if (error || address.is_v6() != bracketed) {
    throw listen_error(listen, "\"" + host + "\" is no IP address (IPv6 goes into brackets)");
  }
  return {address, static_cast<asio::ip::port_type>(*port)};
}

void open_listener(tcp::acceptor& acceptor, const tcp::endpoint& endpoint,
                   const std::string& listen) {
  try {
    acceptor.open(endpoint.protocol());
    acceptor.set_option(tcp::acceptor::reuse_address(true));
    acceptor.bind(endpoint);
    acceptor.listen(kBacklog);
    acceptor.non_blocking(true);
  } catch (const boost::system::system_error& e) {
    throw listen_error(listen, e.code().message());
  }
}

std::string to_text(const tcp::endpoint& endpoint) {
  const std::string address = endpoint.address().to_string();
  return endpoint.address().is_v6() ? fmt::format("[{}]:{}", address, endpoint.port())
                                    : fmt::format("{}:{}", address, endpoint.port());
}

// A client of IPv4 at a dual-stack listener is the same client as at an IPv4 one.
asio::ip::address unmapped(const asio::ip::address& address) {
  if (!address.is_v6() || !address.to_v6().is_v4_mapped()) return address;
  return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
}

bool is_exhaustion(const Error& error) {
  return error == boost::system::errc::too_many_files_open ||
         error == boost::system::errc::too_many_files_open_in_system ||
         error == boost::system::errc::no_buffer_space ||
         error == boost::system::errc::not_enough_memory;
}

int open_spare() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }

}  // namespace

std::unique_ptr<ListenerContext> make_listener_context(const ListenerOptions& options) {
  auto context = std::make_unique<ListenerContext>();
  context->name = options.name;
  if (!options.cert.empty()) {
    context->tls.store(read_listener_tls(options.cert, options.key, options.client_ca));
  } else if (!options.key.empty() || !options.client_ca.empty()) {
    throw listen_error(options.listen, "`key` and `client_ca` need a `cert`");
  }
  return context;
}

Acceptor::Acceptor(const std::string& listen, ListenerContext& context, ServerShared& shared,
                   const std::vector<std::unique_ptr<Worker>>& workers)
    : shared_(shared),
      workers_(workers),
      context_(context),
      refusal_(make_refusal()),
      acceptor_(workers.front()->context()),
      pause_timer_(workers.front()->context()) {
  open_listener(acceptor_, parse_endpoint(listen), listen);
  address_ = to_text(acceptor_.local_endpoint());
  spare_descriptor_ = open_spare();
}

Acceptor::~Acceptor() {
  if (spare_descriptor_ >= 0) ::close(spare_descriptor_);
}

void Acceptor::close() {
  Error ignored;
  acceptor_.close(ignored);
  pause_timer_.cancel();
}

void Acceptor::accept_next() {
  Worker& worker = *workers_[next_worker_++ % workers_.size()];
  acceptor_.async_accept(worker.context(), [this, &worker](Error error, tcp::socket socket) {
    on_accept(worker, error, std::move(socket));
  });
}

void Acceptor::on_accept(Worker& worker, Error error, tcp::socket socket) {
  if (!acceptor_.is_open()) return;
  if (is_exhaustion(error)) {
    if (!std::exchange(exhausted_, true)) {
      shared_.log_error(
          fmt::format("cannot accept connections on {}: {}", address_, error.message()));
    }
    shed_backlog();
    pause();
    return;
  }
  // Other errors belong to that one connection (accept(2)): it is gone, the next may be well.
  if (!error) {
    exhausted_ = false;
    hand_over(worker, std::move(socket));
  }
  accept_next();
}

void Acceptor::hand_over(Worker& worker, tcp::socket socket) {
  Error error;
  const auto endpoint = socket.remote_endpoint(error);
  if (error) return;
  const auto peer = unmapped(endpoint.address());
  auto seat = ConnectionSeat::take(shared_.limits, peer);
  if (!seat) return refuse(socket);
  auto connection = serve_connection(worker, context_, std::move(socket), peer, std::move(*seat));
  asio::co_spawn(worker.context(), std::move(connection), asio::detached);
}

// The answer goes out if the kernel takes it at once; reading what has come already makes it likely
// that the close does not overtake it. Nobody waits for a peer that is not wanted.
void Acceptor::refuse(tcp::socket& socket) {
  shared_.refused.fetch_add(1, std::memory_order_relaxed);
  if (context_.tls.load()) return;
  Error ignored;
  socket.non_blocking(true, ignored);
  socket.write_some(asio::const_buffer(refusal_.data(), refusal_.size()), ignored);
  socket.shutdown(tcp::socket::shutdown_send, ignored);
  std::array<char, 4096> unread;
  socket.read_some(asio::mutable_buffer(unread.data(), unread.size()), ignored);
}

// Out of descriptors, waiting clients would see neither an answer nor an end. The spare one is
// given up for as long as it takes to end their connections.
void Acceptor::shed_backlog() {
  if (spare_descriptor_ < 0) return;
  ::close(spare_descriptor_);
  for (int shed = 0; shed < kShedMax; ++shed) {
    const int accepted = ::accept4(acceptor_.native_handle(), nullptr, nullptr, SOCK_CLOEXEC);
    if (accepted < 0) break;
    ::close(accepted);
    shared_.refused.fetch_add(1, std::memory_order_relaxed);
  }
  spare_descriptor_ = open_spare();
}

void Acceptor::pause() {
  pause_timer_.expires_after(kPause);
  pause_timer_.async_wait([this](Error error) {
    if (error || !acceptor_.is_open()) return;
    if (spare_descriptor_ < 0) spare_descriptor_ = open_spare();
    accept_next();
  });
}

}  // namespace heliograph::http
