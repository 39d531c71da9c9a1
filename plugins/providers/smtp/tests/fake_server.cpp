#include "plugins/providers/smtp/tests/fake_server.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <stdexcept>

namespace heliograph::plugins::smtp {

namespace {

int bind_loopback(int fd) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(address);
  auto* const raw = reinterpret_cast<sockaddr*>(&address);
  if (bind(fd, raw, length) != 0 || getsockname(fd, raw, &length) != 0) {
    throw std::runtime_error("no port on the loopback");
  }
  return ntohs(address.sin_port);
}

std::string verb_of(std::string_view line) {
  std::string verb(line.substr(0, line.find_first_of(" :")));
  std::ranges::transform(verb, verb.begin(), [](unsigned char c) { return std::toupper(c); });
  return verb;
}

}  // namespace

// One connection, in its thread.
class FakeServer::Peer {
 public:
  Peer(FakeServer& server, int fd, int number) : server_(server), fd_(fd), number_(number) {}
  ~Peer() {
    if (tls_ != nullptr) SSL_free(tls_);
    if (context_ != nullptr) SSL_CTX_free(context_);
    close(fd_);
  }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  void run() {
    if (server_.script_.implicit_tls && !encrypt()) return;
    if (!act("GREETING", "220 fake.test ESMTP")) return;
    while (std::optional<std::string> line = read_line()) {
      const std::string verb = verb_of(*line);
      server_.note([&](Seen& seen) { seen.commands.push_back(*line); });
      if (!answer(verb)) return;
    }
    server_.note([](Seen& seen) { ++seen.closed; });
  }

 private:
  bool answer(const std::string& verb) {
    if (verb == "EHLO") return act(verb, greeting());
    if (verb == "STARTTLS") return act(verb, "220 go ahead") && (silent_ || encrypt());
    if (verb == "AUTH") return act(verb, "235 2.7.0 welcome");
    if (verb == "MAIL") ++mails_;
    if (verb == "DATA") return act(verb, "354 go ahead") && (!accepted_ || take_data());
    if (verb == "QUIT") {
      act(verb, "221 bye");
      return false;
    }
    return act(verb, "250 2.0.0 Ok");
  }

  bool take_data() {
    std::string mail;
    while (true) {
      std::optional<std::string> line = read_line();
      if (!line) {
        server_.note([](Seen& seen) { ++seen.closed; });
        return false;
      }
      if (*line == ".") break;
      mail += line->starts_with('.') ? line->substr(1) : *line;
      mail += "\r\n";
      if (server_.script_.cut_data_at > 0 && mail.size() > server_.script_.cut_data_at) {
        write("552 5.3.4 too large\r\n");
        return false;
      }
    }
    server_.note([&](Seen& seen) {
      seen.commands.emplace_back(".");
      seen.mails.push_back(mail);
    });
    const std::string id = "Q" + std::to_string(number_) + "M" + std::to_string(mails_);
    return act(".", "250 2.0.0 Ok: queued as " + id) && !server_.script_.drop_after_mail;
  }

  std::string greeting() const {
    std::string text = "250-fake.test";
    for (const std::string& extension : server_.script_.extensions) text += "\r\n250-" + extension;
    if (server_.script_.identity != nullptr && tls_ == nullptr) text += "\r\n250-STARTTLS";
    return text + "\r\n250 HELP";
  }

  // The scripted act, or the usual reply. False: the connection is to be closed.
  bool act(std::string_view point, const std::string& usual) {
    const Script& script = server_.script_;
    const auto found = script.acts.find(point);
    const bool here = script.acts_on_connection == 0 || script.acts_on_connection == number_;
    const bool scripted =
        found != script.acts.end() && here && std::max(mails_, 1) >= script.acts_from_mail;
    accepted_ = !scripted;
    if (!scripted) return write(usual + "\r\n");
    if (found->second.kind == Act::Kind::kClose) return false;
    silent_ = found->second.kind == Act::Kind::kSilence;
    if (silent_) return true;
    accepted_ = point == "DATA" && found->second.text.starts_with("354");
    return write(found->second.text + "\r\n") && !found->second.text.starts_with("421");
  }

  bool encrypt() {
    context_ = SSL_CTX_new(TLS_server_method());
    SSL_CTX_use_certificate(context_, server_.script_.identity->certificate());
    SSL_CTX_use_PrivateKey(context_, server_.script_.identity->key());
    tls_ = SSL_new(context_);
    SSL_set_fd(tls_, fd_);
    return SSL_accept(tls_) == 1;
  }

  bool write(std::string_view bytes) {
    const auto size = static_cast<int>(bytes.size());
    if (tls_ != nullptr) return SSL_write(tls_, bytes.data(), size) == size;
    return ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) == size;
  }

  // False: the end, or the server is to stop.
  bool read_more() {
    std::array<pollfd, 2> wait{pollfd{fd_, POLLIN, 0}, pollfd{server_.stop_fd_, POLLIN, 0}};
    const bool pending = tls_ != nullptr && SSL_pending(tls_) > 0;
    if (!pending && (poll(wait.data(), wait.size(), -1) < 0 || wait[1].revents != 0)) return false;
    std::array<char, 16'384> buffer;
    const auto count = tls_ != nullptr
                           ? SSL_read(tls_, buffer.data(), static_cast<int>(buffer.size()))
                           : static_cast<int>(recv(fd_, buffer.data(), buffer.size(), 0));
    if (count <= 0) return false;
    input_.append(buffer.data(), static_cast<std::size_t>(count));
    return true;
  }

  std::optional<std::string> read_line() {
    std::size_t end = 0;
    while ((end = input_.find("\r\n", at_)) == std::string::npos) {
      input_.erase(0, at_);
      at_ = 0;
      if (!read_more()) return std::nullopt;
    }
    std::string line = input_.substr(at_, end - at_);
    at_ = end + 2;
    return line;
  }

  FakeServer& server_;
  const int fd_;
  const int number_;
  int mails_ = 0;
  bool accepted_ = true;
  bool silent_ = false;
  SSL_CTX* context_ = nullptr;
  SSL* tls_ = nullptr;
  std::string input_;
  std::size_t at_ = 0;
};

FakeServer::FakeServer(Script script)
    : script_(std::move(script)),
      listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)),
      stop_fd_(eventfd(0, EFD_CLOEXEC)),
      port_(bind_loopback(listener_)) {
  listen(listener_, 64);
  thread_ = std::thread([this] { serve(); });
}

FakeServer::~FakeServer() {
  const std::uint64_t one = 1;
  if (::write(stop_fd_, &one, sizeof(one)) != sizeof(one)) std::terminate();
  thread_.join();
  peers_.clear();
  close(listener_);
  close(stop_fd_);
}

void FakeServer::serve() {
  for (int number = 1;; ++number) {
    std::array<pollfd, 2> wait{pollfd{listener_, POLLIN, 0}, pollfd{stop_fd_, POLLIN, 0}};
    if (poll(wait.data(), wait.size(), -1) < 0 || wait[1].revents != 0) return;
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    note([](Seen& seen) { ++seen.connections; });
    peers_.emplace_back([this, fd, number] { Peer(*this, fd, number).run(); });
  }
}

void FakeServer::note(const std::function<void(Seen&)>& change) {
  const std::lock_guard lock(mutex_);
  change(seen_);
  changed_.notify_all();
}

Seen FakeServer::seen() const {
  const std::lock_guard lock(mutex_);
  return seen_;
}

int FakeServer::count(std::string_view command) const {
  const std::lock_guard lock(mutex_);
  return static_cast<int>(std::ranges::count_if(
      seen_.commands, [&](const std::string& line) { return line.starts_with(command); }));
}

bool FakeServer::wait_for(const std::function<bool(const Seen&)>& condition) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::seconds{10}, [&] { return condition(seen_); });
}

bool FakeServer::wait_for_command(std::string_view command) const {
  return wait_for([&](const Seen& seen) {
    return std::ranges::any_of(seen.commands,
                               [&](const std::string& line) { return line.starts_with(command); });
  });
}

int closed_port() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int port = bind_loopback(fd);
  close(fd);
  return port;
}

}  // namespace heliograph::plugins::smtp
