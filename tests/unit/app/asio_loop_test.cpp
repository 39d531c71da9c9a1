#include "core/app/asio_loop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "core/app/system_clock.h"

namespace heliograph::app {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

constexpr auto kPatience = 20s;

class AsioLoopTest : public testing::Test {
 protected:
  // Runs `setup` on the loop and waits until something calls finish().
  void run(base::Task setup) {
    loop_.post(std::move(setup));
    loop_.start();
    ASSERT_EQ(finished_.get_future().wait_for(kPatience), std::future_status::ready);
    loop_.stop();
  }
  void finish() { finished_.set_value(); }

  SystemClock clock_;
  AsioLoop loop_{clock_};
  std::promise<void> finished_;
  std::vector<int> seen_;
};

TEST_F(AsioLoopTest, TimersRunInTheOrderOfTheirTimes) {
  run([this] {
    const auto now = clock_.mono();
    loop_.run_at(now + 30ms, [this] {
      seen_.push_back(3);
      finish();
    });
    loop_.run_at(now + 10ms, [this] { seen_.push_back(1); });
    loop_.run_at(now + 20ms, [this] { seen_.push_back(2); });
  });
  EXPECT_THAT(seen_, ElementsAre(1, 2, 3));
}

TEST_F(AsioLoopTest, ACancelledTimerDoesNotRun) {
  run([this] {
    const auto now = clock_.mono();
    const auto doomed = loop_.run_at(now + 1ms, [this] { seen_.push_back(1); });
    loop_.run_at(now + 20ms, [this] { finish(); });
    loop_.cancel(doomed);
    loop_.cancel(doomed);
  });
  EXPECT_THAT(seen_, ElementsAre());
}

TEST_F(AsioLoopTest, ATimerInThePastRunsLaterNotInside) {
  run([this] {
    loop_.run_at(clock_.mono() - 1s, [this] {
      seen_.push_back(2);
      finish();
    });
    seen_.push_back(1);
  });
  EXPECT_THAT(seen_, ElementsAre(1, 2));
}

TEST_F(AsioLoopTest, PostsRunInOrderAndMayCancelAnEarlierTimersSuccessor) {
  run([this] {
    const auto now = clock_.mono();
    auto second = std::make_shared<ports::TimerId>();
    loop_.run_at(now - 2ms, [this, second] { loop_.cancel(*second); });
    *second = loop_.run_at(now - 1ms, [this] { seen_.push_back(9); });
    loop_.run_at(now + 5ms, [this] { finish(); });
  });
  EXPECT_THAT(seen_, ElementsAre());
}

TEST_F(AsioLoopTest, WhatIsQueuedAtTheEndIsDestroyedUnrun) {
  auto token = std::make_shared<int>(0);
  const std::weak_ptr<int> watch = token;
  {
    AsioLoop loop(clock_);
    loop.post([token = std::move(token)] { ADD_FAILURE() << "it was never started"; });
  }
  EXPECT_TRUE(watch.expired());
}

}  // namespace
}  // namespace heliograph::app
