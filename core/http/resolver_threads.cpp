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

}  // namespace

struct ResolverThreads::State {
  // One for a name, whoever asks meanwhile.
  struct Lookup {
    std::uint64_t serial = 0;  // the id of who asked first
    std::size_t waiters = 0;
    // [loop] Hands the result over to those that still wait.
    std::vector<std::function<void(boost::system::error_code, const Endpoints&)>> answers;
    bool running = false;
  };

  std::mutex mutex;  // guards what follows
  std::condition_variable changed;
  boost::asio::io_context* loop = nullptr;  // nullptr: nobody listens any more
  std::unordered_map<std::string, Lookup> lookups;
  std::deque<std::string> line;  // of them, those that wait for a thread
  std::size_t threads = 0;
  std::size_t idle = 0;
  std::size_t threads_max = 0;
  LookUp look_up;
};

ResolverThreads::ResolverThreads(boost::asio::io_context& loop, std::size_t threads_max, LookUp how)
    : state_(std::make_shared<State>()) {
  state_->loop = &loop;
  state_->threads_max = threads_max;
  state_->look_up = std::move(how);
}

// A resolver of Asio's, used without its thread.
ResolverThreads::Endpoints ResolverThreads::look_up(const std::string& host,
                                                    boost::system::error_code& error) {
  boost::asio::io_context unused;
  Tcp::resolver resolver(unused);
  Endpoints endpoints;
  for (const auto& entry : resolver.resolve(host, "", error)) {
    endpoints.push_back(entry.endpoint());
  }
  return endpoints;
}

ResolverThreads::~ResolverThreads() {
  const std::scoped_lock lock(state_->mutex);
  state_->loop = nullptr;
  state_->line.clear();
  state_->changed.notify_all();
}

ResolverThreads::Id ResolverThreads::resolve(std::string host, std::uint16_t port, Done done) {
  const Id id = ++last_id_;
  const auto answer = [weak = std::weak_ptr(pending_), id](boost::system::error_code error,
                                                           Endpoints endpoints) {
    const auto pending = weak.lock();
    if (!pending) return;
    auto waiting = pending->extract(id);
    if (waiting.empty()) return;  // cancelled
    for (auto& endpoint : endpoints) endpoint.port(waiting.mapped().port);
    waiting.mapped().done(error, std::move(endpoints));
  };
  const std::scoped_lock lock(state_->mutex);
  const auto [lookup, is_new] = state_->lookups.try_emplace(host);
  if (is_new) lookup->second.serial = id;
  pending_->emplace(id, Waiting{host, port, lookup->second.serial, std::move(done)});
  ++lookup->second.waiters;
  lookup->second.answers.emplace_back(answer);
  if (!is_new) return id;
  state_->line.push_back(std::move(host));
  if (state_->idle < state_->line.size() && state_->threads < state_->threads_max) {
    ++state_->threads;
    std::thread([state = state_] { work(state); }).detach();
  }
  state_->changed.notify_one();
  return id;
}

void ResolverThreads::cancel(Id id) {
  const auto cancelled = pending_->extract(id);
  if (cancelled.empty()) return;
  const std::scoped_lock lock(state_->mutex);
  const auto lookup = state_->lookups.find(cancelled.mapped().host);
  // Its answer is on the way; what is there is for others.
  if (lookup == state_->lookups.end() || lookup->second.serial != cancelled.mapped().lookup) return;
  if (--lookup->second.waiters > 0 || lookup->second.running) return;
  std::erase(state_->line, lookup->first);
  state_->lookups.erase(lookup);
}

void ResolverThreads::work(const std::shared_ptr<State>& state) {
  std::unique_lock lock(state->mutex);
  for (;;) {
    ++state->idle;
    state->changed.wait(lock, [&] { return !state->line.empty() || state->loop == nullptr; });
    --state->idle;
    if (state->loop == nullptr) return;
    const std::string host = std::move(state->line.front());
    state->line.pop_front();
    state->lookups.at(host).running = true;
    lock.unlock();
    boost::system::error_code error;
    Endpoints endpoints = state->look_up(host, error);
    lock.lock();
    if (state->loop == nullptr) return;
    auto answers = std::move(state->lookups.extract(host).mapped().answers);
    // Under the lock: the loop lives while it is held.
    boost::asio::post(*state->loop,
                      [answers = std::move(answers), error, endpoints = std::move(endpoints)] {
                        for (const auto& answer : answers) answer(error, endpoints);
                      });
  }
}

}  // namespace heliograph::http
