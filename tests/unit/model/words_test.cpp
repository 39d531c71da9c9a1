// The words of the small enumerations, there and back.
#include <gtest/gtest.h>

#include "core/model/attempt.h"
#include "core/model/client.h"
#include "core/model/message.h"

namespace heliograph::model {
namespace {

TEST(Words, OfChannels) {
  for (const Channel channel : {Channel::kSms, Channel::kEmail, Channel::kMms, Channel::kVoice}) {
    EXPECT_EQ(parse_channel(to_string(channel)), channel);
  }
  EXPECT_EQ(to_string(Channel::kEmail), "email");
  EXPECT_FALSE(parse_channel("SMS"));
}

TEST(Words, OfLanes) {
  for (const Lane lane : {Lane::kUrgent, Lane::kNormal, Lane::kBulk}) {
    EXPECT_EQ(parse_lane(to_string(lane)), lane);
  }
  EXPECT_EQ(to_string(Lane::kUrgent), "urgent");
  EXPECT_FALSE(parse_lane("high"));
}

TEST(Words, OfInDoubtPolicies) {
  for (const InDoubt policy :
       {InDoubt::kAuto, InDoubt::kResolveSame, InDoubt::kAtLeastOnce, InDoubt::kAtMostOnce}) {
    EXPECT_EQ(parse_in_doubt(to_string(policy)), policy);
  }
  EXPECT_EQ(to_string(InDoubt::kAtLeastOnce), "at_least_once");
  EXPECT_FALSE(parse_in_doubt("exactly_once"));
}

TEST(Words, OfCaptureMoments) {
  for (const CaptureOn moment : {CaptureOn::kDelivered, CaptureOn::kSent, CaptureOn::kAccepted}) {
    EXPECT_EQ(parse_capture_on(to_string(moment)), moment);
  }
  EXPECT_FALSE(parse_capture_on("never"));
}

TEST(Words, OfOutcomes) {
  EXPECT_EQ(to_string(Outcome::kSent), "SENT");
  EXPECT_EQ(to_string(Outcome::kRejected), "REJECTED");
  EXPECT_EQ(to_string(Outcome::kRetry), "RETRY");
  EXPECT_EQ(to_string(Outcome::kUnknown), "UNKNOWN");
  EXPECT_EQ(to_string(Outcome::kThrottled), "THROTTLED");
  EXPECT_EQ(to_string(Outcome::kRefused), "REFUSED");
  EXPECT_EQ(to_string(Outcome::kNotTried), "NOT_TRIED");
}

TEST(Words, OfScopes) {
  EXPECT_EQ(parse_scope("send"), kScopeSend);
  EXPECT_EQ(parse_scope("read"), kScopeRead);
  EXPECT_EQ(parse_scope("admin"), kScopeAdmin);
  EXPECT_FALSE(parse_scope("root"));
  EXPECT_TRUE((Principal{.client = {}, .scopes = kScopeSend | kScopeAdmin}.may(kScopeAdmin)));
  EXPECT_FALSE((Principal{.client = {}, .scopes = kScopeSend}.may(kScopeRead)));
}

}  // namespace
}  // namespace heliograph::model
