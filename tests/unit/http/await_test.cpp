#include "core/http/await.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>

namespace heliograph::http {
namespace {

namespace asio = boost::asio;
using Done = base::UniqueFunction<void(std::unique_ptr<std::string>)>;  // a move-only result

// Runs one await_done on an io_context of its own.
class AwaitDone : public ::testing::Test {
 protected:
  void spawn(base::UniqueFunction<void(Done)> start) {
    start_ = std::move(start);
    auto ended = [this](std::exception_ptr error, std::string value) {
      error_ = error;
      if (!error) value_ = std::move(value);
      ended_ = true;
    };
    asio::co_spawn(loop_, run(), ended);
  }

  asio::awaitable<std::string> run() {
    auto start = [this](Done done) { start_(std::move(done)); };
    auto value = co_await await_done<std::unique_ptr<std::string>>(start);
    resumed_on_ = std::this_thread::get_id();
    co_return *value;
  }

  asio::io_context loop_;
  base::UniqueFunction<void(Done)> start_;
  std::optional<std::string> value_;
  std::exception_ptr error_;
  std::thread::id resumed_on_;
  bool ended_ = false;
};

TEST_F(AwaitDone, GivesTheValueOfALaterCall) {
  std::optional<Done> kept;
  spawn([&](Done done) { kept = std::move(done); });
  loop_.poll();
  ASSERT_TRUE(kept);
  EXPECT_FALSE(ended_);
  (*kept)(std::make_unique<std::string>("late"));
  loop_.restart();
  loop_.run();
  EXPECT_EQ(value_, "late");
}

TEST_F(AwaitDone, GivesTheValueOfACallFromInsideStart) {
  spawn([](Done done) { done(std::make_unique<std::string>("at once")); });
  loop_.run();
  EXPECT_EQ(value_, "at once");
}

TEST_F(AwaitDone, GoesOnWhereItWasAlthoughAnotherThreadCalls) {
  std::thread other;
  spawn([&](Done done) {
    other = std::thread(
        [done = std::move(done)]() mutable { done(std::make_unique<std::string>("over there")); });
  });
  loop_.run();
  other.join();
  EXPECT_EQ(value_, "over there");
  EXPECT_EQ(resumed_on_, std::this_thread::get_id());
}

TEST_F(AwaitDone, ThrowsWhereTheOperationIsDropped) {
  std::optional<Done> kept;
  spawn([&](Done done) { kept = std::move(done); });
  loop_.poll();
  kept.reset();
  EXPECT_FALSE(ended_);  // not from inside the destructor
  loop_.restart();
  loop_.run();
  ASSERT_TRUE(ended_);
  EXPECT_THROW(std::rethrow_exception(error_), OperationDropped);
}

TEST_F(AwaitDone, TakesTheFirstCallOnly) {
  std::optional<Done> kept;
  spawn([&](Done done) { kept = std::move(done); });
  loop_.poll();
  (*kept)(std::make_unique<std::string>("first"));
  (*kept)(std::make_unique<std::string>("second"));
  kept.reset();
  loop_.restart();
  loop_.run();
  EXPECT_EQ(value_, "first");
}

TEST_F(AwaitDone, CountsAStartThatThrowsAsDropped) {
  spawn([](const Done&) { throw std::runtime_error("cannot start"); });
  loop_.run();
  ASSERT_TRUE(ended_);
  EXPECT_THROW(std::rethrow_exception(error_), OperationDropped);
}

}  // namespace
}  // namespace heliograph::http
