#include "core/model/trace_context.h"

#include <gtest/gtest.h>

namespace heliograph::model {
namespace {

constexpr std::string_view kHeader = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

TEST(TraceContext, ReadsAndWritesTheHeader) {
  const auto context = parse_traceparent(kHeader);
  ASSERT_TRUE(context);
  EXPECT_TRUE(context->valid());
  EXPECT_TRUE(context->sampled);
  EXPECT_EQ(context->trace_id.front(), 0x0A);
  EXPECT_EQ(context->span_id.back(), 0x31);
  EXPECT_EQ(format_traceparent(*context), kHeader);
  const auto unsampled =
      parse_traceparent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-02");
  ASSERT_TRUE(unsampled);
  EXPECT_FALSE(unsampled->sampled);
}

// W3C Trace Context, 3.2.2 and 3.2.4; each differs from a right one in one place.
TEST(TraceContext, RefusesWhatIsNone) {
  for (const std::string_view wrong : {
           "",
           "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0",
           "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
           "00-00000000000000000000000000000000-b7ad6b7169203331-01",
           "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
           "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
           "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-",
           "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01x",
           "00_0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
           "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0g",
           "00-0af7651916cd43dd8448eb211c80319g-b7ad6b7169203331-01",
       }) {
    EXPECT_FALSE(parse_traceparent(wrong)) << wrong;
  }
}

TEST(TraceContext, TakesALaterVersionAsFarAsItIsKnown) {
  const auto context =
      parse_traceparent("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what-comes");
  ASSERT_TRUE(context);
  EXPECT_EQ(format_traceparent(*context), kHeader);
}

TEST(TraceContext, IsKeptWhole) {
  const auto context = parse_traceparent(kHeader);
  ASSERT_TRUE(context);
  const PackedTrace packed = pack_trace(*context);
  EXPECT_EQ(unpack_trace(packed), *context);
  EXPECT_FALSE(unpack_trace(std::span(packed).first(24)).valid());
  EXPECT_FALSE(unpack_trace({}).valid());
}

}  // namespace
}  // namespace heliograph::model
