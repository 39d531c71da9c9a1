#include "core/http/worker.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <exception>

#include "core/http/digest.h"
#include "core/http/response_head.h"

namespace heliograph::http {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;

// Deadlines are kept to an eighth of the shortest: 250 ms with the defaults.
milliseconds sweep_interval(const ServerOptions& options) {
  const milliseconds shortest = std::min(
      {options.header_timeout, options.body_timeout, options.write_timeout, options.idle_timeout});
  return std::clamp(shortest / 8, milliseconds(5), milliseconds(250));
}

}  // namespace

Worker::Worker(ServerShared& shared)
    : shared_(shared),
      sweep_every_(sweep_interval(shared.options)),
      id_prefix_(random_hex(6)),
      work_(context_.get_executor()),
      sweep_timer_(context_) {
  update_date();
}

Worker::~Worker() { join(); }

void Worker::post(base::Task task) {
  // After the end nobody would run it: destroyed here, as an executor promises.
  if (stopped_.load(std::memory_order_acquire)) return;
  asio::post(context_, std::move(task));
}

void Worker::start() {
  schedule_sweep();
  thread_ = std::thread([this] {
    try {
      context_.run();
    } catch (const std::exception& e) {
      // Nothing that runs here throws: connections catch what their handlers throw.
      shared_.log_error(fmt::format("API thread ended by an exception: {}", e.what()));
      std::terminate();
    }
  });
}

bool Worker::take_large_request() {
  if (large_requests_ >= shared_.options.large_requests_max) return false;
  ++large_requests_;
  return true;
}

void Worker::post_drain() {
  asio::post(context_, [this] {
    draining_ = true;
    for (SweptConnection& connection : connections_) connection.on_drain();
  });
}

void Worker::post_cut() {
  asio::post(context_, [this] {
    for (SweptConnection& connection : connections_) connection.cut();
    // Behind the completions of what was cut, so that those coroutines still end by themselves.
    asio::post(context_, [this] {
      stopped_.store(true, std::memory_order_release);
      context_.stop();
    });
  });
}

void Worker::join() {
  if (thread_.joinable()) thread_.join();
}

std::string Worker::make_request_id() { return fmt::format("{}{:08x}", id_prefix_, ++id_count_); }

void Worker::schedule_sweep() {
  sweep_timer_.expires_after(sweep_every_);
  sweep_timer_.async_wait([this](boost::system::error_code error) {
    if (error) return;
    sweep();
    schedule_sweep();
  });
}

void Worker::sweep() {
  update_date();
  const auto now = SweptConnection::Clock::now();
  for (SweptConnection& connection : connections_) {
    if (connection.deadline > now) continue;
    connection.deadline = SweptConnection::kNoDeadline;
    connection.on_deadline();
  }
}

void Worker::update_date() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const std::int64_t second = std::chrono::duration_cast<std::chrono::seconds>(now).count();
  if (second == date_second_) return;
  date_second_ = second;
  date_ = format_http_date(second);
}

}  // namespace heliograph::http
