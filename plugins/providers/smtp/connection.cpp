#include "plugins/providers/smtp/connection.h"

#include <algorithm>
#include <chrono>
#include <new>
#include <string>
#include <utility>

namespace heliograph::plugins::smtp {

namespace {

std::uint32_t interest_of(int what) {
  return (what & CURL_POLL_IN ? HG_FD_READ : 0u) | (what & CURL_POLL_OUT ? HG_FD_WRITE : 0u);
}

int readiness_of(std::uint32_t ready) {
  return (ready & HG_FD_READ ? CURL_CSELECT_IN : 0) | (ready & HG_FD_WRITE ? CURL_CSELECT_OUT : 0) |
         (ready & HG_FD_ERROR ? CURL_CSELECT_ERR : 0);
}

long use_ssl_of(Tls tls) {
  if (tls == Tls::kStartTls) return CURLUSESSL_ALL;
  return tls == Tls::kOpportunistic ? CURLUSESSL_TRY : CURLUSESSL_NONE;
}

}  // namespace

// A descriptor of libcurl's while it connects. Kept when libcurl lets go of it, perhaps in the
// watch's own callback, and used again for the next one.
struct Connection::Socket {
  Socket(Connection& owner, curl_socket_t socket)
      : descriptor(socket), watch(owner.host_, [this, &owner](std::uint32_t ready) {
          owner.advance(descriptor, readiness_of(ready));
        }) {}

  curl_socket_t descriptor;
  sdk::FdWatch watch;
};

Connection::Connection(sdk::Host host, const Endpoint& endpoint, const Trust& trust,
                       Listener& listener)
    : host_(host),
      trust_(trust),
      listener_(listener),
      timer_(host, [this] { advance(CURL_SOCKET_TIMEOUT, 0); }),
      multi_(curl_multi_init()),
      easy_(curl_easy_init()) {
  if (multi_ == nullptr || easy_ == nullptr) throw std::bad_alloc();
  curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETFUNCTION, &Connection::on_socket);
  curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_.get(), CURLMOPT_TIMERFUNCTION, &Connection::on_timer);
  curl_multi_setopt(multi_.get(), CURLMOPT_TIMERDATA, this);
  configure(endpoint);
  configure_tls(endpoint);
}

Connection::~Connection() { close(); }

void Connection::configure(const Endpoint& endpoint) {
  CURL* const easy = easy_.get();
  curl_easy_setopt(easy, CURLOPT_URL, endpoint.url.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  // Otherwise giving up during a look-up waits for its end.
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
  // Not the environment's all_proxy: what is not configured here must not lead elsewhere.
  curl_easy_setopt(easy, CURLOPT_PROXY, "");
  if (!endpoint.username.empty()) {
    curl_easy_setopt(easy, CURLOPT_USERNAME, endpoint.username.c_str());
    curl_easy_setopt(easy, CURLOPT_PASSWORD, endpoint.password.c_str());
    curl_easy_setopt(easy, CURLOPT_SASL_IR, 1L);
  }
  if (!endpoint.login_options.empty()) {
    curl_easy_setopt(easy, CURLOPT_LOGIN_OPTIONS, endpoint.login_options.c_str());
  }
  curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION, &Connection::on_debug);
  curl_easy_setopt(easy, CURLOPT_DEBUGDATA, this);
  curl_easy_setopt(easy, CURLOPT_VERBOSE, 1L);
}

void Connection::configure_tls(const Endpoint& endpoint) {
  CURL* const easy = easy_.get();
  curl_easy_setopt(easy, CURLOPT_USE_SSL, use_ssl_of(endpoint.tls));
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, endpoint.verify ? 1L : 0L);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, endpoint.verify ? 2L : 0L);
  curl_easy_setopt(easy, CURLOPT_CAINFO, nullptr);
  curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);
  curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, &Connection::on_tls_context);
  curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, this);
}

bool Connection::open() {
  // libcurl begins in its timer: the listener is not called from here.
  added_ = curl_multi_add_handle(multi_.get(), easy_.get()) == CURLM_OK;
  return added_ && timer_.running();
}

void Connection::close() noexcept {
  closed_ = true;
  connected_ = false;
  timer_.cancel();
  // Before libcurl closes the descriptors.
  if (watch_) watch_->close();
  for (const auto& socket : sockets_) socket->watch.close();
  if (std::exchange(added_, false)) curl_multi_remove_handle(multi_.get(), easy_.get());
}

void Connection::advance(curl_socket_t socket, int readiness) {
  int running = 0;
  const CURLMcode called = curl_multi_socket_action(multi_.get(), socket, readiness, &running);
  if (called != CURLM_OK) return finish_connecting(CURLE_FAILED_INIT);
  int left = 0;
  const CURLMsg* const message = curl_multi_info_read(multi_.get(), &left);
  if (message != nullptr && message->msg == CURLMSG_DONE) finish_connecting(message->data.result);
}

void Connection::finish_connecting(CURLcode code) {
  if (code == CURLE_OK && !watch_connected()) code = CURLE_COULDNT_CONNECT;
  if (code == CURLE_OK) {
    connected_ = true;
    listener_.on_connected();
  } else {
    const sdk::SendResult why = log_.failure(code);
    close();
    listener_.on_connect_failed(why);
  }
}

bool Connection::watch_connected() {
  timer_.cancel();
  for (const auto& socket : sockets_) socket->watch.close();
  curl_socket_t socket = CURL_SOCKET_BAD;
  curl_easy_getinfo(easy_.get(), CURLINFO_ACTIVESOCKET, &socket);
  if (socket == CURL_SOCKET_BAD) return false;
  watch_.emplace(host_, [this](std::uint32_t) { listener_.on_ready(); });
  return watch_->open(socket, HG_FD_READ) == HG_OK;
}

Connection::Io Connection::read(std::span<char> buffer, std::size_t& count) {
  const CURLcode code = curl_easy_recv(easy_.get(), buffer.data(), buffer.size(), &count);
  if (code == CURLE_AGAIN) return Io::kLater;
  return code == CURLE_OK && count > 0 ? Io::kDone : Io::kLost;
}

Connection::Io Connection::write(std::string_view bytes, std::size_t& count) {
  const CURLcode code = curl_easy_send(easy_.get(), bytes.data(), bytes.size(), &count);
  if (code == CURLE_AGAIN) return Io::kLater;
  if (code != CURLE_OK) return Io::kLost;
  return count > 0 ? Io::kDone : Io::kLater;
}

void Connection::want_write(bool wanted) {
  if (wanted == writing_ || !watch_) return;
  writing_ = wanted;
  watch_->set_interest(HG_FD_READ | (wanted ? HG_FD_WRITE : 0u));
}

void Connection::watch(curl_socket_t socket, int what) {
  const auto known = [&](const auto& entry) { return entry->descriptor == socket; };
  auto found = std::ranges::find_if(sockets_, known);
  if (what == CURL_POLL_REMOVE) {
    if (found == sockets_.end()) return;
    (*found)->watch.close();
    (*found)->descriptor = CURL_SOCKET_BAD;
    return;
  }
  if (found != sockets_.end()) {
    (*found)->watch.set_interest(interest_of(what));
    return;
  }
  const auto unused = [](const auto& entry) { return entry->descriptor == CURL_SOCKET_BAD; };
  found = std::ranges::find_if(sockets_, unused);
  if (found == sockets_.end()) {
    found = sockets_.insert(found, std::make_unique<Socket>(*this, CURL_SOCKET_BAD));
  }
  (*found)->descriptor = socket;
  if ((*found)->watch.open(socket, interest_of(what)) != HG_OK) {
    throw sdk::Failure(HG_E_IO, "a socket cannot be watched");
  }
}

int Connection::on_socket(CURL*, curl_socket_t socket, int what, void* self, void*) noexcept {
  auto* const connection = static_cast<Connection*>(self);
  if (connection->closed_) return 0;
  const bool watched =
      connection->host_.guard("watching a descriptor", [&] { connection->watch(socket, what); });
  return watched ? 0 : -1;
}

int Connection::on_timer(CURLM*, long timeout_ms, void* self) noexcept {
  auto* const connection = static_cast<Connection*>(self);
  if (connection->closed_) return 0;
  if (timeout_ms < 0) {
    connection->timer_.cancel();
    return 0;
  }
  const sdk::MonoTime when = connection->host_.now() + std::chrono::milliseconds{timeout_ms};
  return connection->timer_.start(when) ? 0 : -1;
}

int Connection::on_debug(CURL*, curl_infotype type, char* data, std::size_t size,
                         void* self) noexcept {
  auto* const connection = static_cast<Connection*>(self);
  if (connection->connected_) return 0;
  const std::string_view bytes(data, size);
  connection->host_.guard("listening to the log-in", [&] {
    if (type == CURLINFO_HEADER_OUT) connection->log_.on_command(bytes);
    if (type == CURLINFO_HEADER_IN) connection->log_.on_reply_bytes(bytes);
  });
  return 0;
}

CURLcode Connection::on_tls_context(CURL*, void* context, void* self) noexcept {
  static_cast<Connection*>(self)->trust_.give_to(static_cast<SSL_CTX*>(context));
  return CURLE_OK;
}

}  // namespace heliograph::plugins::smtp
