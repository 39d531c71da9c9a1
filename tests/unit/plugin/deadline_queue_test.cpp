#include "core/plugin/deadline_queue.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace heliograph::plugin {
namespace {

using std::chrono::milliseconds;

// Time that passes when told; counts how many timers were set.
class VirtualLoop final : public ports::Loop, public ports::Clock {
 public:
  void post(base::Task task) override { task(); }
  ports::TimerId run_at(ports::MonoTime at, base::Task task) override {
    ++timers_set;
    timers.emplace(at, std::move(task));
    return ports::TimerId{1};
  }
  void cancel(ports::TimerId) override {}
  ports::MonoTime mono() const override { return now; }
  model::TimePoint wall() const override { return {}; }
  model::TimePoint real_wall() const override { return {}; }
  void advance_to(milliseconds time) {
    now = ports::MonoTime{time};
    while (!timers.empty() && timers.begin()->first <= now) {
      auto timer = timers.extract(timers.begin());
      timer.mapped()();
    }
  }
  ports::MonoTime now{};
  int timers_set = 0;
  std::multimap<ports::MonoTime, base::Task> timers;
};

class DeadlineQueueTest : public ::testing::Test {
 protected:
  void add(std::uint64_t number, milliseconds time) {
    open.insert(number);
    queue.add(number, ports::MonoTime{time});
  }
  VirtualLoop loop;
  std::set<std::uint64_t> open;
  std::vector<std::uint64_t> passed;
  DeadlineQueue queue{loop, loop, [this](std::uint64_t n) { return open.contains(n); },
                      [this](std::uint64_t n) {
                        open.erase(n);
                        passed.push_back(n);
                      }};
};

TEST_F(DeadlineQueueTest, TellsInOrderOfDeadlines) {
  add(1, milliseconds{30});
  add(2, milliseconds{10});
  add(3, milliseconds{20});
  loop.advance_to(milliseconds{9});
  EXPECT_TRUE(passed.empty());
  loop.advance_to(milliseconds{20});
  EXPECT_EQ(passed, (std::vector<std::uint64_t>{2, 3}));
  loop.advance_to(milliseconds{100});
  EXPECT_EQ(passed.back(), 1U);
}

TEST_F(DeadlineQueueTest, WorkThatEndsInTimeCostsNoTimers) {
  for (int i = 0; i < 10'000; ++i) {
    const auto number = static_cast<std::uint64_t>(i) + 1;
    loop.advance_to(milliseconds{i});
    add(number, milliseconds{i + 5000});
    if (number > 50) open.erase(number - 50);
  }
  EXPECT_TRUE(passed.empty());
  EXPECT_LT(loop.timers_set, 10);
}

TEST(DeadlineQueue, MayEndBeforeItsTimer) {
  VirtualLoop loop;
  {
    DeadlineQueue queue{loop, loop, [](auto) { return true; }, [](auto) { FAIL(); }};
    queue.add(1, ports::MonoTime{milliseconds{5}});
  }
  loop.advance_to(milliseconds{10});
}

}  // namespace
}  // namespace heliograph::plugin
