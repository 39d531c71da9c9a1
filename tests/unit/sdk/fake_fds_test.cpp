#include <gtest/gtest.h>

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <memory>

#include "glue_fixture.h"

namespace heliograph::sdk::testing {
namespace {

class FakeFdsTest : public ::testing::Test {
 protected:
  FakeFdsTest() {
    if (pipe2(ends_.data(), O_NONBLOCK | O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
  }
  ~FakeFdsTest() override {
    close(ends_[0]);
    if (ends_[1] >= 0) close(ends_[1]);
  }

  const hg_fd& fd() const {
    return *static_cast<const hg_fd*>(host_.raw()->get_extension(host_.raw(), HG_EXT_FD));
  }
  hg_status watch(int descriptor, std::uint32_t interest) {
    hg_status status = HG_OK;
    host_.in_loop([&] {
      status = fd().watch(
          host_.raw(), descriptor, interest,
          [](void* arg, uint64_t, uint32_t ready) {
            auto* self = static_cast<FakeFdsTest*>(arg);
            self->ready_ |= ready;
            ++self->calls_;
          },
          this, 0, &id_);
    });
    return status;
  }

  FakeHost host_;
  std::array<int, 2> ends_{-1, -1};
  hg_id id_ = 0;
  std::uint32_t ready_ = 0;
  int calls_ = 0;
};

TEST_F(FakeFdsTest, ReadinessIsTheLevel) {
  EXPECT_EQ(watch(ends_[0], HG_FD_READ), HG_OK);
  EXPECT_EQ(write(ends_[1], "x", 1), 1);
  EXPECT_TRUE(host_.run_until([&] { return calls_ == 3; }));  // nobody reads, so it is told again
  EXPECT_EQ(ready_, HG_FD_READ);
}

TEST_F(FakeFdsTest, HangUpIsToldWithoutInterest) {
  EXPECT_EQ(watch(ends_[0], 0), HG_OK);
  close(ends_[1]);
  ends_[1] = -1;
  EXPECT_TRUE(host_.run_until([&] { return calls_ > 0; }));
  EXPECT_EQ(ready_, HG_FD_ERROR);
}

TEST_F(FakeFdsTest, InterestAndUnwatch) {
  EXPECT_EQ(watch(ends_[1], 0), HG_OK);
  host_.fds().poll(std::chrono::milliseconds{0});
  EXPECT_EQ(calls_, 0);
  host_.in_loop([&] { EXPECT_EQ(fd().interest(host_.raw(), id_, HG_FD_WRITE), HG_OK); });
  EXPECT_TRUE(host_.run_until([&] { return ready_ == HG_FD_WRITE; }));
  host_.in_loop([&] {
    EXPECT_EQ(fd().unwatch(host_.raw(), id_), HG_OK);
    EXPECT_EQ(fd().unwatch(host_.raw(), id_), HG_E_STALE);
    EXPECT_EQ(fd().interest(host_.raw(), id_, 0), HG_E_STALE);
  });
}

TEST_F(FakeFdsTest, WhatCannotBeWatchedIsRefused) {
  EXPECT_EQ(watch(ends_[0], HG_FD_READ), HG_OK);
  EXPECT_EQ(watch(ends_[0], HG_FD_READ), HG_E_STATE);
  EXPECT_EQ(watch(-1, HG_FD_READ), HG_E_IO);
  const std::unique_ptr<FILE, int (*)(FILE*)> file(std::tmpfile(), &std::fclose);
  EXPECT_EQ(watch(fileno(file.get()), HG_FD_READ), HG_E_IO);
}

TEST_F(FakeFdsTest, WaitingEndsAtTheTimeout) {
  EXPECT_FALSE(host_.run_until([] { return false; }, std::chrono::milliseconds{1}));
}

}  // namespace
}  // namespace heliograph::sdk::testing
