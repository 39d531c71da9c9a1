// Channels and what messages carry besides their text.
#include "plugins/providers/http/tests/provider_fixture.h"

namespace heliograph::plugins::http {
namespace {

using sdk::testing::PartSpec;

class ContentTest : public ProviderTest {
 protected:
  static MessageSpec mms() {
    MessageSpec message;
    message.channel = HG_CH_MMS;
    message.parts = {{.kind = HG_PART_MEDIA, .url = "https://a.example/1.png?x=1&y=\"2\""},
                     {.kind = HG_PART_MEDIA, .url = "https://a.example/2"}};
    return message;
  }
  static MessageSpec email() {
    MessageSpec message;
    message.channel = HG_CH_EMAIL;
    message.to = "someone@example.com";
    message.from = "shop@example.com";
    message.subject = "Your \"order\"";
    message.parts = {{.kind = HG_PART_ALTERNATIVE,
                      .content_type = "text/html; charset=utf-8",
                      .body = "<p class=\"x\">Hello</p>"},
                     {.kind = HG_PART_ATTACHMENT,
                      .content_type = "application/pdf",
                      .name = "a\".pdf",
                      .body = std::string("\x00\xff\n", 3)},
                     {.kind = HG_PART_ATTACHMENT, .content_type = "text/plain", .name = "b"}};
    return message;
  }
  std::string refusal(const MessageSpec& message) {
    const std::optional<SendRecord> result = provider->result_of(message);
    EXPECT_TRUE(result.has_value());
    EXPECT_EQ(result->outcome, HG_REJECTED);
    EXPECT_TRUE(host.http().requests().empty()) << "nothing may be sent without its content";
    return result->detail;
  }
};

TEST_F(ContentTest, TheDefaultOfMms) {
  create();
  EXPECT_EQ(request(mms()).body,
            R"({"phone":"+14155552671","from":"TEST","text":"Hello",)"
            R"("media":["https://a.example/1.png?x=1&y=\"2\"","https://a.example/2"],)"
            R"("message_id":"01890a5d-ac96-774b-bcce-b302099a8057"})");
}

TEST_F(ContentTest, TheDefaultOfEMail) {
  create();
  EXPECT_EQ(request(email()).body,
            R"({"subject":"Your \"order\"","body":"Hello","recipients":["someone@example.com"],)"
            R"("from":"shop@example.com","html":"<p class=\"x\">Hello</p>",)"
            R"("attachments":[{"filename":"a\".pdf","content_type":"application/pdf",)"
            R"("content":"AP8K"},{"filename":"b","content_type":"text/plain","content":""}],)"
            R"("message_id":"01890a5d-ac96-774b-bcce-b302099a8057"})");
}

TEST_F(ContentTest, WithoutPartsTheListsAreEmpty) {
  create();
  MessageSpec message;
  message.channel = HG_CH_EMAIL;
  EXPECT_NE(request(message).body.find(R"("html":"","attachments":[])"), std::string::npos);
}

TEST_F(ContentTest, ABodyForEachChannel) {
  create(
      R"({"body": {"all": "{text}"}, "bodies": {"mms": {"m": {"urls": "{media}", "n": "{channel}"}}}})");
  EXPECT_EQ(request().body, R"({"all":"Hello"})");
  EXPECT_EQ(request(mms()).body,
            R"({"m":{"urls":["https://a.example/1.png?x=1&y=\"2\"","https://a.example/2"],)"
            R"("n":"mms"}})");
}

TEST_F(ContentTest, TheChannelMayStandInTheUrl) {
  create(R"({"url": "http://peer.test/{channel}/send"})");
  EXPECT_EQ(request().url, "http://peer.test/sms/send");
  EXPECT_EQ(request(email()).url, "http://peer.test/email/send");
}

TEST_F(ContentTest, AFormRepeatsTheFieldForEachMedium) {
  create(R"({"format": "form", "bodies": {"mms": {"MediaUrl": "{media}", "To": "{to}"}}})");
  EXPECT_EQ(request(mms()).body,
            "To=%2B14155552671&MediaUrl=https%3A%2F%2Fa.example%2F1.png%3Fx%3D1%26y%3D%222%22"
            "&MediaUrl=https%3A%2F%2Fa.example%2F2");
  MessageSpec none;
  none.channel = HG_CH_MMS;
  EXPECT_EQ(request(none).body, "To=%2B14155552671");
}

TEST_F(ContentTest, AFormOfMediaAloneHasNoStrayAmpersand) {
  create(R"({"format": "form", "bodies": {"mms": {"m": "{media}"}}})");
  MessageSpec message = mms();
  message.parts.pop_back();
  message.parts[0].url = "http://a";
  EXPECT_EQ(request(message).body, "m=http%3A%2F%2Fa");
}

TEST_F(ContentTest, WhatTheBodyHasNoPlaceForIsNotSentWithoutIt) {
  create(R"({"body": {"text": "{text}"}})");
  EXPECT_EQ(refusal(mms()), "the body configured for this provider has no {media}");
  EXPECT_EQ(refusal(email()), "the body configured for this provider has no {attachments}");
  MessageSpec html = email();
  html.parts.resize(1);
  html.body.clear();
  EXPECT_EQ(refusal(html),
            "the body configured for this provider has no {html}, and the message has no text");
  html.body = "Hello";
  EXPECT_EQ(request(html).body, R"({"text":"Hello"})");
}

TEST_F(ContentTest, AFormCannotCarryAttachments) {
  create(R"({"format": "form"})");
  EXPECT_EQ(refusal(email()), "the body configured for this provider has no {attachments}");
}

TEST_F(ContentTest, ALargeMessageLeavesNothingToTheNext) {
  create();
  MessageSpec large = email();
  large.parts[1].body = std::string(300'000, 'x');
  EXPECT_GT(request(large).body.size(), 400'000u);
  EXPECT_EQ(request().body, R"({"phone":"+14155552671","from":"TEST","text":"Hello",)"
                            R"("message_id":"01890a5d-ac96-774b-bcce-b302099a8057"})");
}

TEST_F(ContentTest, ListsStandAlone) {
  for (const char* wrong :
       {R"({"body": {"m": "urls: {media}"}})", R"({"headers": {"X-M": "{media}"}})",
        R"({"url": "http://peer.test/?m={attachments}"})"}) {
    EXPECT_NE(create_error(wrong).find("is a list: it must be a value of its own in body"),
              std::string::npos)
        << create_error(wrong);
  }
  EXPECT_NE(create_error(R"({"format": "form", "bodies": {"email": {"a": "{attachments}"}}})")
                .find("bodies.email.a"),
            std::string::npos);
  EXPECT_NE(create_error(R"({"method": "GET", "bodies": {"mms": {"a": "b"}}})").find("bodies.mms"),
            std::string::npos);
  EXPECT_NE(create_error(R"({"bodies": {"mms": {"a": "{oops}"}}})").find("bodies.mms"),
            std::string::npos);
}

}  // namespace
}  // namespace heliograph::plugins::http
