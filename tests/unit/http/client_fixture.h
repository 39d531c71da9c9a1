// A client on a loop that the test runs, with peers that follow scripts.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "core/http/client.h"
#include "tests/unit/http/certificates.h"
#include "tests/unit/http/scripted_peer.h"

namespace heliograph::http::testing {

using namespace std::chrono_literals;
using ports::HttpRefusal;
using ports::OutgoingRequest;
using ports::OutgoingResponse;

class RealClock final : public ports::Clock {
 public:
  ports::MonoTime mono() const override {
    return ports::MonoTime(std::chrono::steady_clock::now().time_since_epoch()) + ahead_.load();
  }
  model::TimePoint wall() const override { return real_wall(); }
  model::TimePoint real_wall() const override {
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  }
  // [any thread] From now on mono() is later by this much. Timers that are set stay as they are.
  void leap(std::chrono::hours by) { ahead_ = by; }

 private:
  std::atomic<std::chrono::nanoseconds> ahead_{};
};

// A flag that one thread raises and another waits for.
class Signal {
 public:
  void raise() {
    const std::lock_guard lock(mutex_);
    raised_ = true;
    changed_.notify_all();
  }
  bool is_raised() {
    const std::lock_guard lock(mutex_);
    return raised_;
  }
  bool wait() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, [this] { return raised_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool raised_ = false;
};

class ClientTest : public ::testing::Test {
 protected:
  void make(ports::HttpPoolOptions options = {}) {
    // The system's authorities take a tenth of a second to read.
    static const Authority nobody("nobody");
    if (options.ca_file.empty()) options.ca_file = nobody.ca_file();
    client_ = factory_->make(options);
  }

  OutgoingRequest get(const std::string& url, std::chrono::milliseconds within = kPatience) {
    OutgoingRequest request;
    request.method = "GET";
    request.url = url;
    request.deadline = clock_.mono() + within;
    return request;
  }

  ports::HttpClient::Id start(OutgoingRequest request, int tag = 0) {
    auto done = [this, tag](OutgoingResponse response) {
      EXPECT_FALSE(inside_request_);
      EXPECT_FALSE(answers_.contains(tag));
      answers_[tag] = std::move(response);
    };
    inside_request_ = true;
    auto id = client_->request(std::move(request), done);
    inside_request_ = false;
    EXPECT_TRUE(id) << "refused: " << static_cast<int>(id.error());
    return id.value_or(0);
  }

  // Runs the loop until that answer is there.
  OutgoingResponse wait_for(int tag = 0) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience + 2s;
    while (!answers_.contains(tag) && std::chrono::steady_clock::now() < deadline) {
      loop_.restart();
      loop_.run_one_for(100ms);
    }
    EXPECT_TRUE(answers_.contains(tag)) << "no answer " << tag;
    OutgoingResponse response = std::move(answers_[tag]);
    answers_.erase(tag);
    return response;
  }

  OutgoingResponse exchange(OutgoingRequest request) {
    start(std::move(request));
    return wait_for();
  }

  // Runs what is ready now.
  void run_ready() {
    loop_.restart();
    loop_.poll();
  }

  bool run_until(const std::function<bool()>& holds) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (!holds() && std::chrono::steady_clock::now() < deadline) {
      loop_.restart();
      loop_.run_one_for(10ms);
    }
    return holds();
  }

  HttpRefusal refusal(OutgoingRequest request) {
    const auto id = client_->request(std::move(request), [](OutgoingResponse) { FAIL(); });
    EXPECT_FALSE(id);
    return id ? HttpRefusal::kStopped : id.error();
  }

  RealClock clock_;
  boost::asio::io_context loop_;
  std::unique_ptr<ports::HttpClientFactory> factory_ = make_http_client_factory(loop_, clock_);
  std::unique_ptr<ports::HttpClient> client_;
  std::map<int, OutgoingResponse> answers_;
  bool inside_request_ = false;
};

}  // namespace heliograph::http::testing
