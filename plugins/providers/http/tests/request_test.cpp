// The requests that messages become.
#include "plugins/providers/http/tests/provider_fixture.h"

namespace heliograph::plugins::http {
namespace {

using RequestTest = ProviderTest;
using sdk::testing::value_of;

constexpr std::string_view kNasty = "a\"b\\c\r\n\x01 \xC3\xA9 {to} & = + % \xFF";

TEST_F(RequestTest, TheDefaultIsTheGatewaysOwnShape) {
  create();
  const auto sent = request();
  EXPECT_EQ(sent.method, "POST");
  EXPECT_EQ(sent.url, "http://peer.test/send");
  EXPECT_EQ(sent.body, R"({"phone":"+14155552671","from":"TEST","text":"Hello",)"
                       R"("message_id":"01890a5d-ac96-774b-bcce-b302099a8057"})");
  EXPECT_EQ(value_of(sent.headers, "content-type"), "application/json");
  EXPECT_EQ(value_of(sent.headers, "accept"), "application/json");
  EXPECT_EQ(value_of(sent.headers, "Idempotency-Key"), "key-1");
  EXPECT_EQ(value_of(sent.headers, "authorization"), "");
  EXPECT_EQ(sent.flags & HG_HTTP_F_SAFE_TO_RESEND, 0u);
}

TEST_F(RequestTest, ABodyOfAnyShapeIsFilledIn) {
  create(
      R"({"body": {"messages": [{"destinations": [{"to": "{to_digits}"}], "n": 1.50, "flash": false,
             "none": null, "content": {"text": "<{text}>", "{to}": "{{{channel}}}"}}]}})");
  EXPECT_EQ(request().body,
            R"({"messages":[{"destinations":[{"to":"14155552671"}],"n":1.5,"flash":false,)"
            R"("none":null,"content":{"text":"<Hello>","{to}":"{sms}"}}]})");
}

TEST_F(RequestTest, TextCannotBreakOutOfJson) {
  create(R"({"body": {"text": "{text}"}})");
  MessageSpec message;
  message.body = kNasty;
  EXPECT_EQ(request(message).body,
            "{\"text\":\"a\\\"b\\\\c\\u000d\\u000a\\u0001 \xC3\xA9 {to} & = + % \xEF\xBF\xBD\"}");
}

TEST_F(RequestTest, EscapesOfTheConfigurationAreKept) {
  create(R"({"body": {"a\"b": "x\\{text}\n\"{text}\" \u00e9 {{}}"}})");
  EXPECT_EQ(Value::parse(request().body).find("a\"b")->text(), "x\\Hello\n\"Hello\" \xC3\xA9 {}");
}

TEST_F(RequestTest, TextCannotBreakOutOfAForm) {
  create(
      R"({"format": "form", "body": {"To": "{to}", "Body": "{text}", "a b&": "c=d",
             "n": 5, "x": true,
             "m": ["1", "{from}"]}})");
  MessageSpec message;
  message.body = "1&2=3+4 %\n\xC3\xA9";
  const auto sent = request(message);
  EXPECT_EQ(
      sent.body,
      "To=%2B14155552671&Body=1%262%3D3%2B4%20%25%0A%C3%A9&a%20b%26=c%3Dd&n=5&x=true&m=1&m=TEST");
  EXPECT_EQ(value_of(sent.headers, "content-type"), "application/x-www-form-urlencoded");
}

TEST_F(RequestTest, TextCannotBreakOutOfTheUrl) {
  create(R"({"method": "GET", "url": "http://peer.test/x/{to}?t={text}&id={id}"})");
  MessageSpec message;
  message.body = "a b&c=d/../?#";
  message.to = "a/../b@c";
  const auto sent = request(message);
  EXPECT_EQ(sent.method, "GET");
  EXPECT_EQ(sent.body, "");
  EXPECT_EQ(sent.url,
            "http://peer.test/x/a%2F..%2Fb%40c?t=a%20b%26c%3Dd%2F..%2F%3F%23"
            "&id=01890a5d-ac96-774b-bcce-b302099a8057");
  EXPECT_EQ(value_of(sent.headers, "content-type"), "");
}

TEST_F(RequestTest, NoMessageInjectsAHeader) {
  create(
      R"({"headers": {"X-Sender": "{from}", "X-Campaign": "<{x-campaign}>", "X-Fix": "v {{1}}"}})");
  MessageSpec message;
  message.from = std::string("A\r\nX-Evil: 1\x7F\x00", 14);
  message.headers = {{"x-campaign", "spring\nX-Evil: 2"}};
  const auto sent = request(message);
  EXPECT_EQ(value_of(sent.headers, "X-Sender"), std::string("A  X-Evil: 1  "));
  EXPECT_EQ(value_of(sent.headers, "X-Campaign"), "<spring X-Evil: 2>");
  EXPECT_EQ(value_of(sent.headers, "X-Fix"), "v {1}");
  EXPECT_EQ(value_of(sent.headers, "X-Evil"), "");
}

TEST_F(RequestTest, MetadataThatAMessageLacksIsEmpty) {
  create(R"({"headers": {"X-Campaign": "{x-campaign}"}, "body": {"c": "{x-campaign}"}})");
  const auto sent = request();
  EXPECT_EQ(sent.body, R"({"c":""})");
}

TEST_F(RequestTest, EveryPlaceholderHasItsValue) {
  create(
      R"({"body": {"a": "{id}|{idempotency_key}|{to}|{to_digits}|{from}",
             "b": "{from_digits}|{text}|{subject}|{channel}"}})");
  MessageSpec message;
  message.id = "ID";
  message.from = "+4930";
  message.subject = "S";
  message.channel = HG_CH_EMAIL;
  EXPECT_EQ(request(message).body,
            R"({"a":"ID|key-1|+14155552671|14155552671|+4930","b":"4930|Hello|S|email"})");
  message.channel = HG_CH_MMS;
  EXPECT_NE(request(message).body.find("|mms"), std::string::npos);
}

TEST_F(RequestTest, OneMessageLeavesNothingToTheNext) {
  create(R"({"headers": {"X-T": "{text}"}, "url": "http://peer.test/{text}"})");
  MessageSpec longer;
  longer.body = "a-long-text";
  MessageSpec shorter;
  shorter.body = "b";
  request(longer);
  const auto sent = request(shorter);
  EXPECT_EQ(sent.url, "http://peer.test/b");
  EXPECT_EQ(value_of(sent.headers, "X-T"), "b");
  EXPECT_NE(sent.body.find(R"("text":"b")"), std::string::npos);
}

TEST_F(RequestTest, Credentials) {
  create(R"({"auth": {"bearer": "t0ken"}})");
  EXPECT_EQ(value_of(request().headers, "authorization"), "Bearer t0ken");
}

TEST_F(RequestTest, BasicCredentials) {
  create(R"({"auth": {"username": "Aladdin", "password": "open sesame"}})");  // RFC 7617, section 2
  EXPECT_EQ(value_of(request().headers, "authorization"), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
}

TEST_F(RequestTest, KeysForPlaceholdersAreEscapedForTheirPlace) {
  create(R"({"auth": {"key": "k&{to}\"", "secret": "s"}, "url": "http://peer.test/?k={auth.key}",
             "headers": {"X-Api-Key": "{auth.key}:{auth.secret}"}, "body": {"k": "{auth.key}"}})");
  const auto sent = request();
  EXPECT_EQ(sent.url, "http://peer.test/?k=k%26%7Bto%7D%22");
  EXPECT_EQ(value_of(sent.headers, "X-Api-Key"), "k&{to}\":s");
  EXPECT_EQ(sent.body, R"({"k":"k&{to}\""})");
}

TEST_F(RequestTest, ContentTypeAndAcceptMayBeTheOperators) {
  create(R"({"headers": {"Content-Type": "application/vnd.acme+json", "ACCEPT": "*/*"}})");
  const auto sent = request();
  EXPECT_EQ(value_of(sent.headers, "Content-Type"), "application/vnd.acme+json");
  EXPECT_EQ(value_of(sent.headers, "content-type"), "");
  EXPECT_EQ(value_of(sent.headers, "accept"), "");
}

TEST_F(RequestTest, TheIdempotencyHeaderCanBeRenamedAndSwitchedOff) {
  create(R"({"idempotency_header": "X-Request-Id", "dedupes": true})");
  const auto sent = request();
  EXPECT_EQ(value_of(sent.headers, "X-Request-Id"), "key-1");
  EXPECT_EQ(value_of(sent.headers, "Idempotency-Key"), "");
  EXPECT_EQ(sent.flags & HG_HTTP_F_SAFE_TO_RESEND, HG_HTTP_F_SAFE_TO_RESEND);
}

TEST_F(RequestTest, WithoutIdempotencyHeaderNoneIsSent) {
  create(R"({"idempotency_header": ""})");
  EXPECT_EQ(value_of(request().headers, "Idempotency-Key"), "");
}

TEST_F(RequestTest, TheDeadlineIsTheMessages) {
  create();
  host.http().script(HttpReply::json(200, "{}"));
  provider->result_of({}, {.deadline_mono_ns = host.now_ns() + 5'000'000'000});
  EXPECT_EQ(host.http().requests().back().deadline_mono_ns, host.now_ns() + 5'000'000'000);
}

TEST_F(RequestTest, ABatchIsOneRequestEachAndStopsWhereTheGatewayIsBusy) {
  create();
  for (int i = 0; i < 3; ++i) {
    host.http().script(HttpReply::json(200, R"({"id": ")" + std::to_string(i) + R"("})"));
  }
  std::vector<MessageSpec> messages(3);
  for (const auto& sent : provider->send_batch(messages)) EXPECT_TRUE(sent.accepted);
  host.run();
  EXPECT_EQ(host.http().requests().size(), 3u);

  host.http().refuse_next(HG_E_BUSY);
  const auto busy = provider->send_batch(messages);
  EXPECT_EQ(busy[0].status, HG_E_BUSY);
  for (const auto& sent : busy) EXPECT_FALSE(sent.accepted);
  EXPECT_EQ(host.http().requests().size(), 3u);
}

}  // namespace
}  // namespace heliograph::plugins::http
