// The logical clock does not go back between two runs.
#include "core/app/system_clock.h"

#include <gtest/gtest.h>

namespace heliograph::app {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

TEST(SystemClockTest, StartsNoEarlierThanAsked) {
  SystemClock clock;
  const auto later = clock.wall() + hours{24};
  EXPECT_GT(clock.not_before(later), hours{23});
  EXPECT_GE(clock.wall(), later);
  EXPECT_LT(clock.wall(), later + hours{1});
  EXPECT_LT(clock.real_wall(), later);
}

TEST(SystemClockTest, KeepsItsTimeWhenItIsLaterAlready) {
  SystemClock clock;
  const auto before = clock.wall();
  EXPECT_EQ(clock.not_before(before - hours{24}).count(), 0);
  EXPECT_LT(clock.wall() - before, seconds{60});
}

}  // namespace
}  // namespace heliograph::app
