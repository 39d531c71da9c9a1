// POST /api/v1/messages/send and the older paths: messages in the Messaging service's words.
#include "tests/unit/api/messaging_fixture.h"

namespace heliograph::test {
namespace {

using nlohmann::json;

TEST_F(MessagingTest, TheQuickstartsMessageIsTakenAndPending) {
  const auto response = send(call(kSend, kMessage));
  ASSERT_EQ(response.status, 201u) << response.body;
  const json body = json_of(response);
  const model::MessageView& stored = store.messages.rbegin()->second;
  EXPECT_EQ(body.at("id"), stored.id.to_string());
  EXPECT_EQ(body.at("status"), "pending");
  EXPECT_EQ(body.at("direction"), "outbound");
  EXPECT_EQ(body.at("type"), "sms");
  EXPECT_EQ(body.at("from"), "+15551234567");
  EXPECT_EQ(body.at("to"), "+15559876543");
  EXPECT_EQ(body.at("body"), "Hello from Hatch!");
  EXPECT_EQ(body.at("attachments"), json::array());
  EXPECT_EQ(body.at("metadata"), json::object());
  EXPECT_EQ(body.at("created_at"), body.at("updated_at"));
  for (const char* name :
       {"provider", "provider_message_id", "parent_id", "sent_at", "delivered_at"}) {
    EXPECT_TRUE(body.at(name).is_null()) << name;
  }
  EXPECT_EQ(store.accepted.back().message.client, facade);
  EXPECT_EQ(store.key_lookups, 0) << "no key is asked for";
}

TEST_F(MessagingTest, MessagesJoinTheirThread) {
  send(call(kSend, kMessage));
  EXPECT_TRUE(store.accepted.back().message.in_conversation);
  send(call("/api/messages/sms", kMessage));
  EXPECT_TRUE(store.accepted.back().message.in_conversation);
}

TEST_F(MessagingTest, EveryMemberIsKept) {
  const auto response = send(call(kSend, R"({"from":"15551234567","to":"15559876543","type":"mms",
      "body":"Look","attachments":["https://example.com/a.png","https://example.com/b.png"],
      "metadata":{"campaign":"x","n":3,"deep":{"a":[1,null,"b"]}},"parent_id":"p-1",
      "conversation_type":"thread","unknown":true})"));
  ASSERT_EQ(response.status, 201u) << response.body;
  const json body = json_of(response);
  EXPECT_EQ(body.at("type"), "mms");
  EXPECT_EQ(body.at("from"), "+15551234567");
  EXPECT_EQ(body.at("to"), "15559876543") << "as it was written";
  EXPECT_EQ(body.at("attachments"),
            (json{"https://example.com/a.png", "https://example.com/b.png"}));
  EXPECT_EQ(body.at("metadata"),
            (json{{"campaign", "x"}, {"n", "3"}, {"deep", R"({"a":[1,null,"b"]})"}}));
  EXPECT_EQ(body.at("parent_id"), "p-1");
  const model::NewMessage& message = store.accepted.back().message;
  EXPECT_EQ(message.to, "+15559876543");
  EXPECT_EQ(message.channel, model::Channel::kMms);
  EXPECT_EQ(message.client_reference, "p-1");
}

TEST_F(MessagingTest, AnSmsWithAttachmentsIsAnMms) {
  const auto response = send(call(kSend, R"({"from":"+15551234567","to":"+15559876543",
      "type":"sms","attachments":["https://example.com/a.png"]})"));
  ASSERT_EQ(response.status, 201u) << response.body;
  EXPECT_EQ(json_of(response).at("type"), "mms");
  EXPECT_TRUE(json_of(response).at("body").is_null());
}

TEST_F(MessagingTest, EMailsMayBeTextOrHtmlWithLinksForAttachments) {
  const auto mail = [&](std::string text, json more = json::object()) {
    json body{{"from", "a@example.com"}, {"to", "b@example.com"}, {"type", "email"}};
    body["body"] = std::move(text);
    body.update(more);
    const auto response = send(call(kSend, body.dump()));
    EXPECT_EQ(response.status, 201u) << response.body;
    return json_of(response);
  };
  EXPECT_EQ(mail("1 < 2 and 3 > 2").at("body"), "1 < 2 and 3 > 2");
  EXPECT_EQ(store.accepted.back().message.text, "1 < 2 and 3 > 2");
  const json html = mail("<b>Hi</b>", {{"metadata", {{"subject", "Greetings"}}}});
  EXPECT_EQ(html.at("body"), "<b>Hi</b>");
  const auto content = model::unpack(store.accepted.back().message.content);
  ASSERT_TRUE(content);
  EXPECT_EQ(content->html, "<b>Hi</b>");
  EXPECT_EQ(content->subject, "Greetings");
  EXPECT_EQ(store.accepted.back().message.text, "");
  mail("See", {{"attachments", {"https://example.com/a?x=1&y=2"}}});
  EXPECT_EQ(store.accepted.back().message.text, "See\nhttps://example.com/a?x=1&y=2");
  mail("<p>See</p>", {{"attachments", {"https://example.com/a?x=1&y=2"}}});
  EXPECT_EQ(model::unpack(store.accepted.back().message.content)->html,
            "<p>See</p>\n<p><a href=\"https://example.com/a?x=1&amp;y=2\">"
            "https://example.com/a?x=1&amp;y=2</a></p>");
}

json detail_of(const http::Response& response) {
  EXPECT_EQ(response.status, 422u) << response.body;
  return json::parse(response.body).at("detail");
}

TEST_F(MessagingTest, InvalidMessagesAreDescribedFieldByField) {
  const json missing = detail_of(send(call(kSend, "{}")));
  ASSERT_EQ(missing.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(missing[i].at("type"), "missing");
    EXPECT_EQ(missing[i].at("loc"), (json{"body", std::vector{"type", "from", "to"}[i]}));
  }
  const std::vector<std::pair<json, std::string>> cases{
      {{{"to", "01921317475"}}, "to"},
      {{{"to", "+1555-987"}}, "to"},
      {{{"to", "b@example.com"}}, "to"},
      {{{"to", 15559876543}}, "to"},
      {{{"from", "ACME"}}, "from"},
      {{{"from", nullptr}}, "from"},
      {{{"type", "fax"}}, "type"},
      {{{"type", "voice"}}, "type"},
      {{{"body", 7}}, "body"},
      {{{"body", nullptr}}, "body"},
      {{{"body", ""}}, "body"},
      {{{"body", std::string(1'601, 'a')}}, "body"},
      {{{"attachments", "https://example.com"}}, "attachments"},
      {{{"attachments", {"ftp://example.com/x"}}}, "attachments"},
      {{{"attachments", std::vector<std::string>(11, "https://example.com/x")}}, "attachments"},
      {{{"metadata", {1}}}, "metadata"},
      {{{"metadata", {{"a", std::string(501, 'a')}}}}, "metadata"},
      {{{"parent_id", std::string(65, 'a')}}, "parent_id"},
      {{{"conversation_type", "group"}}, "conversation_type"}};
  for (const auto& [change, field] : cases) {
    json body = json::parse(kMessage);
    body.update(change);
    const json detail = detail_of(send(call(kSend, body.dump())));
    ASSERT_EQ(detail.size(), 1u) << body << detail;
    EXPECT_EQ(detail[0].at("loc"), (json{"body", field})) << body << detail;
  }
  EXPECT_EQ(detail_of(send(call(kSend, "[1]")))[0].at("loc"), json{"body"});
  EXPECT_EQ(detail_of(send(call(kSend, "")))[0].at("type"), "missing");
  EXPECT_TRUE(store.accepted.empty());
}

TEST_F(MessagingTest, AChannelThatNoProviderCarriesIsNamed) {
  intake_settings.providers = {{"phones", 1}};
  rebuild();
  const json detail = detail_of(send(
      call(kSend, R"({"from":"a@example.com","to":"b@example.com","type":"email","body":"x"})")));
  EXPECT_EQ(detail[0].at("loc"), (json{"body", "type"}));
}

TEST_F(MessagingTest, TheOlderPathsTakeSmsAndEMail) {
  const auto sms = send(call("/api/messages/sms",
                             R"({"from":"+12016661234","to":"+18045551234","type":"sms",
      "body":"Hello","attachments":null,"timestamp":"2024-11-01T14:00:00Z"})"));
  ASSERT_EQ(sms.status, 200u) << sms.body;
  const json answer = json_of(sms);
  EXPECT_EQ(answer.at("status"), "success");
  EXPECT_EQ(answer.at("message_id"), store.messages.rbegin()->second.id.to_string());
  EXPECT_EQ(answer.at("type"), "sms");
  EXPECT_TRUE(answer.at("provider").is_null());
  EXPECT_TRUE(answer.contains("conversation_id"));
  EXPECT_EQ(json_of(send(call("/api/messages/sms", R"({"from":"+12016661234","to":"+18045551234",
      "type":"mms","body":"Hello","attachments":["https://example.com/i.jpg"]})")))
                .at("type"),
            "mms");
  const auto email = send(call("/api/messages/email",
                               R"({"from":"user@usehatchapp.com","to":"contact@gmail.com",
      "body":"Hello <b>there</b>","attachments":["https://example.com/document.pdf"]})"));
  ASSERT_EQ(email.status, 200u) << email.body;
  EXPECT_EQ(json_of(email).at("type"), "email");
  EXPECT_EQ(detail_of(send(call("/api/messages/sms", R"({"from":"a@example.com",
      "to":"b@example.com","type":"email","body":"x"})")))[0]
                .at("loc"),
            (json{"body", "type"}));
}

TEST_F(MessagingTest, AnIdempotencyKeyRepeatsTheFirstAnswer) {
  http::Request request = call(kSend, kMessage);
  request.headers.emplace_back("idempotency-key", "abc");
  const auto first = send(request);
  const auto second = send(request);
  ASSERT_EQ(first.status, 201u);
  EXPECT_EQ(second.status, 201u);
  EXPECT_EQ(first.body, second.body);
  EXPECT_EQ(header(second, "Idempotent-Replayed"), "true");
  EXPECT_EQ(store.accepted.size(), 1u);
  request.body.insert(1, " ");
  EXPECT_EQ(send(request).status, 422u);
  request.headers.back().second = "";
  EXPECT_EQ(send(request).status, 400u);
}

TEST_F(MessagingTest, InSyncModeTheAnswerWaitsForTheMessage) {
  settings.messages.sync_wait = std::chrono::seconds{10};
  rebuild();
  const auto exchange = begin(call(kSend, kMessage));
  ASSERT_FALSE(exchange->response) << "it waits";
  model::MessageView& message = store.messages.rbegin()->second;
  message.status = model::Status::kSent;
  message.provider = "phones";
  const model::TimePoint sent = message.created_at + std::chrono::milliseconds{20};
  store.event_views[message.id] = {{.status = "SENT", .at = sent, .detail = ""}};
  settlements.tell(std::span(&message.id, 1));
  turn();
  ASSERT_TRUE(exchange->response);
  EXPECT_EQ(exchange->response->status, 201u);
  const json body = json_of(*exchange->response);
  EXPECT_EQ(body.at("status"), "sent");
  EXPECT_EQ(body.at("provider"), "phones");
  EXPECT_EQ(body.at("sent_at"), base::format_rfc3339(sent));
  http::Request hasty = call(kSend, kMessage);
  hasty.headers.emplace_back("prefer", "respond-async");
  EXPECT_EQ(json_of(send(hasty)).at("status"), "pending");
}

TEST_F(MessagingTest, NoCreditNoRoomAndTheTotalLimitAreAnsweredInItsWords) {
  store.overloaded =
      ports::Overloaded{.reason = "queue full", .retry_after = std::chrono::seconds{5}};
  const auto overloaded = send(call(kSend, kMessage));
  EXPECT_EQ(overloaded.status, 503u);
  EXPECT_EQ(json_of(overloaded).at("detail"), "No message is taken now: queue full.");
  EXPECT_EQ(header(overloaded, "Retry-After"), "5");
  store.overloaded.reset();
  intake_settings.limits.total = config::Limit{.limit = 1, .window = std::chrono::seconds{3}};
  rebuild();
  EXPECT_EQ(send(call(kSend, kMessage)).status, 201u);
  const auto limited = send(call(kSend, kMessage));
  EXPECT_EQ(limited.status, 429u);
  EXPECT_EQ(json_of(limited).at("error"), "Rate limit exceeded");
  EXPECT_NE(header(limited, "Retry-After"), "");
  intake_settings.limits.total.reset();
  intake_settings.billing.price_per_part_cents = 1'000'000;
  rebuild();
  EXPECT_EQ(send(call(kSend, kMessage)).status, 402u);
}

// ---- the limit by address and path ----

// They may come through a proxy on this machine, whose address is that of the local programs.
TEST_F(MessagingTest, WhatTheDoorRefusesUsesUpNobodysRequests) {
  http::Request refused = call(kSend, kMessage);
  refused.headers.emplace_back("origin", "https://elsewhere.example");
  for (int i = 0; i < 101; ++i) send(refused);
  EXPECT_EQ(send(refused).status, 429u);
  const auto allowed = send(call(kSend, kMessage));
  EXPECT_EQ(allowed.status, 201u) << allowed.body;
  EXPECT_EQ(header(allowed, "X-RateLimit-Remaining"), "99");
}

TEST_F(MessagingTest, ANumberWithoutItsPlusIsTheSameInEveryRegion) {
  intake_settings.numbers.default_region = "DE";
  rebuild();
  const auto response =
      send(call(kSend, R"({"from":"15551234567","to":"15559876543","type":"sms","body":"x"})"));
  ASSERT_EQ(response.status, 201u) << response.body;
  EXPECT_EQ(store.accepted.back().message.to, "+15559876543");
}

TEST_F(MessagingTest, EveryAnswerTellsTheLimit) {
  for (const char* target :
       {"/health", "/ready", "/api/v1/messages/?status=queued", "/api/v1/messages/x"}) {
    const auto response = send(get(target, ""));
    EXPECT_EQ(header(response, "X-RateLimit-Limit"), "100") << target;
    EXPECT_EQ(header(response, "X-RateLimit-Remaining"), "99") << target;
    EXPECT_EQ(header(response, "X-RateLimit-Reset"), "60") << target;
  }
  const auto invalid = send(call(kSend, "{}"));
  EXPECT_EQ(invalid.status, 422u);
  EXPECT_EQ(header(invalid, "X-RateLimit-Remaining"), "99");
  http::Request remote = call(kSend, kMessage);
  remote.peer = "192.0.2.1";
  remote.peer_is_loopback = false;
  const auto refused = send(remote);
  EXPECT_EQ(refused.status, 403u);
  EXPECT_EQ(header(refused, "X-RateLimit-Remaining"), "99") << "of another address";
}

TEST_F(MessagingTest, AboveTheLimitItIs429UntilThePeriodIsOver) {
  settings.facades.messaging_requests = 5;
  rebuild();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(send(get("/health", "")).status, 200u);
  const auto limited = send(get("/health", ""));
  EXPECT_EQ(limited.status, 429u);
  EXPECT_EQ(json_of(limited), (json{{"error", "Rate limit exceeded"},
                                    {"message", "Too many requests. Please try again later."}}));
  EXPECT_EQ(header(limited, "X-RateLimit-Limit"), "5");
  EXPECT_EQ(header(limited, "X-RateLimit-Remaining"), "0");
  EXPECT_EQ(header(limited, "X-RateLimit-Reset"), "60");
  const int wait = std::stoi(header(limited, "Retry-After"));
  EXPECT_GE(wait, 60);
  EXPECT_LE(wait, 61);
  EXPECT_EQ(send(call(kSend, kMessage)).status, 201u) << "another path";
  EXPECT_EQ(send(get("/healthz", "")).status, 200u) << "not of the facade";
  clock.passed += std::chrono::seconds{wait};
  EXPECT_EQ(send(get("/health", "")).status, 200u);
}

TEST_F(MessagingTest, TheLimitCanBeSwitchedOff) {
  settings.facades.messaging_requests = 0;
  rebuild();
  for (int i = 0; i < 150; ++i) ASSERT_EQ(send(get("/health", "")).status, 200u);
  EXPECT_EQ(header(send(get("/health", "")), "X-RateLimit-Limit"), "");
}

TEST_F(MessagingTest, BehindATrustedProxyTheAddressIsItsClients) {
  settings.facades.messaging_requests = 1;
  settings.facades.allow_remote = true;
  settings.trusted_proxies = {"127.0.0.1", "10.0.0.0/8"};
  rebuild();
  const auto from = [&](std::string forwarded) {
    http::Request request = get("/health", "");
    request.headers.emplace_back("x-forwarded-for", std::move(forwarded));
    return send(request).status;
  };
  EXPECT_EQ(from("192.0.2.1"), 200u);
  EXPECT_EQ(from("192.0.2.1"), 429u);
  EXPECT_EQ(from("192.0.2.2"), 200u);
  EXPECT_EQ(from("198.51.100.7, 192.0.2.2"), 429u) << "what it says itself counts for nothing";
  EXPECT_EQ(from("192.0.2.3, 10.1.2.3"), 200u) << "a second proxy";
  EXPECT_EQ(from("192.0.2.3"), 429u);
}

// ---- the door ----

TEST_F(MessagingTest, TheDoorRefusesInItsShape) {
  http::Request page = call(kSend, kMessage);
  page.headers.emplace_back("origin", "http://evil.example");
  const auto refused = send(page);
  EXPECT_EQ(refused.status, 403u);
  EXPECT_TRUE(json_of(refused).at("detail").is_string());
  EXPECT_EQ(send(form(kSend, "from=a&to=b")).status, 415u);
  EXPECT_TRUE(store.accepted.empty());
}

TEST_F(MessagingTest, SwitchedOffOrWithoutAClientItIsNotThere) {
  settings.facades.messaging = false;
  rebuild();
  EXPECT_EQ(send(call(kSend, kMessage)).status, 404u);
  EXPECT_EQ(send(get("/health", "")).status, 404u);
  settings.facades.messaging = true;
  settings.facades.client.reset();
  rebuild();
  EXPECT_EQ(send(get("/health", "")).status, 404u);
}

TEST_F(MessagingTest, HealthAndReadiness) {
  pipeline::ProviderStatus status;
  status.id = "phones";
  providers.all.push_back(status);
  json health = read("/health");
  EXPECT_EQ(health.at("status"), "healthy");
  EXPECT_TRUE(health.at("timestamp").is_string());
  EXPECT_EQ(health.at("checks"),
            (json{{"database", "healthy"}, {"queue", "healthy"}, {"providers", "healthy"}}));
  EXPECT_EQ(read("/ready").at("ready"), true);
  store.overloaded = ports::Overloaded{.reason = "disk full"};
  readiness.reasons = {"The disk is full."};
  const auto unhealthy = send(get("/health", ""));
  EXPECT_EQ(unhealthy.status, 503u);
  EXPECT_EQ(json_of(unhealthy).at("status"), "unhealthy");
  const auto unready = send(get("/ready", ""));
  EXPECT_EQ(unready.status, 503u);
  EXPECT_EQ(json_of(unready).at("reasons"), json{"The disk is full."});
}

}  // namespace
}  // namespace heliograph::test
