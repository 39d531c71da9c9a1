#include "core/model/ids.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <set>

#include "core/model/id_generator.h"

namespace heliograph::model {
namespace {

TimePoint at(std::int64_t milliseconds) {
  return TimePoint{std::chrono::milliseconds{milliseconds}};
}

TEST(MessageId, LaysItsBitsOutAsVersion7) {
  // RFC 9562, appendix A.6: time 0x017F22E279B0, rand_a 0xCC3, rand_b 0x18C4DC0C0C07398F.
  const std::int64_t counter = 0xCC3 << 4 | 0x6;  // rand_a and the top four bits of rand_b
  const auto id = MessageId::from_parts(0x017F22E279B0 << 16 | counter, 0x18C4DC0C0C07398F);
  EXPECT_EQ(id.to_string(), "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
  EXPECT_EQ(id.created_at(), at(0x017F22E279B0));
  EXPECT_EQ(MessageId::parse("017F22E2-79B0-7CC3-98C4-DC0C0C07398F"), id);
}

TEST(MessageId, ReadsWhatItWrites) {
  std::mt19937_64 random(11);
  for (int i = 0; i < 5'000; ++i) {
    const auto row = static_cast<std::int64_t>(random() >> (1 + random() % 40));
    const auto id = MessageId::from_parts(row, random());
    const auto read = MessageId::parse(id.to_string());
    ASSERT_TRUE(read) << id.to_string();
    EXPECT_EQ(*read, id);
    EXPECT_EQ(read->row(), row);
    EXPECT_EQ(read->random(), id.random());
  }
}

TEST(MessageId, KeepsTheExtremes) {
  const auto largest = MessageId::from_parts(std::numeric_limits<std::int64_t>::max(), ~0ull);
  EXPECT_EQ(largest.to_string(), "7fffffff-ffff-7fff-bfff-ffffffffffff");
  EXPECT_EQ(largest.random(), kMessageIdRandomMask);
  EXPECT_EQ(MessageId().to_string(), "00000000-0000-7000-8000-000000000000");
}

TEST(MessageId, SortsAsTextInTheOrderOfItsRows) {
  std::mt19937_64 random(5);
  for (int i = 0; i < 1'000; ++i) {
    const auto row = static_cast<std::int64_t>(random() >> 1) - 1;
    const auto first = MessageId::from_parts(row, random());
    const auto second = MessageId::from_parts(row + 1, random());
    EXPECT_LT(first, second);
    EXPECT_LT(first.to_string(), second.to_string());
  }
}

TEST(MessageId, RefusesWhatItCouldNotHaveMade) {
  for (const std::string_view text :
       {"", "017f22e2-79b0-7cc3-98c4-dc0c0c07398", "017f22e2-79b0-7cc3-98c4-dc0c0c07398ff",
        "017f22e279b07cc398c4dc0c0c07398f", "{017f22e2-79b0-7cc3-98c4-dc0c0c0739}",
        "017f22e2-79b0-4cc3-98c4-dc0c0c07398f",  // version 4
        "017f22e2-79b0-7cc3-d8c4-dc0c0c07398f",  // another variant
        "017f22e2-79b0-7cc3-18c4-dc0c0c07398f",  //
        "817f22e2-79b0-7cc3-98c4-dc0c0c07398f",  // the row would be negative
        "017f22e2x79b0-7cc3-98c4-dc0c0c07398f",  //
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398g",  //
        "017f22e2-79b-07cc3-98c4-dc0c0c07398f",  //
        "-17f22e2-79b0-7cc3-98c4-dc0c0c07398f",  //
        "017f22e2-79b0-7cc3-98c4-dc0c 0c07398"}) {
    EXPECT_FALSE(MessageId::parse(text)) << text;
  }
}

TEST(MessageId, HashesByItsRow) {
  const auto id = MessageId::from_parts(42, 1);
  EXPECT_EQ(std::hash<MessageId>{}(id), std::hash<std::int64_t>{}(42));
}

TEST(IdGenerator, UsesTheClock) {
  IdGenerator generator(0);
  const auto id = generator.next(at(1'700'000'000'123), 99);
  EXPECT_EQ(id.row(), 1'700'000'000'123 << 16);
  EXPECT_EQ(id.created_at(), at(1'700'000'000'123));
  EXPECT_EQ(id.random(), 99u);
}

TEST(IdGenerator, CountsWithinAMillisecondAndRunsAheadBeyondIt) {
  IdGenerator generator(0);
  std::int64_t last = generator.next(at(1'000), 0).row();
  for (int i = 0; i < 70'000; ++i) {  // more than the 65,536 of one millisecond
    const std::int64_t row = generator.next(at(1'000), 0).row();
    ASSERT_EQ(row, last + 1);
    last = row;
  }
  EXPECT_GT(last >> 16, 1'000);
  EXPECT_EQ(generator.next(at(5'000), 0).row(), 5'000 << 16);
}

TEST(IdGenerator, GoesOnWhenTheClockGoesBack) {
  IdGenerator generator(0);
  const std::int64_t before = generator.next(at(9'000), 0).row();
  EXPECT_EQ(generator.next(at(1'000), 0).row(), before + 1);
  EXPECT_EQ(generator.next(at(8'999), 0).row(), before + 2);
}

TEST(IdGenerator, GoesOnBehindWhatTheStoreHolds) {
  const std::int64_t highest = (2'000ll << 16) + 7;
  IdGenerator generator(highest);
  EXPECT_EQ(generator.next(at(1'000), 0).row(), highest + 1);
}

TEST(IdGenerator, NeverRepeatsARow) {
  std::mt19937_64 random(1);
  IdGenerator generator(0);
  std::int64_t last = 0;
  for (int i = 0; i < 10'000; ++i) {
    const std::int64_t row =
        generator.next(at(static_cast<std::int64_t>(random() % 100)), random()).row();
    ASSERT_GT(row, last);
    last = row;
  }
}

TEST(IdGeneratorDeathTest, RefusesATimeNoIdCanHold) {
  IdGenerator generator(0);
  EXPECT_DEATH(generator.next(at(-1), 0), "internal error");
  EXPECT_DEATH(generator.next(at(1ll << 47), 0), "internal error");
}

}  // namespace
}  // namespace heliograph::model
