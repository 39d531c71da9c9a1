#include "core/app/admin_socket.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>
#include <utility>

#include "core/app/admin_operations.h"

namespace heliograph::app {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kRequestMax = 64 * 1024;
constexpr std::size_t kAnswerMax = 16 * 1024 * 1024;
constexpr std::chrono::seconds kRequestTimeout{10};

class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    throw std::runtime_error(
        fmt::format("the admin socket's path is too long for the system: {}", path));
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

bool wait_until(int fd, short events, Clock::time_point deadline) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
  pollfd poll_one{fd, events, 0};
  return left.count() > 0 && ::poll(&poll_one, 1, static_cast<int>(left.count())) == 1;
}

// A line without its end; nullopt when it does not come whole in time or is longer than `max`.
std::optional<std::string> read_line(int fd, std::size_t max, Clock::time_point deadline) {
  std::string line;
  char buffer[4096];
  while (line.size() <= max && wait_until(fd, POLLIN, deadline)) {
    const auto got = ::recv(fd, buffer, sizeof buffer, 0);
    if (got <= 0) return std::nullopt;
    line.append(buffer, static_cast<std::size_t>(got));
    if (line.back() == '\n') {
      line.pop_back();
      return line;
    }
  }
  return std::nullopt;
}

bool write_line(int fd, std::string line, Clock::time_point deadline) {
  line += '\n';
  std::size_t written = 0;
  while (written < line.size()) {
    if (!wait_until(fd, POLLOUT, deadline)) return false;
    const auto sent =
        ::send(fd, line.data() + written, line.size() - written, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno != EAGAIN) return false;
    if (sent > 0) written += static_cast<std::size_t>(sent);
  }
  return true;
}

// For the log: the request may be anything.
std::string operation_of(const nlohmann::json& request) {
  if (!request.is_object() || !request.contains("operation")) return "none";
  const auto& operation = request["operation"];
  return operation.is_string() ? operation.get<std::string>() : "none";
}

}  // namespace

std::string admin_socket_path(const std::string& database_path) { return database_path + ".sock"; }

class AdminSocket::Impl {
 public:
  Impl(std::string path, store::SqliteStore& store, ports::Log& log)
      : path_(std::move(path)), store_(store), log_(log) {}

  void start() {
    const auto address = address_of(path_);
    ::unlink(path_.c_str());
    listener_ = Descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const auto before = ::umask(0177);  // the file is never open to others, not even for a moment
    const int bound =
        ::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    const int error = errno;
    ::umask(before);
    if (bound != 0 || ::listen(listener_.get(), 16) != 0) {
      throw std::runtime_error(fmt::format("cannot listen on {}: {}", path_, std::strerror(error)));
    }
    thread_ = std::thread([this] { serve(); });
  }

  void stop() {
    if (!thread_.joinable()) return;
    stopping_ = true;
    ::shutdown(listener_.get(), SHUT_RDWR);  // wakes accept()
    store_.end_inspections();                // which may take minutes
    {
      const std::lock_guard lock(mutex_);
      if (asking_ >= 0) ::shutdown(asking_, SHUT_RD);  // one that has not said what it wants
    }
    thread_.join();
    ::unlink(path_.c_str());
  }

 private:
  void serve() {
    while (!stopping_) {
      Descriptor connection(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (connection.get() < 0) {
        // Out of descriptors, most likely: try again soon instead of spinning.
        if (!stopping_) std::this_thread::sleep_for(std::chrono::milliseconds{100});
        continue;
      }
      note_asking(connection.get());
      answer(connection.get());
      note_asking(-1);
    }
  }

  void note_asking(int fd) {
    const std::lock_guard lock(mutex_);
    asking_ = fd;
    if (stopping_ && fd >= 0) ::shutdown(fd, SHUT_RD);
  }

  void answer(int fd) {
    const auto line = read_line(fd, kRequestMax, Clock::now() + kRequestTimeout);
    if (!line) return;
    const auto request = nlohmann::json::parse(*line, nullptr, false);
    const auto result = run_admin_operation(request, store_);
    const bool failed = result.contains("error");
    log_.info("admin operation",
              {{"operation", operation_of(request)}, {"result", failed ? "refused" : "done"}});
    write_line(fd, result.dump(), Clock::now() + kRequestTimeout);
  }

  std::string path_;
  store::SqliteStore& store_;
  ports::Log& log_;
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;
  int asking_ = -1;  // the connection that is served
  Descriptor listener_;
  std::thread thread_;
};

AdminSocket::AdminSocket(std::string path, store::SqliteStore& store, ports::Log& log)
    : impl_(std::make_unique<Impl>(std::move(path), store, log)) {}
AdminSocket::~AdminSocket() { impl_->stop(); }
void AdminSocket::start() { impl_->start(); }
void AdminSocket::stop() { impl_->stop(); }

std::optional<nlohmann::json> ask_gateway(const std::string& path, const nlohmann::json& request,
                                          std::chrono::seconds timeout) {
  const auto address = address_of(path);
  const Descriptor connection(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::connect(connection.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return std::nullopt;
  const auto deadline = Clock::now() + timeout;
  if (!write_line(connection.get(), request.dump(), deadline)) return std::nullopt;
  const auto line = read_line(connection.get(), kAnswerMax, deadline);
  if (!line) return std::nullopt;
  auto answer = nlohmann::json::parse(*line, nullptr, false);
  if (!answer.is_object()) return std::nullopt;
  return answer;
}

}  // namespace heliograph::app
