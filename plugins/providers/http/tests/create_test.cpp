// What create() accepts and refuses, and what it says then.
#include "plugins/providers/http/tests/provider_fixture.h"

namespace heliograph::plugins::http {
namespace {

using CreateTest = ProviderTest;

TEST_F(CreateTest, AUrlIsAllItNeeds) {
  create();
  const hg_provider_caps caps = provider->caps();
  EXPECT_EQ(caps.channels, HG_CH_SMS | HG_CH_EMAIL | HG_CH_MMS);
  EXPECT_EQ(caps.flags, HG_CAP_RECEIPTS | HG_CAP_INBOUND);
}

TEST_F(CreateTest, CapabilitiesFollowTheConfiguration) {
  create(R"({"dedupes": true, "receipts": {"enabled": false}})");
  EXPECT_EQ(provider->caps().flags, HG_CAP_DEDUPES | HG_CAP_INBOUND);
}

TEST_F(CreateTest, ErrorsNameTheKeyAndTheReason) {
  const struct {
    std::string_view config;
    std::string_view error;
  } kCases[] = {
      {R"({"url": "ftp://peer/"})", "url: must begin with http:// or https://"},
      {R"({"url": "peer.test"})", "url: must begin with http:// or https://"},
      {R"({"url": "http:///send"})", "url: names no host"},
      {R"({"url": "https://user:pw@peer/"})", "url: holds credentials"},
      {R"({"url": "http://{to}/send"})", "url: may have placeholders behind the host only"},
      {R"({"url": "http://peer.{x-zone}"})", "url: may have placeholders behind the host only"},
      {R"({"url": "http://peer/a b"})", "url: holds spaces"},
      {R"({"url": "http://peer/#{to}"})", "url: holds a fragment"},
      {R"({"url": "http://peer/{nonsense}"})",
       "url: unknown placeholder {nonsense}, known are id,"},
      {R"({"body": {"to": "{too}"}})", "body: unknown placeholder {too}, known are id,"},
      {R"({"body": {"to": "{to"}})", "body: has a brace without its partner"},
      {R"({"body": {"to": "to}"}})", "body: has a brace without its partner"},
      {R"({"body": {"to": "{x-}"}})", "body: unknown placeholder {x-}"},
      {R"({"body": {"key": "{auth.key}"}})", "body: uses {auth.key}, which is not configured"},
      {R"({"format": "form", "body": {"a": {"b": "c"}}})", "body.a: a form takes texts"},
      {R"({"format": "form", "body": {"a": [["c"]]}})", "body.a: a form takes texts"},
      {R"({"format": "form", "body": {"a": "{what}"}})", "body.a: unknown placeholder {what}"},
      {R"({"method": "GET", "body": {"a": "b"}})", "body: a GET request has none"},
      {R"({"headers": {"X-Who": "{who}"}})", "headers.X-Who: unknown placeholder {who}"},
      {R"({"headers": {"bad name": "x"}})", "headers.bad name: is no header name"},
      {R"({"headers": {"Host": "x"}})", "headers.Host: is set by the gateway itself"},
      {R"({"headers": {"content-Length": "1"}})", "is set by the gateway itself"},
      {R"({"headers": {"X-A": "a\r\nX-B: b"}})", "headers.X-A: holds a control character"},
      {R"({"headers": {"X-A": "1", "x-a": "2"}})", "headers.x-a: is there twice"},
      {R"({"headers": {"Idempotency-Key": "1"}})", "idempotency_header: is there twice"},
      {R"({"idempotency_header": "a b"})", "idempotency_header: is no header name"},
      {R"({"idempotency_header": "", "dedupes": true})", "idempotency_header: is needed where"},
      {R"({"auth": {"bearer": "t", "username": "u"}})", "auth: takes bearer or username, not both"},
      {R"({"auth": {"password": "p"}})", "auth.username: is missing beside auth.password"},
      {R"({"auth": {"username": "a:b", "password": "p"}})", "auth.username: holds a colon"},
      {R"({"auth": {"bearer": "secret\n"}})", "auth.bearer: holds a control character"},
      {R"({"auth": {"bearer": "t"}, "headers": {"AUTHORIZATION": "x"}})",
       "headers.authorization: is set by auth already"},
      {R"({"classify": {"5x": "retry"}})", "classify.5x: is no status code"},
      {R"({"classify": {"666": "retry"}})", "classify.666: is no status code"},
      {R"({"classify": {"50a": "retry"}})", "classify.50a: is no status code"},
      {R"({"classify": {"500": "maybe"}})", "classify.500: must be sent, rejected, retry"},
      {R"({"error_pointer": "/c", "codes": {"1": "perhaps"}})", "codes.1: must be sent, rejected"},
      {R"({"codes": {"1": "retry"}})", "error_pointer: is missing beside codes"},
      {R"({"code_required": true})", "error_pointer: is missing beside codes or code_required"},
      {R"({"error_pointer": "code"})", "error_pointer: must be a JSON pointer"},
      {R"({"id_pointers": ["/id", "id"]})", "id_pointers.1: must be a JSON pointer"},
      {R"({"receipts": {"status": "status"}})", "receipts.status: must be a JSON pointer"},
      {R"({"receipts": {"status": ""}})", "receipts.status: must not be empty"},
      {R"({"receipts": {"provider_message_id": "", "message_id": ""}})",
       "receipts.provider_message_id: or message_id must be there"},
      {R"({"receipts": {"statuses": {"ok": "fine"}}})", "receipts.statuses.ok: must be accepted,"},
  };
  for (const auto& c : kCases) {
    const std::string error = create_error(c.config);
    EXPECT_NE(error.find(c.error), std::string::npos) << c.config << " said: " << error;
  }
}

TEST_F(CreateTest, TheExamplesOfTheReadmeAreValid) {
  EXPECT_EQ(
      create_error(R"({"url": "https://api.twilio.com/2010-04-01/Accounts/AC0123/Messages.json",
      "format": "form", "body": {"To": "{to}", "From": "{from}", "Body": "{text}"},
      "auth": {"username": "AC0123", "password": "token"}, "idempotency_header": "",
      "error_pointer": "/code", "classify": {"5xx": "unknown"},
      "codes": {"21610": "rejected", "20003": "refused", "20429": "throttled"}})"),
      "");
  EXPECT_EQ(create_error(R"({"url": "https://rest.nexmo.com/sms/json", "format": "form",
      "body": {"to": "{to_digits}", "from": "{from_digits}", "text": "{text}", "client-ref": "{id}",
               "api_key": "{auth.key}", "api_secret": "{auth.secret}"},
      "auth": {"key": "k", "secret": "s"}, "id_pointers": ["/messages/0/message-id"],
      "error_pointer": "/messages/0/status", "code_required": true,
      "codes": {"0": "sent", "1": "throttled", "5": "retry", "4": "refused", "*": "rejected"},
      "receipts": {"provider_message_id": "/messageId", "status": "/status", "code": "/err-code",
                   "timestamp": "", "statuses": {"failed": "undelivered", "buffered": "accepted"}}})"),
            "");
}

TEST_F(CreateTest, ErrorsNeverShowASecret) {
  const std::string error = create_error(
      R"({"auth": {"bearer": "sesame\n", "key": "hush"}, "headers": {"X-K": "{auth.key}"}})");
  EXPECT_NE(error, "");
  EXPECT_EQ(error.find("sesame"), std::string::npos) << error;
  EXPECT_EQ(error.find("hush"), std::string::npos) << error;
}

TEST_F(CreateTest, WithoutAnHttpClientItSaysSo) {
  FakeHost gateway;
  gateway.withhold(HG_EXT_HTTP_CLIENT);
  const sdk::testing::Plugin plugin(&hg_plugin_entry_v1);
  try {
    const Instance unwanted(gateway, plugin.component("http"),
                            Value::table({{"url", "http://p/"}}));
    FAIL() << "created";
  } catch (const sdk::testing::CreateError& error) {
    EXPECT_EQ(error.status(), HG_E_UNSUPPORTED);
    EXPECT_STREQ(error.what(), "this gateway does not offer hg.http-client/1");
  }
}

}  // namespace
}  // namespace heliograph::plugins::http
