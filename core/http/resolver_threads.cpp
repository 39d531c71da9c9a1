#include "core/http/resolver_threads.h"

#include <boost/asio/post.hpp>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_set>
#include <utility>

namespace heliograph::http {
namespace {

using Tcp = boost::asio::ip::tcp;

// Names found, to be kept in mind. Beyond them somebody is forgotten, who waits with the new ones.
constexpr std::size_t kFoundMax = 10'000;

}  // namespace

struct ResolverThreads::State {
  // One for a name, whoever asks meanwhile.
  struct Lookup {
    std::uint64_t serial = 0;  // the id of who asked first
    std::size_t waiters = 0;
    // [loop] Hands the result over to those that still wait.
    std::vector<std::function<void(boost::system::error_code, const Endpoints&)>> answers;
    bool running = false;
    bool found_before = false;
  };

  // Which line the next is to be taken from; nullptr: none may be.
  std::deque<std::string>* next_line() {
    if (!line_of_found.empty()) return &line_of_found;
    return !line.empty() && running_new < threads_max - threads_max / 2 ? &line : nullptr;
  }
  void note(const std::string& host, bool was_found) {
    if (!was_found) {
      found.erase(host);
    } else if (found.insert(host).second && found.size() > kFoundMax) {
      found.erase(found.begin());
    }
  }

  std::mutex mutex;  // guards what follows
  std::condition_variable changed;
  boost::asio::io_context* loop = nullptr;  // nullptr: nobody listens any more
  std::unordered_map<std::string, Lookup> lookups;
  std::deque<std::string> line;  // of them, those that wait for a thread
  std::deque<std::string> line_of_found;
  std::size_t running_new = 0;  // that are not of the names found
  std::unordered_set<std::string> found;
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
  state_->line_of_found.clear();
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
  lookup->second.found_before = state_->found.contains(host);
  auto& line = lookup->second.found_before ? state_->line_of_found : state_->line;
  line.push_back(std::move(host));
  const std::size_t waiting = state_->line.size() + state_->line_of_found.size();
  if (state_->idle < waiting && state_->threads < state_->threads_max) {
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
  std::erase(lookup->second.found_before ? state_->line_of_found : state_->line, lookup->first);
  state_->lookups.erase(lookup);
}

void ResolverThreads::work(const std::shared_ptr<State>& state) {
  std::unique_lock lock(state->mutex);
  for (;;) {
    ++state->idle;
    std::deque<std::string>* line = nullptr;
    state->changed.wait(lock, [&] {
      line = state->next_line();
      return line != nullptr || state->loop == nullptr;
    });
    --state->idle;
    if (state->loop == nullptr) return;
    const std::string host = std::move(line->front());
    line->pop_front();
    auto& lookup = state->lookups.at(host);
    lookup.running = true;
    const std::size_t counts = lookup.found_before ? 0 : 1;
    state->running_new += counts;
    lock.unlock();
    boost::system::error_code error;
    Endpoints endpoints = state->look_up(host, error);
    lock.lock();
    if (state->loop == nullptr) return;
    state->running_new -= counts;
    state->note(host, !error && !endpoints.empty());
    auto answers = std::move(state->lookups.extract(host).mapped().answers);
    // Under the lock: the loop lives while it is held.
    boost::asio::post(*state->loop,
                      [answers = std::move(answers), error, endpoints = std::move(endpoints)] {
                        for (const auto& answer : answers) answer(error, endpoints);
                      });
  }
}

}  // namespace heliograph::http
