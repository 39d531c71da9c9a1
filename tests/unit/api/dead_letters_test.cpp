#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/api/api_fixture.h"

namespace heliograph::test {
namespace {

using DeadLetters = ApiTest;
using model::FailReason;
using model::Status;

std::string requeue_path(const model::MessageView& message) {
  return "/v1/dead-letters/" + message.id.to_string() + "/requeue";
}

TEST_F(DeadLetters, ListHasOnlyOnesOwnDeadLetters) {
  for (const Status status : {Status::kQueued, Status::kDelivered, Status::kCancelled,
                              Status::kFailedPerm, Status::kExpired, Status::kUnknown}) {
    store.put(demo, status);
  }
  store.put(other, Status::kFailedPerm);
  const auto json = json_of(send(get("/v1/dead-letters")));
  ASSERT_EQ(json.at("dead_letters").size(), 3u);
  EXPECT_EQ(json.at("dead_letters").at(0).at("status"), "UNKNOWN");
  EXPECT_TRUE(json.at("next_cursor").is_null());
  EXPECT_TRUE(store.filters.at(0).dead_letters_only);
}

TEST_F(DeadLetters, OneIsRequeuedWithTheValidityGivenOrTheDefault) {
  settings.messages.validity = std::chrono::hours{5};
  rebuild();
  const auto& first = store.put(demo, Status::kFailedPerm);
  const auto& second = store.put(demo, Status::kExpired);
  const http::Response response = send(post(requeue_path(first)));
  EXPECT_EQ(response.status, 202u);
  EXPECT_EQ(json_of(response),
            (nlohmann::json{{"message_id", first.id.to_string()}, {"status", "QUEUED"}}));
  EXPECT_EQ(header(response, "Location"), "/v1/messages/" + first.id.to_string());
  EXPECT_EQ(send(post(requeue_path(second), R"({"validity":"10m"})")).status, 202u);
  EXPECT_EQ(store.validities, (std::vector<std::chrono::milliseconds>{std::chrono::hours{5},
                                                                      std::chrono::minutes{10}}));
}

TEST_F(DeadLetters, WhatCannotBeRequeuedSaysWhy) {
  const auto& sent = store.put(demo, Status::kSent);
  const http::Response conflict = send(post(requeue_path(sent)));
  EXPECT_EQ(conflict.status, 409u);
  EXPECT_EQ(json_of(conflict).at("message_status"), "SENT");

  const auto& poor = store.put(demo, Status::kFailedPerm);
  store.requeue_results.emplace(poor.id, ports::InsufficientCredit{.required_cents = 10});
  const http::Response lack = send(post(requeue_path(poor)));
  EXPECT_EQ(lack.status, 402u);
  EXPECT_EQ(json_of(lack).at("required_cents"), 10);

  const auto& others = store.put(other, Status::kFailedPerm);
  EXPECT_EQ(send(post(requeue_path(others))).status, 404u);
  EXPECT_EQ(send(post("/v1/dead-letters/nonsense/requeue")).status, 404u);
  EXPECT_EQ(json_of(send(post(requeue_path(poor), R"({"validity":"soon"})"))).at("pointer"),
            "/validity");
}

TEST_F(DeadLetters, ManyAreRequeuedByFilterAndFailuresAreNamed) {
  std::vector<model::MessageId> ids;
  for (int i = 0; i < 5; ++i) {
    auto& message = store.put(demo, Status::kFailedPerm);
    message.reason = FailReason::kAttemptsExhausted;
    ids.push_back(message.id);
  }
  store.put(other, Status::kFailedPerm).reason = FailReason::kAttemptsExhausted;
  auto& rejected = store.put(demo, Status::kFailedPerm);
  rejected.reason = FailReason::kRejected;
  store.requeue_results.emplace(ids[0], ports::InsufficientCredit{.required_cents = 5});
  store.requeue_results.emplace(ids[1], ports::Conflict{.status = Status::kQueued});

  const http::Response response = send(post(
      "/v1/dead-letters/requeue", R"({"status":"FAILED_PERM","reason":"attempts_exhausted"})"));
  ASSERT_EQ(response.status, 200u) << response.body;
  EXPECT_EQ(json_of(response), (nlohmann::json{{"requeued", 3},
                                               {"failed",
                                                {{{"id", ids[1].to_string()},
                                                  {"error", "not a dead letter any more"},
                                                  {"message_status", "QUEUED"}},
                                                 {{"id", ids[0].to_string()},
                                                  {"error", "insufficient credits"},
                                                  {"required_cents", 5}}}},
                                               {"next_cursor", nullptr}}));
  EXPECT_EQ(rejected.status, Status::kFailedPerm);
}

TEST_F(DeadLetters, TheCursorGoesOnWhereTheLimitStopped) {
  for (int i = 0; i < 7; ++i) store.put(demo, Status::kFailedPerm);
  std::string body = R"({"limit":3})";
  std::vector<int> counts;
  for (int round = 0; round < 3; ++round) {
    const auto json = json_of(send(post("/v1/dead-letters/requeue", body)));
    counts.push_back(json.at("requeued").get<int>());
    if (json.at("next_cursor").is_null()) break;
    body = R"({"limit":3,"cursor":")" + json.at("next_cursor").get<std::string>() + "\"}";
  }
  EXPECT_EQ(counts, (std::vector{3, 3, 1}));
}

TEST_F(DeadLetters, ARareReasonDoesNotReadTheWholeStoreAtOnce) {
  auto& oldest = store.put(demo, Status::kFailedPerm);
  oldest.reason = FailReason::kUndelivered;
  for (int i = 0; i < 1'050; ++i)
    store.put(demo, Status::kFailedPerm).reason = FailReason::kRejected;
  auto json = json_of(send(post("/v1/dead-letters/requeue", R"({"reason":"undelivered"})")));
  EXPECT_EQ(json.at("requeued"), 0);
  EXPECT_EQ(store.filters.size(), 10u);
  const auto cursor = json.at("next_cursor").get<std::string>();
  json = json_of(send(
      post("/v1/dead-letters/requeue", R"({"reason":"undelivered","cursor":")" + cursor + "\"}")));
  EXPECT_EQ(json.at("requeued"), 1);
  EXPECT_TRUE(json.at("next_cursor").is_null());
  EXPECT_EQ(oldest.status, Status::kQueued);
}

TEST_F(DeadLetters, AnEmptyBodyMeansAllAndNothingFoundIsNoError) {
  const auto json = json_of(send(post("/v1/dead-letters/requeue")));
  EXPECT_EQ(json,
            (nlohmann::json{
                {"requeued", 0}, {"failed", nlohmann::json::array()}, {"next_cursor", nullptr}}));
}

TEST_F(DeadLetters, BadFiltersAre400WithAPointer) {
  store.put(demo, Status::kFailedPerm);
  const std::vector<std::pair<std::string, std::string>> table{
      {R"({"status":"SENT"})", "/status"},
      {R"({"status":"failed"})", "/status"},
      {R"({"status":1})", "/status"},
      {R"({"reason":"bored"})", "/reason"},
      {R"({"reason":""})", "/reason"},
      {R"({"limit":0})", "/limit"},
      {R"({"limit":101})", "/limit"},
      {R"({"limit":"5"})", "/limit"},
      {R"({"limit":1.5})", "/limit"},
      {R"({"created_after":"x"})", "/created_after"},
      {R"({"created_before":5})", "/created_before"},
      {R"({"validity":"0s"})", "/validity"},
      {R"({"cursor":"AAAAAAAAAAAAAAAAAAAA"})", "/cursor"},
      {R"({"to":"+14155552671"})", "/to"},
      {R"([])", ""},
  };
  for (const auto& [body, pointer] : table) {
    const http::Response response = send(post("/v1/dead-letters/requeue", body));
    EXPECT_EQ(response.status, 400u) << body;
    EXPECT_EQ(json_of(response).value("pointer", ""), pointer) << response.body;
  }
  EXPECT_TRUE(store.validities.empty());
  EXPECT_EQ(send(post("/v1/dead-letters/requeue")).status, 200u);
}

}  // namespace
}  // namespace heliograph::test
