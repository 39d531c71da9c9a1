#include "core/app/asio_loop.h"

#include <boost/asio/post.hpp>
#include <memory>
#include <utility>

namespace heliograph::app {

AsioLoop::AsioLoop(const ports::Clock& clock)
    : clock_(clock), work_(boost::asio::make_work_guard(context_)), alarm_(context_) {}

AsioLoop::~AsioLoop() { stop(); }

void AsioLoop::start() {
  thread_ = std::thread([this] { context_.run(); });
}

void AsioLoop::stop() {
  context_.stop();
  if (thread_.joinable()) thread_.join();
}

void AsioLoop::post(base::Task task) {
  boost::asio::post(context_, [task = std::move(task)]() mutable { task(); });
}

ports::TimerId AsioLoop::run_at(ports::MonoTime at, base::Task task) {
  const auto id = ports::TimerId{++last_id_};
  timers_.emplace(Key{at, id}, std::move(task));
  times_.emplace(last_id_, at);
  arm();
  return id;
}

void AsioLoop::cancel(ports::TimerId id) {
  const auto found = times_.find(static_cast<std::uint64_t>(id));
  if (found == times_.end()) return;
  timers_.erase(Key{found->second, id});
  times_.erase(found);
}

// A cancelled timer leaves the alarm as it is: at worst it rings once for nothing.
void AsioLoop::arm() {
  if (timers_.empty() || timers_.begin()->first.first >= armed_for_) return;
  armed_for_ = timers_.begin()->first.first;
  alarm_.expires_at(std::chrono::steady_clock::time_point{armed_for_.time_since_epoch()});
  alarm_.async_wait([this](const boost::system::error_code& error) {
    if (!error) on_alarm();
  });
}

void AsioLoop::on_alarm() {
  armed_for_ = ports::MonoTime::max();
  const auto now = clock_.mono();
  while (!timers_.empty() && timers_.begin()->first.first <= now) {
    auto node = timers_.extract(timers_.begin());
    times_.erase(static_cast<std::uint64_t>(node.key().second));
    node.mapped()();
  }
  arm();
}

}  // namespace heliograph::app
