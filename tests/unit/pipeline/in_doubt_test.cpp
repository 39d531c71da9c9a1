#include "core/pipeline/in_doubt.h"

#include <gtest/gtest.h>

namespace heliograph::pipeline {
namespace {

using enum model::InDoubt;

TEST(DoubtPolicy, TheMessageThenTheGatewayThenTheProvider) {
  const struct {
    model::InDoubt message, gateway;
    bool dedupes;
    model::InDoubt expected;
  } cases[] = {
      {kAuto, kAuto, true, kResolveSame},
      {kAuto, kAuto, false, kAtLeastOnce},
      {kAuto, kAtMostOnce, true, kAtMostOnce},
      {kAuto, kResolveSame, false, kResolveSame},
      {kAtMostOnce, kAtLeastOnce, true, kAtMostOnce},
      {kAtLeastOnce, kAtMostOnce, true, kAtLeastOnce},
      {kResolveSame, kAuto, false, kResolveSame},
  };
  for (const auto& c : cases) EXPECT_EQ(doubt_policy(c.message, c.gateway, c.dedupes), c.expected);
}

}  // namespace
}  // namespace heliograph::pipeline
