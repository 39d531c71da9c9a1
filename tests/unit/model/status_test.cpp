#include "core/model/status.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <vector>

namespace heliograph::model {
namespace {

using enum Status;

constexpr std::array kAll = {kScheduled,  kQueued,     kSending, kSent,      kDelivered,
                             kFailedTemp, kFailedPerm, kExpired, kCancelled, kUnknown};

// The whole table, written out a second time: what is not here is forbidden.
const std::map<Status, std::set<Status>> kAllowed = {
    {kScheduled, {kQueued, kSending, kCancelled, kExpired}},
    {kQueued, {kSending, kCancelled, kExpired, kUnknown, kSent, kDelivered}},
    {kSending, {kSent, kFailedTemp, kFailedPerm, kUnknown, kQueued, kExpired}},
    {kFailedTemp, {kSending, kFailedPerm, kExpired, kCancelled, kUnknown, kSent, kDelivered}},
    {kSent, {kDelivered, kFailedPerm}},
    {kUnknown, {kSent, kDelivered, kFailedPerm}},
};

TEST(Status, ChangesAsTheTableSaysAndInNoOtherWay) {
  for (const Status from : kAll) {
    const auto row = kAllowed.find(from);
    for (const Status to : kAll) {
      const bool allowed = row != kAllowed.end() && row->second.contains(to);
      EXPECT_EQ(can_change(from, to), allowed) << to_string(from) << " -> " << to_string(to);
    }
  }
}

TEST(Status, NeverComesBackToSendingButByTheOneLoop) {
  // Without SENDING -> QUEUED (nothing was sent) and SENDING -> FAILED_TEMP the machine has no
  // cycle: removing them, repeated steps must end.
  std::set<Status> reached(kAll.begin(), kAll.end());
  for (std::size_t step = 0; step <= kAll.size(); ++step) {
    std::set<Status> next;
    for (const Status from : reached) {
      for (const Status to : kAll) {
        const bool loop = from == kSending && (to == kQueued || to == kFailedTemp);
        if (can_change(from, to) && !loop) next.insert(to);
      }
    }
    reached = next;
  }
  EXPECT_TRUE(reached.empty());
}

TEST(Status, SortsIntoTerminalWaitingAndDead) {
  const std::set<Status> terminal = {kDelivered, kFailedPerm, kExpired, kCancelled};
  const std::set<Status> waiting = {kScheduled, kQueued, kFailedTemp};
  const std::set<Status> dead = {kFailedPerm, kExpired, kUnknown};
  for (const Status status : kAll) {
    EXPECT_EQ(is_terminal(status), terminal.contains(status)) << to_string(status);
    EXPECT_EQ(is_waiting(status), waiting.contains(status)) << to_string(status);
    EXPECT_EQ(is_dead_letter(status), dead.contains(status)) << to_string(status);
    EXPECT_EQ(can_requeue(status), dead.contains(status)) << to_string(status);
    if (is_waiting(status)) {
      EXPECT_TRUE(can_change(status, kSending)) << to_string(status);
      EXPECT_TRUE(can_change(status, kCancelled)) << to_string(status);
      EXPECT_TRUE(can_change(status, kExpired)) << to_string(status);
    }
  }
}

TEST(Status, HasAWordForEachValue) {
  for (const Status status : kAll) EXPECT_EQ(parse_status(to_string(status)), status);
  EXPECT_EQ(to_string(kFailedTemp), "FAILED_TEMP");
  EXPECT_FALSE(parse_status("queued"));
  EXPECT_FALSE(parse_status(""));
  EXPECT_FALSE(parse_status("QUEUED "));
}

TEST(FailReason, HasAWordForEachValue) {
  using enum FailReason;
  for (const FailReason reason :
       {FailReason::kRejected, kUndelivered, kAttemptsExhausted, FailReason::kExpired}) {
    EXPECT_EQ(parse_fail_reason(to_string(reason)), reason);
  }
  EXPECT_EQ(to_string(kNone), "");
  EXPECT_FALSE(parse_fail_reason(""));
  EXPECT_FALSE(parse_fail_reason("REJECTED"));
}

TEST(StatusDeathTest, HasNoWordForAValueFromNowhere) {
  EXPECT_DEATH(to_string(static_cast<Status>(10)), "internal error");
}

}  // namespace
}  // namespace heliograph::model
