#include "tests/unit/http/test_server.h"

#include <stdexcept>
#include <thread>
#include <utility>

#include "core/http/await.h"
#include "core/http/body_feed.h"
#include "core/ports/executor.h"
#include "tests/unit/http/raw_socket.h"

namespace heliograph::http::testing {
namespace {

using Answering = boost::asio::awaitable<Response>;

Response text_response(std::string text) {
  Response response;
  response.content_type = "text/plain";
  response.body = std::move(text);
  return response;
}

Answering hello(Request&) { co_return text_response("hello"); }
Answering echo(Request& request) { co_return text_response(request.body); }
Answering measure(Request& request) {
  co_return text_response(std::to_string(request.body.size()));
}
Answering item(Request& request) { co_return text_response(std::string(request.param("id"))); }
Answering large(Request&) { co_return text_response(std::string(8 << 20, 'x')); }

Answering fail(Request&) {
  throw std::runtime_error("/etc/secret is missing");
  co_return Response();
}

Answering split(Request&) {
  Response response;
  response.headers.emplace_back("X-Broken", "a\r\nSet-Cookie: b");
  co_return response;
}

Answering abort_connection(Request&) {
  Response response;
  response.abort = true;
  co_return response;
}

// What a feed makes, from the number of the piece; nullopt: the end.
using Maker = std::function<std::optional<std::string>(int)>;

class MadeFeed final : public BodyFeed {
 public:
  MadeFeed(std::atomic<int>& alive, std::chrono::milliseconds pause, Maker make)
      : alive_(alive), pause_(pause), make_(std::move(make)) {
    ++alive_;
  }
  ~MadeFeed() override { --alive_; }
  MadeFeed(const MadeFeed&) = delete;
  MadeFeed& operator=(const MadeFeed&) = delete;
  boost::asio::awaitable<std::optional<std::string>> next() override { co_return make_(++made_); }
  std::chrono::milliseconds pause() const override { return pause_; }

 private:
  std::atomic<int>& alive_;
  const std::chrono::milliseconds pause_;
  const Maker make_;
  int made_ = 0;
};

std::string numbered(int number) { return std::to_string(number) + "\n"; }

Answering info(Request& request) {
  std::string text = request.path + "|" + request.peer + "|" + request.local_listener + "|" +
                     (request.peer_is_loopback ? "loopback" : "remote") + "|" + request.request_id;
  for (const auto& [name, value] : request.query) text += "|" + name + "=" + value;
  co_return text_response(std::move(text));
}

}  // namespace

void Gate::enter(base::UniqueFunction<void(int)> done) {
  const std::lock_guard lock(mutex_);
  waiting_.push_back(std::move(done));
  changed_.notify_all();
}

bool Gate::wait_for_waiting(std::size_t count) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, kPatience, [&] { return waiting_.size() >= count; });
}

std::vector<base::UniqueFunction<void(int)>> Gate::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(waiting_, {});
}

TestServer::TestServer(ServerOptions options) {
  if (options.listeners.empty()) options.listeners.emplace_back();
  for (ListenerOptions& listener : options.listeners) {
    if (listener.listen.empty()) listener.listen = "127.0.0.1:0";
    if (listener.name.empty()) listener.name = "main";
  }
  options.log_error = [this](std::string_view line) {
    const std::lock_guard lock(log_mutex_);
    log_.emplace_back(line);
  };
  server_ = std::make_unique<Server>(std::move(options), make_router());
  server_->start();
}

std::vector<std::string> TestServer::log() {
  const std::lock_guard lock(log_mutex_);
  return log_;
}

bool TestServer::wait_until(const std::function<bool(const ServerStats&)>& holds) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (!holds(server_->stats())) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

bool TestServer::wait_for_feeds(int alive) {
  return wait_until([&](const ServerStats&) { return feeds_ == alive; });
}

void TestServer::add_feeds(Router& router) {
  using std::chrono::milliseconds;
  const auto add = [&](std::string_view path, milliseconds pause, Maker make) {
    router.add(Method::kGet, path, [this, pause, make = std::move(make)](Request&) -> Answering {
      Response response;
      response.content_type = "text/plain";
      response.body = "begin\n";
      response.feed = std::make_shared<MadeFeed>(feeds_, pause, make);
      co_return response;
    });
  };
  add("/feed/count", milliseconds(3), numbered);
  add("/feed/hour", std::chrono::hours(1), numbered);
  add("/feed/three", milliseconds(1), [](int number) -> std::optional<std::string> {
    return number > 3 ? std::nullopt : std::optional(numbered(number));
  });
  add("/feed/flood", milliseconds(0), [this](int) {
    ++flooded_;
    return std::string(64 << 10, 'x');
  });
  add("/feed/fail", milliseconds(1), [](int number) {
    if (number > 1) throw std::runtime_error("/etc/secret is missing");
    return numbered(number);
  });
}

Router TestServer::make_router() {
  Router router;
  add_feeds(router);
  router.add(Method::kGet, "/hello", hello);
  router.add(Method::kPost, "/echo", echo, RouteOptions{1000});
  router.add(Method::kPost, "/batch", measure, RouteOptions{100'000});
  router.add(Method::kGet, "/items/{id}", item);
  router.add(Method::kGet, "/large", large);
  router.add(Method::kGet, "/throw", fail);
  router.add(Method::kGet, "/split", split);
  router.add(Method::kGet, "/abort", abort_connection);
  router.add(Method::kGet, "/info", info);
  router.add(Method::kGet, "/canary", [this](Request&) -> Answering {
    ++canaries_;
    co_return text_response("canary");
  });
  router.add(Method::kGet, "/wait", [this](Request& request) -> Answering {
    auto start = [this, &request](base::UniqueFunction<void(int)> done) {
      // As a store does: the answer is posted to the executor that the request names.
      gate_.enter([executor = request.executor, done = std::move(done)](int value) mutable {
        executor->post([done = std::move(done), value]() mutable { done(value); });
      });
    };
    const int value = co_await await_done<int>(start);
    co_return text_response(std::to_string(value));
  });
  return router;
}

}  // namespace heliograph::http::testing
