// What the store counts: that which is committed, and when.
#include <gtest/gtest.h>

#include "tests/support/recorded_metrics.h"
#include "tests/unit/store/world.h"

namespace heliograph::store {
namespace {

using model::Outcome;
using model::ReceiptState;
using model::Status;
using std::chrono::seconds;
using Recorded = std::pair<std::uint64_t, double>;

class StoreMetricsTest : public testing::Test {
 protected:
  std::uint64_t reached(const char* status) {
    return metrics.count("heliograph_message_status_total", {{"status", status}});
  }
  std::uint64_t receipts(const char* result) {
    return metrics.count("heliograph_receipts_total", {{"result", result}});
  }
  Recorded until_receipt() {
    return metrics.recorded("heliograph_send_to_receipt_seconds", {{"provider", "alpha"}});
  }

  test::RecordedMetrics metrics;
  World world{Threading::kInline, [this](SqliteOptions& options) { options.metrics = &metrics; }};
};

TEST_F(StoreMetricsTest, StatusesAreCountedAsTheyAreReached) {
  world.sent("p-1");
  EXPECT_EQ(reached("SENT"), 1U);
  world.failed();
  EXPECT_EQ(reached("FAILED_PERM"), 1U);
  EXPECT_EQ(metrics.count("heliograph_dead_letters_total", {{"status", "FAILED_PERM"}}), 1U);
  EXPECT_EQ(metrics.count("heliograph_dead_letters_total", {{"status", "SENT"}}), 0U);
  const auto waiting = world.accept_ok();
  world.cancel(waiting);
  EXPECT_EQ(reached("CANCELLED"), 1U);
  EXPECT_EQ(reached("QUEUED"), 0U);
}

TEST_F(StoreMetricsTest, TheWayToTheReceiptIsTimed) {
  world.sent("p-1");
  world.clock.advance(seconds{7});
  world.receipt(world.receipt_of("p-1", ReceiptState::kDelivered));
  EXPECT_EQ(until_receipt(), Recorded(1, 7.0));
  world.receipt(world.receipt_of("p-1", ReceiptState::kDelivered));
  world.receipt(world.receipt_of("nobody's", ReceiptState::kDelivered));
  EXPECT_EQ(until_receipt(), Recorded(1, 7.0));
  EXPECT_EQ(receipts("applied"), 1U);
  EXPECT_EQ(receipts("no_change"), 1U);
  EXPECT_EQ(receipts("parked"), 1U);
}

TEST_F(StoreMetricsTest, AReceiptThatCameEarlyTookNoTime) {
  const model::MessageId id = world.accept_ok();
  ASSERT_TRUE(world.begin(id));
  world.receipt(world.receipt_of("p-1", ReceiptState::kDelivered));
  world.clock.advance(seconds{5});
  ports::FinishAttempt command = world.outcome(id, Outcome::kSent, Status::kSent);
  command.result.provider_message_id = "p-1";
  world.finish(command);
  EXPECT_EQ(until_receipt(), Recorded(1, 0.0));
  EXPECT_EQ(reached("DELIVERED"), 1U);
}

TEST_F(StoreMetricsTest, CommitsAndWhatTheyHoldAreCounted) {
  const auto before = metrics.recorded("heliograph_store_batch_operations");
  world.accept_ok();
  world.accept_ok();
  const auto after = metrics.recorded("heliograph_store_batch_operations");
  EXPECT_EQ(after.first - before.first, 2U);
  EXPECT_EQ(after.second - before.second, 2.0);
  EXPECT_EQ(metrics.recorded("heliograph_store_commit_seconds").first, after.first);
}

}  // namespace
}  // namespace heliograph::store
