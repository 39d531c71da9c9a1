// The shapes that the mock provider takes, and the event it posts.
#include "core/app/mock/send_request.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/app/mock/inbound_event.h"

namespace heliograph::app::mock {
namespace {

using Json = nlohmann::json;

TEST(SendRequest, PhoneMessages) {
  const SendRequest sms = read_phone_message({{"phone", "+14155552671"}, {"message_id", "m"}});
  EXPECT_EQ(sms.error, "");
  EXPECT_EQ(sms.channel, "sms");
  EXPECT_EQ(sms.message_id, "m");
  EXPECT_EQ(sms.content, "");
  const SendRequest mms = read_phone_message({{"to", "14155552671"}, {"media", {"http://a/b"}}});
  EXPECT_EQ(mms.error, "");
  EXPECT_EQ(mms.channel, "mms");
  EXPECT_EQ(Json::parse(mms.content), (Json{{"media", {"http://a/b"}}}));
  EXPECT_EQ(read_phone_message({{"to", "1415"}, {"media", Json::array()}}).channel, "sms");
}

TEST(SendRequest, BadPhoneMessages) {
  EXPECT_EQ(read_phone_message(5).error, "a JSON object is expected");
  EXPECT_EQ(read_phone_message(Json::object()).error, "phone is missing");
  for (const char* bad : {"x", "+", "12", "+1415555267x", "1234567890123456"}) {
    EXPECT_EQ(read_phone_message({{"phone", bad}}).error, "phone is no telephone number") << bad;
  }
  for (const Json& bad : {Json("http://a"), Json{5}, Json{"a"}}) {
    EXPECT_EQ(read_phone_message({{"phone", "12345"}, {"media", bad}}).error,
              "media is no array of URLs");
  }
}

TEST(SendRequest, EMails) {
  const SendRequest email =
      read_email({{"subject", "S"},
                  {"recipients", {"a@example.com"}},
                  {"attachments", {{{"filename", "f"}, {"content", "Zm8="}}}}});
  EXPECT_EQ(email.error, "");
  EXPECT_EQ(email.channel, "email");
  EXPECT_EQ(Json::parse(email.content).at("attachments")[0].at("size"), 2);
  EXPECT_EQ(read_email(Json::array()).error, "a JSON object is expected");
  for (const Json& bad : {Json(), Json("a@b"), Json::array(), Json{"a"}, Json{5}}) {
    EXPECT_EQ(read_email({{"recipients", bad}}).error,
              "recipients is no array of e-mail addresses");
  }
  EXPECT_EQ(read_email({{"recipients", {"a@b"}}, {"from", "x"}}).error,
            "from is no e-mail address");
  EXPECT_EQ(read_email({{"recipients", {"a@b"}}, {"attachments", {5}}}).error,
            "an attachment has no content in base64");
}

TEST(InboundEvent, IsWhatTheGatewayReads) {
  const auto event = inbound_event({{"from", "+1"}, {"to", "2"}}, "id-1");
  ASSERT_TRUE(event);
  EXPECT_EQ(Json::parse(*event), (Json{{"type", "inbound"},
                                       {"from", "+1"},
                                       {"to", "2"},
                                       {"text", ""},
                                       {"media", Json::array()},
                                       {"id", "id-1"}}));
  EXPECT_EQ(inbound_event({{"from", "+1"}}, "x").error(), "to is missing");
  EXPECT_EQ(inbound_event({{"from", "+1"}, {"to", "2"}, {"text", 5}}, "x").error(),
            "text is no string");
  EXPECT_EQ(inbound_event({{"from", "+1"}, {"to", "2"}, {"media", 5}}, "x").error(),
            "media is no array");
}

}  // namespace
}  // namespace heliograph::app::mock
