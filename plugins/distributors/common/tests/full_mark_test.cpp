#include "plugins/distributors/common/full_mark.h"

#include <gtest/gtest.h>

namespace heliograph::plugins::distributors {
namespace {

TEST(FullMark, EndsWithTheFirstSlotThatIsFreeAgain) {
  FullMark mark;
  EXPECT_FALSE(mark.full(0, 10)) << "nothing was refused";
  mark.chosen(10);
  mark.not_tried(1'000);
  EXPECT_TRUE(mark.full(1'001, 10));
  EXPECT_TRUE(mark.full(1'001, 11));
  EXPECT_FALSE(mark.full(1'001, 9));
}

TEST(FullMark, EndsInAnyCaseAfterAMoment) {
  FullMark mark;
  mark.not_tried(1'000);
  EXPECT_TRUE(mark.full(1'000 + FullMark::kLastsNs - 1, 0));
  EXPECT_FALSE(mark.full(1'000 + FullMark::kLastsNs, 0));
}

}  // namespace
}  // namespace heliograph::plugins::distributors
