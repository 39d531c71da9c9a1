// Delivery reports: who is believed, and what they mean.
#include "plugins/providers/http/tests/provider_fixture.h"

namespace heliograph::plugins::http {
namespace {

using ReceiptsTest = ProviderTest;
using sdk::testing::EventRecord;

// HMAC-SHA256 of kBody under "It's a Secret to Everybody".
constexpr std::string_view kSecret = R"({"receipts": {"secret": "It's a Secret to Everybody"}})";
constexpr std::string_view kBody = R"({"provider_message_id":"m-1","status":"DELIVERED"})";
constexpr std::string_view kSignature =
    "d978b7dddc0c89f9891ecf32e364c62799c3c6cbf16f591d03c14216f5edf387";

TEST_F(ReceiptsTest, OneObject) {
  create();
  const auto reply =
      post({.body = R"({"provider_message_id":"m-1","message_id":"ours","status":"DELIVERED",
      "code":"000","reason":"handed over","timestamp":"2024-05-01T12:00:00.25Z"})"});
  EXPECT_EQ(reply.code, 200u);
  EXPECT_EQ(reply.body, R"({"receipts":1})");
  ASSERT_EQ(host.events().stored().size(), 1u);
  const EventRecord event = host.events().stored()[0];
  EXPECT_EQ(event.kind, HG_EV_RECEIPT);
  EXPECT_EQ(event.provider_msg_id, "m-1");
  EXPECT_EQ(event.message_id, "ours");
  EXPECT_EQ(event.receipt_state, HG_RCPT_DELIVERED);
  EXPECT_EQ(event.provider_code, "000");
  EXPECT_EQ(event.detail, "handed over");
  EXPECT_EQ(event.at_unix_ns, 1'714'564'800'250'000'000);
  EXPECT_EQ(event.dedup_key, "m-1/DELIVERED/2024-05-01T12:00:00.25Z");
}

TEST_F(ReceiptsTest, AnArrayAndEveryStatus) {
  create();
  const auto reply = post({.body = R"([{"provider_message_id":"1","status":"ACCEPTED"},
      {"provider_message_id":"2","status":"delivered"},
      {"provider_message_id":3,"status":"FAILED_PERM"},
      {"message_id":"4","status":"EXPIRED"},{"provider_message_id":"5","status":"REJECTED"},
      {"provider_message_id":"6","status":"BUFFERED"}])"});
  EXPECT_EQ(reply.code, 200u);
  const std::vector<EventRecord> events = host.events().stored();
  ASSERT_EQ(events.size(), 6u);
  EXPECT_EQ(events[0].receipt_state, HG_RCPT_ACCEPTED);
  EXPECT_EQ(events[1].receipt_state, HG_RCPT_DELIVERED);
  EXPECT_EQ(events[2].receipt_state, HG_RCPT_UNDELIVERED);
  EXPECT_EQ(events[2].provider_msg_id, "3");
  EXPECT_EQ(events[3].receipt_state, HG_RCPT_EXPIRED);
  EXPECT_EQ(events[3].message_id, "4");
  EXPECT_EQ(events[3].provider_msg_id, "");
  EXPECT_EQ(events[4].receipt_state, HG_RCPT_REJECTED);
  EXPECT_EQ(events[5].receipt_state, HG_RCPT_UNKNOWN);
  EXPECT_EQ(events[5].at_unix_ns, 0);
}

TEST_F(ReceiptsTest, TheAnswerWaitsForDurability) {
  create();
  host.events().hold();
  const hg_op op = instance->ingress({.body = std::string(kBody)});
  host.run();
  EXPECT_FALSE(host.events().reply(op).has_value());
  ASSERT_TRUE(host.events().settle(HG_OK));
  host.run();
  ASSERT_TRUE(host.events().reply(op).has_value());
  EXPECT_EQ(host.events().reply(op)->code, 200u);
}

TEST_F(ReceiptsTest, PointersAndStatusesAreConfigurable) {
  create(
      R"({"receipts": {"list": "/results", "provider_message_id": "/messageId",
             "status": "/status/groupName",
             "reason": "/error/name", "code": "/error/id", "timestamp": "/doneAt", "message_id": "",
             "statuses": {"undeliverable": "undelivered",
                          "PENDING": "accepted", "DELIVERED": "unknown"}}})");
  const auto reply = post({.body = R"({"results":[
      {"messageId":"a","status":{"groupName":"UNDELIVERABLE"},"error":{"id":5,"name":"absent"},
       "doneAt":1714564800000},
      {"messageId":"b","status":{"groupName":"pending"},"message_id":"not ours"},
      {"messageId":"c","status":{"groupName":"DELIVERED"}}]})"});
  EXPECT_EQ(reply.code, 200u) << reply.body;
  const std::vector<EventRecord> events = host.events().stored();
  ASSERT_EQ(events.size(), 3u);
  EXPECT_EQ(events[0].receipt_state, HG_RCPT_UNDELIVERED);
  EXPECT_EQ(events[0].provider_code, "5");
  EXPECT_EQ(events[0].detail, "absent");
  EXPECT_EQ(events[0].at_unix_ns, 1'714'564'800'000'000'000);
  EXPECT_EQ(events[1].receipt_state, HG_RCPT_ACCEPTED);
  EXPECT_EQ(events[1].message_id, "");
  EXPECT_EQ(events[2].receipt_state, HG_RCPT_UNKNOWN);
}

TEST_F(ReceiptsTest, FormsAreReadToo) {
  // The shape of Twilio's status callback.
  create(
      R"({"receipts": {"provider_message_id": "/MessageSid", "status": "/MessageStatus",
             "code": "/ErrorCode",
             "statuses": {"undelivered": "undelivered", "failed": "undelivered"}}})");
  const auto reply = post(
      {.body =
           "MessageSid=SM1&MessageStatus=undelivered&ErrorCode=30003&To=%2B1415&&x&MessageSid=SM2",
       .headers = {{"content-type", "application/x-www-form-urlencoded; charset=UTF-8"}}});
  EXPECT_EQ(reply.code, 200u) << reply.body;
  ASSERT_EQ(host.events().stored().size(), 1u);
  EXPECT_EQ(host.events().stored()[0].provider_msg_id, "SM1");
  EXPECT_EQ(host.events().stored()[0].provider_code, "30003");
  EXPECT_EQ(host.events().stored()[0].receipt_state, HG_RCPT_UNDELIVERED);
}

TEST_F(ReceiptsTest, BadBodiesAreRefusedInWordsAndStoreNothing) {
  create();
  const struct {
    std::string body;
    std::string_view error;
  } kCases[] = {
      {"", "the body is not valid JSON"},
      {"{", "the body is not valid JSON"},
      {R"({"a":1} x)", "the body is not valid JSON"},
      {"MessageSid=SM1", "the body is not valid JSON"},
      {"17", "receipt 0: is no object"},
      {R"([{"provider_message_id":"1","status":"DELIVERED"}, "x"])", "receipt 1: is no object"},
      {R"({"status":"DELIVERED"})", "receipt 0: /provider_message_id is missing"},
      {R"({"provider_message_id":null,"status":"DELIVERED"})", "/provider_message_id is missing"},
      {R"({"provider_message_id":"1"})", "receipt 0: /status is missing"},
      {R"({"provider_message_id":"1","status":{}})", "receipt 0: /status is missing"},
      {std::string(10'000, '['), "the body is not valid JSON"},
  };
  for (const auto& c : kCases) {
    const auto reply = post({.body = c.body});
    EXPECT_EQ(reply.code, 400u) << c.body.substr(0, 80);
    EXPECT_NE(reply.body.find(c.error), std::string::npos) << reply.body;
  }
  EXPECT_TRUE(host.events().stored().empty());
  EXPECT_EQ(host.metric("receipts_refused_total")->value, static_cast<double>(std::size(kCases)));
}

TEST_F(ReceiptsTest, AnEmptyArrayIsFine) {
  create();
  EXPECT_EQ(post({.body = "[]"}).code, 200u);
  EXPECT_TRUE(host.events().stored().empty());
}

TEST_F(ReceiptsTest, TooManyAtOnce) {
  create();
  std::string body = "[";
  for (int i = 0; i < 1'001; ++i) body += (i == 0 ? "" : ",") + std::string(kBody);
  EXPECT_EQ(post({.body = body + "]"}).code, 413u);
  EXPECT_TRUE(host.events().stored().empty());
}

TEST_F(ReceiptsTest, WithoutASecretOnlyThisMachineIsBelieved) {
  create();
  EXPECT_EQ(post({.body = std::string(kBody), .peer = "203.0.113.9", .local = false}).code, 403u);
  EXPECT_TRUE(host.events().stored().empty());
  EXPECT_EQ(post({.body = std::string(kBody)}).code, 200u);
}

TEST_F(ReceiptsTest, ASignatureIsVerifiedOverTheRawBody) {
  create(kSecret);
  const auto signed_post = [&](std::string_view body, std::string_view signature) {
    return post({.body = std::string(body),
                 .headers = {{"x-signature", std::string(signature)}},
                 .peer = "203.0.113.9",
                 .local = false})
        .code;
  };
  std::string upper(kSignature);
  for (char& c : upper) c = static_cast<char>(c >= 'a' ? c - 32 : c);
  EXPECT_EQ(signed_post(kBody, kSignature), 200u);
  EXPECT_EQ(signed_post(kBody, "sha256=" + std::string(kSignature)), 200u);
  EXPECT_EQ(signed_post(kBody, upper), 200u);
  ASSERT_EQ(host.events().stored().size(), 3u);

  std::string wrong(kSignature);
  wrong.back() = wrong.back() == '0' ? '1' : '0';
  EXPECT_EQ(signed_post(kBody, wrong), 401u);
  EXPECT_EQ(signed_post(kBody, ""), 401u);
  EXPECT_EQ(signed_post(kBody, "sha256="), 401u);
  EXPECT_EQ(signed_post(kBody, std::string(kSignature) + "00"), 401u);
  EXPECT_EQ(signed_post(kBody, std::string(64, 'g')), 401u);
  EXPECT_EQ(signed_post(std::string(kBody) + " ", kSignature), 401u) << "another body";
  EXPECT_EQ(post({.body = std::string(kBody)}).code, 401u) << "this machine needs it too";
  EXPECT_EQ(host.events().stored().size(), 3u);
}

TEST_F(ReceiptsTest, TheSignatureIsCheckedBeforeAnythingIsRead) {
  create(kSecret);
  EXPECT_EQ(post({.body = "{"}).code, 401u);
}

TEST_F(ReceiptsTest, OnlyPost) {
  create();
  EXPECT_EQ(post({.method = "GET"}).code, 405u);
}

TEST_F(ReceiptsTest, SwitchedOff) {
  create(R"({"receipts": {"enabled": false}})");
  EXPECT_EQ(post({.body = std::string(kBody)}).code, 404u);
  EXPECT_TRUE(host.events().stored().empty());
}

TEST_F(ReceiptsTest, AMomentNobodyCanReadIsNoReasonToLoseAReceipt) {
  create();
  const auto reply =
      post({.body = R"({"provider_message_id":"m","status":"DELIVERED","timestamp":"yesterday"})"});
  EXPECT_EQ(reply.code, 200u);
  ASSERT_EQ(host.events().stored().size(), 1u);
  EXPECT_EQ(host.events().stored()[0].at_unix_ns, 0);
}

TEST_F(ReceiptsTest, ALongReasonIsCutBetweenCharacters) {
  create();
  std::string reason(255, 'x');
  reason += "\xC3\xA9 and more";
  post({.body = R"({"provider_message_id":"m","status":"DELIVERED","reason":")" + reason + "\"}"});
  ASSERT_EQ(host.events().stored().size(), 1u);
  EXPECT_EQ(host.events().stored()[0].detail, std::string(255, 'x'));
}

}  // namespace
}  // namespace heliograph::plugins::http
