#include "core/http/resolver_threads.h"

#include <boost/asio/post.hpp>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace heliograph::http {
namespace {

using Tcp = boost::asio::ip::tcp;

struct Lookup {
  std::string host;
  std::uint16_t port = 0;
  // [loop] Hands the result over, if anybody still waits for it.
  std::function<void(boost::system::error_code, ResolverThreads::Endpoints)> answer;
};

// A resolver of Asio's, used without its thread.
ResolverThreads::Endpoints look_up(const Lookup& lookup, boost::system::error_code& error) {
  boost::asio::io_context unused;
  Tcp::resolver resolver(unused);
  const auto results = resolver.resolve(lookup.host, std::to_string(lookup.port),
                                        Tcp::resolver::numeric_service, error);
  ResolverThreads::Endpoints endpoints;
  for (const auto& entry : results) endpoints.push_back(entry.endpoint());
  return endpoints;
}

}  // namespace

struct ResolverThreads::State {
  std::mutex mutex;  // guards what follows
  std::condition_variable changed;
  boost::asio::io_context* loop = nullptr;  // nullptr: nobody listens any more
  std::deque<Lookup> waiting;
  std::size_t threads = 0;
  std::size_t idle = 0;
  std::size_t threads_max = 0;
};

ResolverThreads::ResolverThreads(boost::asio::io_context& loop, std::size_t threads_max)
    : state_(std::make_shared<State>()) {
  state_->loop = &loop;
  state_->threads_max = threads_max;
}

ResolverThreads::~ResolverThreads() {
  const std::scoped_lock lock(state_->mutex);
  state_->loop = nullptr;
  state_->waiting.clear();
  state_->changed.notify_all();
}

void ResolverThreads::resolve(std::string host, std::uint16_t port, Done done) {
  const std::uint64_t id = ++last_id_;
  pending_->emplace(id, std::move(done));
  auto answer = [weak = std::weak_ptr(pending_), id](boost::system::error_code error,
                                                     Endpoints endpoints) {
    const auto pending = weak.lock();
    if (!pending) return;
    const Done waiting = std::move(pending->extract(id).mapped());
    waiting(error, std::move(endpoints));
  };
  const std::scoped_lock lock(state_->mutex);
  state_->waiting.push_back({std::move(host), port, std::move(answer)});
  if (state_->idle < state_->waiting.size() && state_->threads < state_->threads_max) {
    ++state_->threads;
    std::thread([state = state_] { work(state); }).detach();
  }
  state_->changed.notify_one();
}

void ResolverThreads::work(const std::shared_ptr<State>& state) {
  std::unique_lock lock(state->mutex);
  for (;;) {
    ++state->idle;
    state->changed.wait(lock, [&] { return !state->waiting.empty() || state->loop == nullptr; });
    --state->idle;
    if (state->loop == nullptr) return;
    Lookup lookup = std::move(state->waiting.front());
    state->waiting.pop_front();
    lock.unlock();
    boost::system::error_code error;
    Endpoints endpoints = look_up(lookup, error);
    lock.lock();
    if (state->loop == nullptr) return;
    // Under the lock: the loop lives while it is held.
    boost::asio::post(*state->loop, [answer = std::move(lookup.answer), error,
                                     endpoints = std::move(endpoints)]() mutable {
      answer(error, std::move(endpoints));
    });
  }
}

}  // namespace heliograph::http
