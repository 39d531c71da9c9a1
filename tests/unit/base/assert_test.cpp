#include "core/base/assert.h"

#include <gtest/gtest.h>

namespace {

TEST(Assert, GoesOnWhenTheConditionHolds) {
  int evaluated = 0;
  HG_ASSERT(++evaluated == 1);
  EXPECT_EQ(evaluated, 1);
}

TEST(AssertDeathTest, StopsTheProcessAndSaysWhere) {
  EXPECT_DEATH(HG_ASSERT(1 + 1 == 3),
               "internal error: 1 \\+ 1 == 3 does not hold .*assert_test.cpp");
}

}  // namespace
