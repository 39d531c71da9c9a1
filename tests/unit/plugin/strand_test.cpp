#include "core/plugin/strand.h"

#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "core/plugin/control_thread.h"
#include "tests/unit/plugin/harness.h"

namespace heliograph::plugin {
namespace {

TEST(Strand, TheLoopDoesNotWaitForTheControlThread) {
  TestLoop loop;
  loop.start();
  Strand strand{loop};
  strand.enter();
  EXPECT_FALSE(loop.run([&] { return strand.try_enter(); }));
  std::promise<bool> ran;
  auto put_off = ran.get_future();
  strand.put_off([&] { ran.set_value(strand.try_enter()); });
  loop.run([] {});
  EXPECT_NE(put_off.wait_for(std::chrono::seconds{0}), std::future_status::ready);
  strand.leave();
  ASSERT_EQ(put_off.wait_for(kPatience), std::future_status::ready);
  EXPECT_TRUE(put_off.get());
  strand.leave();
}

TEST(Strand, CallsNeverOverlap) {
  TestLoop loop;
  loop.start();
  Strand strand{loop};
  int inside = 0;  // unguarded on purpose: TSan sees an overlap
  std::promise<void> finished;
  int left = 500;
  std::function<void()> work = [&] {
    if (strand.try_enter()) {
      ++inside;
      strand.leave();
      if (--left == 0) return finished.set_value();
    }
    loop.post([&] { work(); });
  };
  loop.post([&] { work(); });
  for (int i = 0; i < 500; ++i) {
    strand.enter();
    ++inside;
    strand.leave();
  }
  finished.get_future().get();
  strand.enter();
  EXPECT_EQ(inside, 1000);
  strand.leave();
}

TEST(Strand, AbandonedRefusesAndDrops) {
  TestLoop loop;
  Strand strand{loop};
  strand.enter();
  auto witness = std::make_shared<int>(1);
  strand.put_off([witness] {});
  EXPECT_EQ(witness.use_count(), 2);
  strand.abandon();
  EXPECT_EQ(witness.use_count(), 1);
  EXPECT_FALSE(strand.try_enter());
}

TEST(ControlThread, RunsInOrderAndGivesUpOnAHangingCall) {
  ControlThread thread;
  int value = 0;
  EXPECT_TRUE(thread.run([&] { value = 1; }, kPatience));
  EXPECT_EQ(value, 1);
  auto gate = std::make_shared<std::promise<void>>();
  auto done = std::make_shared<std::promise<void>>();
  auto finished = done->get_future();
  EXPECT_FALSE(thread.run(
      [gate, done] {
        gate->get_future().wait();
        done->set_value();
      },
      std::chrono::milliseconds{10}));
  EXPECT_TRUE(thread.run([&] { value = 2; }, kPatience)) << "another thread does the next call";
  EXPECT_EQ(value, 2);
  gate->set_value();
  EXPECT_EQ(finished.wait_for(kPatience), std::future_status::ready);
}

}  // namespace
}  // namespace heliograph::plugin
