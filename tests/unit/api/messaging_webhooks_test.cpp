// The webhooks of the facade messaging: receipts by provider's id, signatures, what is no receipt.
#include "core/api/facades/messaging/webhook_event.h"
#include "core/api/facades/webhook_signatures.h"
#include "core/base/time_text.h"
#include "tests/unit/api/messaging_fixture.h"

namespace heliograph::test {
namespace {

using model::ReceiptState;
using nlohmann::json;

class MessagingWebhooks : public MessagingTest {
 protected:
  model::MessageView& sent(const std::string& provider, const std::string& provider_id) {
    model::MessageView& message = put(model::Status::kSent);
    message.provider = provider;
    message.provider_message_id = provider_id;
    store.awaiting[provider_id] = {provider};
    return message;
  }
  json counts(const std::string& provider) {
    return read("/api/v1/webhooks/status/" + provider).at("events");
  }
};

TEST_F(MessagingWebhooks, TwiliosFormIsAReceipt) {
  const model::MessageView& message = sent("phones", "SM1");
  const auto response = send(form("/api/v1/webhooks/twilio",
                                  "MessageSid=SM1&SmsSid=SM1&MessageStatus=delivered&"
                                  "To=%2B15559876543&From=%2B15551234567"));
  ASSERT_EQ(response.status, 200u) << response.body;
  EXPECT_EQ(response.content_type, "text/xml; charset=utf-8");
  EXPECT_NE(response.body.find("<Response></Response>"), std::string::npos);
  EXPECT_EQ(message.status, model::Status::kDelivered);
  ASSERT_EQ(store.receipts.size(), 1u);
  EXPECT_EQ(store.receipts[0].provider, kPhones);
  EXPECT_EQ(store.receipts[0].state, ReceiptState::kDelivered);
  EXPECT_EQ(counts("twilio").at("applied"), 1);
}

TEST_F(MessagingWebhooks, StatusesOfAllThreeAreUnderstood) {
  using api::messaging::receipt_of;
  const std::vector<std::pair<const char*, ReceiptState>> words{
      {"queued", ReceiptState::kAccepted},         {"sent", ReceiptState::kAccepted},
      {"deferred", ReceiptState::kAccepted},       {"Delivered", ReceiptState::kDelivered},
      {"read", ReceiptState::kDelivered},          {"undelivered", ReceiptState::kUndelivered},
      {"failed", ReceiptState::kUndelivered},      {"bounce", ReceiptState::kUndelivered},
      {"FAILED_PERM", ReceiptState::kUndelivered}, {"dropped", ReceiptState::kRejected},
      {"canceled", ReceiptState::kRejected},       {"expired", ReceiptState::kExpired}};
  for (const auto& [word, state] : words) {
    const auto receipt = receipt_of({{"id", "x"}, {"status", word}});
    ASSERT_TRUE(receipt) << word;
    EXPECT_EQ(receipt->state, state) << word;
  }
  for (const char* word : {"open", "click", "spamreport", "receiving", ""}) {
    EXPECT_FALSE(receipt_of({{"id", "x"}, {"status", word}})) << word;
  }
  EXPECT_FALSE(receipt_of({{"status", "delivered"}})) << "no id";
  const auto timed = receipt_of({{"sg_message_id", "abc.filter1.2"},
                                 {"event", "bounce"},
                                 {"reason", "550 no\nsuch user"},
                                 {"timestamp", "1764000000"},
                                 {"sg_event_id", "e1"}});
  ASSERT_TRUE(timed);
  EXPECT_EQ(timed->provider_message_id, "abc");
  EXPECT_EQ(timed->detail, "550 no such user");
  EXPECT_EQ(timed->dedup_key, "e1");
  EXPECT_EQ(timed->at, model::TimePoint{std::chrono::seconds{1'764'000'000}});
}

TEST_F(MessagingWebhooks, SendGridsEventsComeInArrays) {
  sent("mails", "abc");
  json events = json::array();
  events.push_back({{"email", "b@example.com"},
                    {"event", "delivered"},
                    {"sg_message_id", "abc.filterdrecv-1"},
                    {"timestamp", 1'764'000'000}});
  events.push_back({{"event", "open"}, {"sg_message_id", "abc.filterdrecv-1"}});
  for (int i = 0; i < 400; ++i) events.push_back({{"event", "click"}, {"sg_message_id", "z"}});
  const auto response = send(call("/api/v1/webhooks/sendgrid", events.dump()));
  ASSERT_EQ(response.status, 200u) << response.body;
  EXPECT_EQ(json_of(response), (json{{"status", "success"},
                                     {"applied", 1},
                                     {"unchanged", 0},
                                     {"parked", 0},
                                     {"inbound", 0},
                                     {"ignored", 401}}));
  ASSERT_EQ(store.receipts.size(), 1u);
  EXPECT_EQ(store.receipts[0].provider, kMails);
}

TEST_F(MessagingWebhooks, AnUnknownIdIsParkedAndCounted) {
  const auto response =
      send(form("/api/v1/webhooks/twilio", "MessageSid=SM9&MessageStatus=delivered"));
  EXPECT_EQ(response.status, 200u);
  ASSERT_EQ(store.receipts.size(), 1u) << "of the one provider that sends SMS";
  EXPECT_EQ(store.receipts[0].provider, kPhones);
  EXPECT_EQ(counts("twilio").at("parked"), 1);
  const auto named = send(
      call("/api/v1/webhooks/generic/mails", R"({"messaging_provider_id":"x","status":"failed"})"));
  EXPECT_EQ(json_of(named).at("parked"), 1);
  EXPECT_EQ(store.receipts.back().provider, kMails) << "the provider of that name";
  const auto other = send(call("/api/v1/webhooks/generic/somebody",
                               R"({"messaging_provider_id":"x","status":"failed"})"));
  EXPECT_EQ(json_of(other).at("parked"), 2) << "any of the two may have sent it";
  EXPECT_EQ(counts("somebody").at("parked"), 3);
}

TEST_F(MessagingWebhooks, TheOlderPathsAreTheSame) {
  sent("phones", "SM1");
  sent("mails", "abc");
  EXPECT_EQ(json_of(send(call("/api/webhooks/sms",
                              R"({"messaging_provider_id":"SM1","status":"delivered"})")))
                .at("applied"),
            1);
  EXPECT_EQ(
      json_of(send(call("/api/webhooks/email", R"({"xillio_id":"abc","status":"delivered"})")))
          .at("applied"),
      1);
}

TEST_F(MessagingWebhooks, WithATokenOnlyTwilioIsHeardAndFromAnywhere) {
  settings.facades.twilio_auth_token = "12345";
  settings.hostnames = {"hooks.example"};
  rebuild();
  sent("phones", "SM1");
  const std::vector<http::Header> parameters{{"MessageSid", "SM1"}, {"MessageStatus", "delivered"}};
  http::Request request = form("/api/v1/webhooks/twilio", "MessageSid=SM1&MessageStatus=delivered");
  const auto unsigned_one = send(request);
  EXPECT_EQ(unsigned_one.status, 401u);
  EXPECT_TRUE(json_of(unsigned_one).at("detail").is_string());
  request.peer = "192.0.2.1";
  request.peer_is_loopback = false;
  request.headers[0].second = "hooks.example";
  request.headers.emplace_back(
      "x-twilio-signature",
      api::twilio_signature("54321", "http://hooks.example/api/v1/webhooks/twilio", parameters));
  EXPECT_EQ(send(request).status, 401u);
  EXPECT_TRUE(store.receipts.empty()) << "nothing is stored";
  request.headers.back().second =
      api::twilio_signature("12345", "http://hooks.example/api/v1/webhooks/twilio", parameters);
  const auto right = send(request);
  EXPECT_EQ(right.status, 200u) << right.body;
  EXPECT_EQ(header(right, "X-RateLimit-Limit"), "") << "the signature stands in for the limit";
  EXPECT_EQ(store.receipts.size(), 1u);
  const json status = read("/api/v1/webhooks/status/twilio");
  EXPECT_EQ(status.at("wrong_signatures"), 2);
  EXPECT_EQ(status.at("signature_required"), true);
}

TEST_F(MessagingWebhooks, BehindATrustedProxyTheUrlIsTheOneThatTwilioCalled) {
  settings.facades.twilio_auth_token = "12345";
  settings.trusted_proxies = {"127.0.0.1"};
  rebuild();
  http::Request request = form("/api/v1/webhooks/twilio", "MessageSid=SM1&MessageStatus=sent");
  request.headers.emplace_back("x-forwarded-proto", "https");
  request.headers.emplace_back("x-forwarded-host", "hooks.example");
  request.headers.emplace_back("x-forwarded-for", "192.0.2.1");
  request.headers.emplace_back(
      "x-twilio-signature",
      api::twilio_signature("12345", "https://hooks.example/api/v1/webhooks/twilio",
                            {{"MessageSid", "SM1"}, {"MessageStatus", "sent"}}));
  EXPECT_EQ(send(request).status, 200u);
}

TEST_F(MessagingWebhooks, WithoutATokenTheDoorDecides) {
  http::Request remote = form("/api/v1/webhooks/twilio", "MessageSid=SM1&MessageStatus=sent");
  remote.peer = "192.0.2.1";
  remote.peer_is_loopback = false;
  EXPECT_EQ(send(remote).status, 403u);
  http::Request page = form("/api/v1/webhooks/twilio", "MessageSid=SM1&MessageStatus=sent");
  page.headers.emplace_back("origin", "http://evil.example");
  EXPECT_EQ(send(page).status, 403u);
  EXPECT_TRUE(store.receipts.empty());
}

TEST_F(MessagingWebhooks, TwiliosFormIsAMessageThatCameIn) {
  const auto response =
      send(form("/api/v1/webhooks/twilio",
                "MessageSid=MM1&SmsStatus=received&From=%2B15559876543&To=%2B15551234567&Body=Hi&"
                "NumMedia=1&MediaUrl0=https%3A%2F%2Fexample.com%2Fa.png&"
                "MediaContentType0=image%2Fpng"));
  ASSERT_EQ(response.status, 200u) << response.body;
  EXPECT_NE(response.body.find("<Response></Response>"), std::string::npos);
  ASSERT_EQ(inbound.size(), 1u);
  EXPECT_EQ(inbound[0].provider, "twilio");
  EXPECT_EQ(inbound[0].provider_message_id, "MM1");
  EXPECT_EQ(inbound[0].channel, model::Channel::kMms);
  EXPECT_EQ(inbound[0].from, "+15559876543");
  EXPECT_EQ(inbound[0].to, "+15551234567");
  EXPECT_EQ(inbound[0].text, "Hi");
  ASSERT_EQ(inbound[0].content.media.size(), 1u);
  EXPECT_EQ(inbound[0].content.media[0].url, "https://example.com/a.png");
  EXPECT_EQ(inbound[0].fallback, facade) << "where nobody has the number";
  EXPECT_EQ(counts("twilio").at("inbound"), 1);
}

TEST_F(MessagingWebhooks, TheServicesOwnJsonIsAMessageThatCameIn) {
  const auto sms = send(call("/api/webhooks/sms", R"({"from":"+18045551234","to":"+12016661234",
      "type":"sms","messaging_provider_id":"message-1","body":"This is an incoming SMS message",
      "attachments":null,"timestamp":"2024-11-01T14:00:00Z"})"));
  ASSERT_EQ(sms.status, 200u) << sms.body;
  EXPECT_EQ(json_of(sms).at("inbound"), 1);
  const auto mail = send(call("/api/webhooks/email", R"({"from":"Contact <Contact@Gmail.com>",
      "to":"user@usehatchapp.com","xillio_id":"message-2",
      "body":"<html><body>Hello</body></html>",
      "attachments":["https://example.com/received-document.pdf"],
      "timestamp":"2024-11-01T14:00:00Z"})"));
  ASSERT_EQ(mail.status, 200u) << mail.body;
  ASSERT_EQ(inbound.size(), 2u);
  EXPECT_EQ(inbound[0].channel, model::Channel::kSms);
  EXPECT_EQ(inbound[0].provider_message_id, "message-1");
  EXPECT_EQ(inbound[0].at, base::parse_rfc3339("2024-11-01T14:00:00Z"));
  EXPECT_EQ(inbound[1].channel, model::Channel::kEmail);
  EXPECT_EQ(inbound[1].from, "contact@gmail.com");
  EXPECT_EQ(inbound[1].provider_message_id, "message-2");
  EXPECT_EQ(inbound[1].content.html, "<html><body>Hello</body></html>");
  EXPECT_EQ(inbound[1].text, "");
  EXPECT_EQ(inbound[1].content.media.size(), 1u);
  const auto neither = send(call("/api/webhooks/sms", R"({"from":"+18045551234","body":"x"})"));
  EXPECT_EQ(json_of(neither).at("ignored"), 1) << "nobody it was sent to";
}

TEST_F(MessagingWebhooks, WhatCannotBeReadIsRefused) {
  EXPECT_EQ(send(form("/api/v1/webhooks/twilio", "From=%FF&To=1&Body=x")).status, 422u);
  EXPECT_EQ(send(call("/api/v1/webhooks/sendgrid", "[1]")).status, 422u);
  EXPECT_EQ(send(call("/api/v1/webhooks/sendgrid", "{")).status, 422u);
  EXPECT_EQ(send(form("/api/v1/webhooks/twilio", "MessageSid=%zz")).status, 422u);
  http::Request text = form("/api/v1/webhooks/twilio", "x");
  for (auto& [name, value] : text.headers) {
    if (name == "content-type") value = "text/plain";
  }
  EXPECT_EQ(send(text).status, 415u);
  json many = json::array();
  for (std::size_t i = 0; i <= api::messaging::kEventsMax; ++i) many.push_back(json::object());
  EXPECT_EQ(send(call("/api/v1/webhooks/sendgrid", many.dump())).status, 422u);
}

TEST_F(MessagingWebhooks, WithoutRoomTheProviderIsAskedToRepeat) {
  store.disk_full = true;
  const auto response =
      send(form("/api/v1/webhooks/twilio", "MessageSid=SM1&MessageStatus=delivered"));
  EXPECT_EQ(response.status, 503u);
  EXPECT_NE(header(response, "Retry-After"), "");
  EXPECT_EQ(counts("twilio").at("parked"), 0);
}

// The generic webhook is no way around the key of one that has its own.
TEST_F(MessagingWebhooks, AProviderWithAKeyProvesItselfEverywhere) {
  settings.facades.twilio_auth_token = "12345";
  rebuild();
  for (const char* path : {"/api/v1/webhooks/twilio", "/api/v1/webhooks/generic/twilio"}) {
    const auto response = send(form(path, "From=%2B15550001111&To=%2B15550002222&Body=STOP"));
    EXPECT_EQ(response.status, 401u) << path;
  }
  EXPECT_TRUE(inbound.empty());
}

TEST_F(MessagingWebhooks, WhatIsNotSignedSpeaksOfOneClientAlone) {
  const auto response = send(call("/api/v1/webhooks/generic/phones",
                                  R"({"from":"+15550001111","to":"+15550002222","body":"STOP"})"));
  EXPECT_EQ(response.status, 200u) << response.body;
  ASSERT_EQ(inbound.size(), 1u);
  EXPECT_EQ(inbound[0].only_of, facade);
}

TEST_F(MessagingWebhooks, AFormHasABound) {
  std::string body = "a=1";
  for (int i = 0; i < 1'001; ++i) body += "&a";
  EXPECT_EQ(send(form("/api/v1/webhooks/twilio", body)).status, 422u);
}

}  // namespace
}  // namespace heliograph::test
