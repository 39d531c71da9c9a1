// POST /v1/messages/batch.
#include <gtest/gtest.h>

#include "tests/unit/api/api_fixture.h"

namespace heliograph::test {
namespace {

using nlohmann::json;

class MessageBatch : public ApiTest {
 protected:
  static json message(const std::string& to = "+14155552671") {
    return {{"to", to}, {"from", "TEST"}, {"text", "Hello"}};
  }
  static json repeated(std::size_t count) {
    json list = json::array();
    for (std::size_t i = 0; i < count; ++i) list.push_back(message());
    return list;
  }
  http::Response batch(const json& messages, const std::string& key = "") {
    http::Request request = post("/v1/messages/batch", json{{"messages", messages}}.dump());
    if (!key.empty()) request.headers.emplace_back("idempotency-key", key);
    return send(std::move(request));
  }
  static std::vector<int> codes(const json& body) {
    std::vector<int> found;
    for (const json& item : body.at("messages")) found.push_back(item.at("code"));
    return found;
  }
};

TEST_F(MessageBatch, AnswersEachMessageInOrderAfterOneCommand) {
  json messages = repeated(3);
  messages[1]["to"] = "nobody";
  messages[2]["channel"] = "pigeon";
  messages.push_back(message());
  messages.push_back("text");
  const http::Response response = batch(messages);
  ASSERT_EQ(response.status, 200u) << response.body;
  const json body = json_of(response);
  EXPECT_EQ(codes(body), (std::vector<int>{202, 400, 400, 202, 400}));
  EXPECT_EQ(body.at("accepted"), 2);
  EXPECT_EQ(body.at("refused"), 3);
  const json& items = body.at("messages");
  EXPECT_EQ(items[0].at("message_id"), store.messages.begin()->second.id.to_string());
  EXPECT_EQ(items[0].at("status"), "QUEUED");
  EXPECT_EQ(items[1].at("problem").at("pointer"), "/messages/1/to");
  EXPECT_EQ(items[1].at("problem").at("status"), 400);
  EXPECT_EQ(items[2].at("problem").at("pointer"), "/messages/2/channel");
  EXPECT_EQ(items[4].at("problem").at("pointer"), "/messages/4");
  EXPECT_EQ(store.batches.size(), 1u);
}

TEST_F(MessageBatch, TakesAThousandAndNoMore) {
  const http::Response most = batch(repeated(1'000));
  ASSERT_EQ(most.status, 200u);
  EXPECT_EQ(json_of(most).at("accepted"), 1'000);
  const http::Response more = batch(repeated(1'001));
  EXPECT_EQ(more.status, 400u);
  EXPECT_EQ(json_of(more).at("pointer"), "/messages");
  EXPECT_EQ(store.batches.size(), 1u);
}

TEST_F(MessageBatch, TheBodyItselfHasToBeRight) {
  const auto pointer = [&](const std::string& body) {
    const http::Response response = send(post("/v1/messages/batch", body));
    EXPECT_EQ(response.status, 400u) << body;
    return json_of(response).value("pointer", "");
  };
  EXPECT_EQ(pointer("{}"), "/messages");
  EXPECT_EQ(pointer(R"({"messages":[]})"), "/messages");
  EXPECT_EQ(pointer(R"({"messages":{}})"), "/messages");
  EXPECT_EQ(pointer(R"({"messages":[{}],"dry_run":true})"), "/dry_run");
  EXPECT_EQ(pointer("[]"), "");
  EXPECT_TRUE(store.batches.empty());
}

TEST_F(MessageBatch, CreditGoesToTheFirstThatFit) {
  intake_settings.billing.price_per_part_cents = 40'000;
  rebuild();
  const http::Response response = batch(repeated(4));
  ASSERT_EQ(response.status, 200u);
  const json body = json_of(response);
  EXPECT_EQ(codes(body), (std::vector<int>{202, 202, 402, 402}));
  EXPECT_EQ(body.at("messages")[2].at("problem").at("error"), "insufficient credits");
  EXPECT_EQ(body.at("messages")[2].at("problem").at("required_cents"), 40'000);
}

TEST_F(MessageBatch, RefusedAsOneForOneReasonItHasThatStatus) {
  intake_settings.billing.price_per_part_cents = 100'001;
  rebuild();
  const http::Response unpaid = batch(repeated(2));
  EXPECT_EQ(unpaid.status, 402u);
  const json body = json_of(unpaid);
  EXPECT_EQ(body.at("error"), "insufficient credits");
  EXPECT_EQ(body.at("required_cents"), 100'001);
  EXPECT_EQ(codes(body), (std::vector<int>{402, 402}));
  EXPECT_EQ(body.at("refused"), 2);

  json wrong = repeated(2);
  wrong[0]["to"] = "x";
  const http::Response mixed = batch(wrong);
  EXPECT_EQ(mixed.status, 200u) << "400 and 402: no one reason";
  EXPECT_EQ(json_of(mixed).at("accepted"), 0);
  wrong[1].erase("text");
  const http::Response bad = batch(wrong);
  EXPECT_EQ(bad.status, 400u);
  EXPECT_EQ(json_of(bad).at("pointer"), "/messages/0/to");

  store.overloaded = ports::Overloaded{"queue full", std::chrono::seconds{5}};
  intake_settings.billing.price_per_part_cents = 1;
  rebuild();
  const http::Response full = batch(repeated(2));
  EXPECT_EQ(full.status, 503u);
  EXPECT_EQ(header(full, "Retry-After"), "5");
}

TEST_F(MessageBatch, LimitsCountMessages) {
  intake_settings.limits.total = config::Limit{.limit = 3, .window = std::chrono::seconds{10}};
  rebuild();
  const http::Response part = batch(repeated(5));
  ASSERT_EQ(part.status, 200u);
  EXPECT_EQ(codes(json_of(part)), (std::vector<int>{202, 202, 202, 429, 429}));
  EXPECT_GE(std::stoi(header(part, "Retry-After")), 10);
  EXPECT_EQ(header(part, "X-RateLimit-Remaining"), "0");
  EXPECT_EQ(header(part, "X-RateLimit-Reset"), header(part, "Retry-After"));
  const http::Response none = batch(repeated(2));
  EXPECT_EQ(none.status, 429u);
  EXPECT_GE(std::stoi(header(none, "Retry-After")), 10);
  EXPECT_EQ(store.batches.size(), 1u);
}

TEST_F(MessageBatch, WhatWasNotAcceptedGivesItsPermitBack) {
  intake_settings.limits.total = config::Limit{.limit = 4, .window = std::chrono::seconds{10}};
  intake_settings.billing.price_per_part_cents = 40'000;
  rebuild();
  EXPECT_EQ(codes(json_of(batch(repeated(4)))), (std::vector<int>{202, 202, 402, 402}));
  EXPECT_EQ(batch(repeated(2)).status, 402u) << "the limit has two left";
}

TEST_F(MessageBatch, OneKeyGivesTheWholeAnswerAgain) {
  json messages = repeated(3);
  messages[1]["to"] = "x";
  const http::Response first = batch(messages, "k1");
  const http::Response again = batch(messages, "k1");
  EXPECT_EQ(again.status, 200u);
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(header(again, "Idempotent-Replayed"), "true");
  EXPECT_EQ(store.messages.size(), 2u);
  EXPECT_EQ(batch(repeated(3), "k1").status, 422u);
}

TEST_F(MessageBatch, AReplayMeetsNoLimit) {
  intake_settings.limits.total = config::Limit{.limit = 3, .window = std::chrono::seconds{10}};
  rebuild();
  const http::Response first = batch(repeated(5), "k1");
  const http::Response again = batch(repeated(5), "k1");
  EXPECT_EQ(again.status, 200u);
  EXPECT_EQ(codes(json_of(again)), (std::vector<int>{202, 202, 202, 429, 429}));
  EXPECT_EQ(batch(repeated(2), "k2").status, 429u);
}

TEST_F(MessageBatch, ASecondRequestWhileTheFirstIsInFlightIs409) {
  store.hold_accepts = true;
  http::Request request = post("/v1/messages/batch", json{{"messages", repeated(1)}}.dump());
  request.headers.emplace_back("idempotency-key", "k1");
  const auto first = begin(request);
  ASSERT_FALSE(first->response);
  EXPECT_EQ(send(request).status, 409u);
  store.held.at(0)();
  turn();
  EXPECT_EQ(first->response->status, 200u);
}

TEST_F(MessageBatch, NoMoreIsTakenThanTheWriterMayOwe) {
  intake_settings.billing.price_per_part_cents = 0;
  rebuild();
  store.hold_accepts = true;
  std::vector<std::shared_ptr<Exchange>> waiting;
  const std::string body = json{{"messages", repeated(1'000)}}.dump();
  for (int i = 0; i < 50; ++i) waiting.push_back(begin(post("/v1/messages/batch", body)));
  const http::Response refused = send(post("/v1/messages/batch", body));
  EXPECT_EQ(refused.status, 503u);
  EXPECT_EQ(header(refused, "Retry-After"), "1");
  for (auto& answer : std::exchange(store.held, {})) answer();
  turn();
  store.hold_accepts = false;
  EXPECT_EQ(batch(repeated(1)).status, 200u);
}

TEST_F(MessageBatch, CodesAreToldAndToldAgain) {
  json messages = repeated(2);
  messages[1]["text"] = "{otp} is your code";
  messages[1]["otp"] = true;
  const http::Response first = batch(messages, "k1");
  const json item = json_of(first).at("messages")[1];
  const std::string code = item.at("otp_code");
  EXPECT_EQ(store.messages.rbegin()->second.text, code + " is your code");
  EXPECT_FALSE(json_of(first).at("messages")[0].contains("otp_code"));
  EXPECT_EQ(batch(messages, "k1").body, first.body);
}

TEST_F(MessageBatch, NeedsTheScope) {
  http::Request request =
      post("/v1/messages/batch", json{{"messages", repeated(1)}}.dump(), kReadKey);
  EXPECT_EQ(send(std::move(request)).status, 403u);
}

}  // namespace
}  // namespace heliograph::test
