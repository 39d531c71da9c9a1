// Names that hang hold up nobody but those who ask for them.
#include "core/http/resolver_threads.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>

namespace heliograph::http {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;
using namespace std::chrono_literals;

// Name servers of which some do not answer until they are told.
class Names {
 public:
  ResolverThreads::Endpoints look_up(const std::string& host) {
    std::unique_lock lock(mutex_);
    asked_.push_back(host);
    changed_.notify_all();
    if (host.starts_with("dead")) changed_.wait(lock, [&] { return released_; });
    return {{boost::asio::ip::make_address("192.0.2.1"), 0}};
  }
  bool wait_asked(const std::string& host) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 10s,
                             [&] { return std::ranges::find(asked_, host) != asked_.end(); });
  }
  void release() {
    const std::scoped_lock lock(mutex_);
    released_ = true;
    changed_.notify_all();
  }
  std::vector<std::string> asked() {
    const std::scoped_lock lock(mutex_);
    return asked_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> asked_;
  bool released_ = false;
};

class ResolverThreadsTest : public testing::Test {
 protected:
  // The threads end after this object; what they ask lives on with them.
  void make(std::size_t threads) {
    resolver.emplace(loop, threads,
                     [names = names](const std::string& host, boost::system::error_code&) {
                       return names->look_up(host);
                     });
  }
  ~ResolverThreadsTest() override { names->release(); }

  ResolverThreads::Id ask(const std::string& host, std::uint16_t port = 80) {
    return resolver->resolve(host, port, [this, host](auto, const auto& endpoints) {
      answers.push_back(host + ":" + std::to_string(endpoints.at(0).port()));
    });
  }
  void run_until_answers(std::size_t count) {
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    const auto work = boost::asio::make_work_guard(loop);
    loop.restart();
    while (answers.size() < count && std::chrono::steady_clock::now() < deadline) {
      loop.run_one_for(100ms);
    }
  }

  std::shared_ptr<Names> names = std::make_shared<Names>();
  boost::asio::io_context loop;
  std::optional<ResolverThreads> resolver;
  std::vector<std::string> answers;
};

TEST_F(ResolverThreadsTest, ADeadNameTakesOneThreadHoweverManyAsk) {
  make(4);
  for (std::uint16_t port = 1; port <= 20; ++port) ask("dead.example", port);
  ask("good.example", 443);
  run_until_answers(1);
  EXPECT_THAT(answers, ElementsAre("good.example:443"));
  names->release();
  run_until_answers(21);
  EXPECT_EQ(answers.size(), 21u);
  EXPECT_THAT(names->asked(), UnorderedElementsAre("dead.example", "good.example"));
}

TEST_F(ResolverThreadsTest, ManyDeadNamesHoldUpNoneThatWasFoundBefore) {
  make(4);
  ask("good.example", 1);
  run_until_answers(1);
  for (int i = 1; i <= 20; ++i) ask("dead" + std::to_string(i) + ".example");
  ASSERT_TRUE(names->wait_asked("dead1.example"));
  ASSERT_TRUE(names->wait_asked("dead2.example"));
  ask("good.example", 2);
  run_until_answers(2);
  EXPECT_THAT(answers, ElementsAre("good.example:1", "good.example:2"));
  EXPECT_EQ(names->asked().size(), 4u) << "two of the dead ones, which hang";
  names->release();
  run_until_answers(22);
  EXPECT_EQ(answers.size(), 22u);
}

TEST_F(ResolverThreadsTest, WhatNobodyWaitsForIsNotLookedUp) {
  make(1);
  const auto running = ask("dead1.example");
  ASSERT_TRUE(names->wait_asked("dead1.example"));
  const auto queued = ask("dead2.example");
  const auto kept = ask("dead3.example", 1);
  ask("dead3.example", 2);
  for (const auto id : {running, queued, kept, kept}) resolver->cancel(id);
  names->release();
  run_until_answers(1);
  EXPECT_THAT(answers, ElementsAre("dead3.example:2"));
  EXPECT_THAT(names->asked(), ElementsAre("dead1.example", "dead3.example"));
}

// The answer of the first is on its way when it is cancelled; the second is another lookup.
TEST_F(ResolverThreadsTest, ACancelThatComesLateHarmsNobodyElse) {
  make(1);
  const auto late = ask("first.example", 1);
  ask("dead.example");
  ASSERT_TRUE(names->wait_asked("dead.example"));
  ask("first.example", 2);
  resolver->cancel(late);
  names->release();
  run_until_answers(2);
  EXPECT_THAT(answers, ElementsAre("dead.example:80", "first.example:2"));
}

TEST_F(ResolverThreadsTest, ItsEndWaitsForNobody) {
  make(1);
  ask("dead.example");
  ASSERT_TRUE(names->wait_asked("dead.example"));
  resolver.reset();
  names->release();
  loop.run();
  EXPECT_TRUE(answers.empty());
}

}  // namespace
}  // namespace heliograph::http
