#include "core/model/channel.h"

#include <gtest/gtest.h>

namespace heliograph::model {
namespace {

TEST(Channels, TheTableIsConsistent) {
  unsigned bits = 0;
  for (const ChannelInfo& info : channels()) {
    EXPECT_EQ(&channel_info(info.channel), &info);
    EXPECT_EQ(parse_channel(info.name), info.channel);
    EXPECT_EQ(parse_open_channel(info.name).has_value(), info.open);
    EXPECT_EQ(info.fields & info.needs_any, info.needs_any) << info.name;
    EXPECT_NE(info.needs_any, 0) << info.name;
    EXPECT_EQ(bits & static_cast<unsigned>(info.channel), 0U);
    bits |= static_cast<unsigned>(info.channel);
  }
  EXPECT_EQ(bits, 0b1111U);
}

TEST(Channels, WhatTheyMayCarry) {
  EXPECT_FALSE(channel_info(Channel::kSms).may_carry(kFieldSubject));
  EXPECT_FALSE(channel_info(Channel::kSms).may_carry(kFieldMedia));
  EXPECT_TRUE(channel_info(Channel::kMms).may_carry(kFieldMedia));
  EXPECT_FALSE(channel_info(Channel::kMms).may_carry(kFieldAttachments));
  EXPECT_TRUE(channel_info(Channel::kEmail).may_carry(kFieldAttachments));
  EXPECT_FALSE(channel_info(Channel::kEmail).may_carry(kFieldMedia));
  EXPECT_FALSE(channel_info(Channel::kEmail).telephony);
}

TEST(Channels, ListsForSentences) {
  EXPECT_EQ(list_open_channels(), R"("sms", "mms" or "email")");
  EXPECT_EQ(list_open_channels(", "), R"("sms", "mms", "email")");
  EXPECT_EQ(list_fields(channel_info(Channel::kSms).needs_any), "text");
  EXPECT_EQ(list_fields(channel_info(Channel::kMms).needs_any), "text or media");
  EXPECT_EQ(list_fields(kFieldText | kFieldSubject | kFieldHtml), "text, subject or html");
}

}  // namespace
}  // namespace heliograph::model
