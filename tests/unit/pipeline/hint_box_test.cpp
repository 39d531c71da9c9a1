#include "core/pipeline/hint_box.h"

#include <gtest/gtest.h>

namespace heliograph::pipeline {
namespace {

model::WorkItem item(std::int64_t row, std::int64_t client = 1) {
  model::WorkItem out;
  out.id = model::MessageId::from_parts(row, 1);
  out.client = model::ClientId{client};
  out.due = model::TimePoint{std::chrono::milliseconds{row * 10}};
  return out;
}

std::vector<model::WorkItem> items(std::int64_t from, std::int64_t to) {
  std::vector<model::WorkItem> out;
  for (std::int64_t row = from; row <= to; ++row) out.push_back(item(row));
  return out;
}

TEST(HintBox, WakesItsReaderOnce) {
  HintBox box(100);
  EXPECT_TRUE(box.put(items(1, 3)));
  EXPECT_FALSE(box.put(items(4, 5)));
  const auto hints = box.take();
  ASSERT_EQ(hints.items.size(), 5u);
  for (std::size_t i = 0; i < 5; ++i)
    EXPECT_EQ(hints.items[i].id.row(), static_cast<std::int64_t>(i) + 1);
  EXPECT_TRUE(hints.dropped.empty());
  EXPECT_TRUE(box.put(items(6, 6)));
}

TEST(HintBox, NothingWakesNobody) {
  HintBox box(4);
  EXPECT_FALSE(box.put({}));
}

TEST(HintBox, KeepsThePlaceOfWhatItDrops) {
  HintBox box(2);
  EXPECT_TRUE(box.put(items(10, 13)));
  box.put({item(5), item(20, 2)});
  EXPECT_EQ(box.batches_dropped(), 2u);
  const auto hints = box.take();
  EXPECT_EQ(hints.items.size(), 2u);
  ASSERT_EQ(hints.dropped.size(), 2u) << "one place for each queue";
  EXPECT_EQ(hints.dropped.begin()->second.row, 5) << "the lowest";
  EXPECT_EQ(hints.dropped.rbegin()->second.row, 20);
  EXPECT_TRUE(box.put(items(30, 31)));
  EXPECT_EQ(box.take().items.size(), 2u);
}

}  // namespace
}  // namespace heliograph::pipeline
