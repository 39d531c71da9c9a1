#include "core/api/cursor.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

namespace heliograph::api {
namespace {

constexpr std::int64_t kRow = (std::int64_t{1'764'000'000'000} << 16) + 5;

TEST(Cursor, ComesBackAsItWent) {
  for (const std::int64_t row : {std::int64_t{1}, kRow, INT64_MAX}) {
    const std::string cursor = encode_cursor(row, "1 messages");
    EXPECT_EQ(cursor.size(), 20u);
    EXPECT_EQ(cursor.find_first_of("+/="), std::string::npos);  // fits a query as it is
    EXPECT_EQ(decode_cursor(cursor, "1 messages"), row);
  }
}

TEST(Cursor, AnyChangedCharacterIsRefused) {
  const std::string cursor = encode_cursor(kRow, "1 messages");
  for (std::size_t i = 0; i < cursor.size(); ++i) {
    for (const char c : std::string("AzQ0-_ =%")) {
      std::string changed = cursor;
      changed[i] = c;
      if (changed == cursor) continue;
      EXPECT_EQ(decode_cursor(changed, "1 messages"), std::nullopt) << changed;
    }
  }
}

TEST(Cursor, BelongsToOneListOfOneClient) {
  const std::string cursor = encode_cursor(kRow, "1 messages\nstatus 4 SENT");
  EXPECT_EQ(decode_cursor(cursor, "1 messages"), std::nullopt);
  EXPECT_EQ(decode_cursor(cursor, "2 messages\nstatus 4 SENT"), std::nullopt);
  EXPECT_EQ(decode_cursor(cursor, "1 dead-letters\nstatus 4 SENT"), std::nullopt);
}

TEST(Cursor, OtherLengthsAreRefused) {
  const std::string cursor = encode_cursor(kRow, "s");
  EXPECT_EQ(decode_cursor("", "s"), std::nullopt);
  EXPECT_EQ(decode_cursor(cursor.substr(1), "s"), std::nullopt);
  EXPECT_EQ(decode_cursor(cursor + "A", "s"), std::nullopt);
  EXPECT_EQ(decode_cursor(std::string(2'000, 'A'), "s"), std::nullopt);
}

TEST(Cursor, RowsThatNoStoreHasAreRefused) {
  EXPECT_EQ(decode_cursor(encode_cursor(0, "s"), "s"), std::nullopt);
  EXPECT_EQ(decode_cursor(encode_cursor(-1, "s"), "s"), std::nullopt);
}

}  // namespace
}  // namespace heliograph::api
