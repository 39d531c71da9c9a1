// Messages that come in: which elements are some, what they say, and that one door guards all.
#include "plugins/providers/http/tests/provider_fixture.h"

namespace heliograph::plugins::http {
namespace {

using InboundTest = ProviderTest;
using sdk::testing::EventRecord;

TEST_F(InboundTest, TheGatewaysOwnShape) {
  create();
  const auto reply = post({.body = R"({"type":"inbound","id":"in-1","from":"+15550001111",
      "to":"+15550002222","text":"hello","media":["https://e.example/1","https://e.example/2"],
      "timestamp":"2024-05-01T12:00:00Z"})"});
  EXPECT_EQ(reply.code, 200u) << reply.body;
  EXPECT_EQ(reply.body, R"({"receipts":0,"inbound":1})");
  ASSERT_EQ(host.events().stored().size(), 1u);
  const EventRecord event = host.events().stored()[0];
  EXPECT_EQ(event.kind, HG_EV_INBOUND);
  EXPECT_EQ(event.provider_msg_id, "in-1");
  EXPECT_EQ(event.from, "+15550001111");
  EXPECT_EQ(event.to, "+15550002222");
  EXPECT_EQ(event.body, "hello");
  EXPECT_EQ(event.channel, HG_CH_MMS) << "it has media";
  EXPECT_EQ(event.media, (std::vector<std::string>{"https://e.example/1", "https://e.example/2"}));
  EXPECT_EQ(event.at_unix_ns, 1'714'564'800'000'000'000);
}

TEST_F(InboundTest, TheChannelAsGivenOrAsItLooks) {
  create();
  const auto channel = [&](const std::string& members) {
    const std::string body = R"({"type":"inbound","to":"x",)" + members + "}";
    EXPECT_EQ(post({.body = body}).code, 200u) << body;
    return host.events().stored().back().channel;
  };
  EXPECT_EQ(channel(R"("from":"+1555","text":"a")"), HG_CH_SMS);
  EXPECT_EQ(channel(R"("from":"+1555","media":[])"), HG_CH_SMS);
  EXPECT_EQ(channel(R"("from":"+1555","media":"https://e.example/1")"), HG_CH_MMS);
  EXPECT_EQ(channel(R"("from":"a@example.com","subject":"s","html":"<p>")"), HG_CH_EMAIL);
  EXPECT_EQ(host.events().stored().back().subject, "s");
  EXPECT_EQ(host.events().stored().back().html, "<p>");
  EXPECT_EQ(channel(R"("from":"+1555","channel":"mms")"), HG_CH_MMS);
}

TEST_F(InboundTest, BesideReceipts) {
  create();
  const auto reply = post({.body = R"([{"provider_message_id":"m-1","status":"DELIVERED"},
      {"type":"inbound","from":"a","to":"b"}])"});
  EXPECT_EQ(reply.body, R"({"receipts":1,"inbound":1})");
  ASSERT_EQ(host.events().stored().size(), 2u);
  EXPECT_EQ(host.events().stored()[0].kind, HG_EV_RECEIPT);
  EXPECT_EQ(host.events().stored()[1].kind, HG_EV_INBOUND);
}

TEST_F(InboundTest, AFormInTheShapeOfTwilio) {
  create(R"({"inbound": {"kind": "/SmsStatus", "kind_value": "received", "id": "/MessageSid",
             "from": "/From", "to": "/To", "text": "/Body", "media": "/MediaUrl{n}",
             "channel": "", "timestamp": ""}})");
  const auto reply = post(
      {.body = "SmsStatus=received&MessageSid=MM1&From=%2B15550001111&To=%2B15550002222&Body=look"
               "&NumMedia=2&MediaUrl0=https%3A%2F%2Fe.example%2F0&MediaUrl1=https%3A%2F%2Fe.example"
               "%2F1",
       .headers = {{"content-type", "application/x-www-form-urlencoded"}}});
  EXPECT_EQ(reply.code, 200u) << reply.body;
  ASSERT_EQ(host.events().stored().size(), 1u);
  const EventRecord event = host.events().stored()[0];
  EXPECT_EQ(event.provider_msg_id, "MM1");
  EXPECT_EQ(event.from, "+15550001111");
  EXPECT_EQ(event.body, "look");
  EXPECT_EQ(event.media, (std::vector<std::string>{"https://e.example/0", "https://e.example/1"}));
}

TEST_F(InboundTest, WhatIsMissingIsNamedAndNothingIsStored) {
  create();
  const auto refused = [&](const std::string& body) {
    const auto reply = post({.body = body});
    EXPECT_EQ(reply.code, 400u) << body;
    return reply.body;
  };
  EXPECT_EQ(refused(R"({"type":"inbound","to":"b"})"), "message 0: /from is missing\n");
  EXPECT_EQ(refused(R"([{"type":"inbound","from":"a","to":"b"},{"type":"inbound","from":"a"}])"),
            "message 1: /to is missing\n");
  EXPECT_TRUE(host.events().stored().empty());
}

TEST_F(InboundTest, AWrongSignatureIsRefused) {
  create(R"({"receipts": {"secret": "s"}})");
  const auto reply = post({.body = R"({"type":"inbound","from":"a","to":"b"})",
                           .headers = {{"x-signature", std::string(64, '0')}}});
  EXPECT_EQ(reply.code, 401u);
  EXPECT_TRUE(host.events().stored().empty());
}

TEST_F(InboundTest, SwitchedOffItIsNoReceiptEither) {
  create(R"({"inbound": {"enabled": false}})");
  EXPECT_EQ(post({.body = R"({"type":"inbound","from":"a","to":"b"})"}).code, 400u);
  EXPECT_TRUE(host.events().stored().empty());
}

TEST_F(InboundTest, WithoutReceiptsMessagesStillCome) {
  create(R"({"receipts": {"enabled": false}})");
  EXPECT_EQ(post({.body = R"({"type":"inbound","from":"a","to":"b"})"}).code, 200u);
  EXPECT_EQ(post({.body = R"({"provider_message_id":"m-1","status":"DELIVERED"})"}).code, 404u);
  EXPECT_EQ(host.events().stored().size(), 1u);
}

TEST_F(InboundTest, PointersAreChecked) {
  EXPECT_NE(create_error(R"({"inbound": {"from": "from"}})").find("inbound.from"),
            std::string::npos);
  EXPECT_NE(create_error(R"({"inbound": {"to": ""}})").find("inbound.to"), std::string::npos);
  EXPECT_EQ(create_error(R"({"inbound": {"enabled": false, "to": ""}})"), "");
}

}  // namespace
}  // namespace heliograph::plugins::http
