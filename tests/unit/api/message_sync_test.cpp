// Sync mode: answers to new messages that wait for them.
#include <gtest/gtest.h>

#include "core/api/preferred_wait.h"
#include "tests/unit/api/api_fixture.h"

namespace heliograph::test {
namespace {

class MessageSync : public ApiTest {
 protected:
  static http::Request waiting(const std::string& preference, std::string_view extra = "") {
    http::Request request = post("/v1/messages", valid_message(extra));
    if (!preference.empty()) request.headers.emplace_back("prefer", preference);
    return request;
  }
  model::MessageView& last() { return store.messages.rbegin()->second; }
  void settle(model::Status status) {
    last().status = status;
    settlements.tell(std::span(&last().id, 1));
    turn();
  }
};

TEST_F(MessageSync, AnswersWithTheMessageWhenItIsSent) {
  const auto exchange = begin(waiting("wait=20"));
  ASSERT_FALSE(exchange->response) << "it waits";
  settle(model::Status::kSent);
  ASSERT_TRUE(exchange->response);
  const http::Response& response = *exchange->response;
  EXPECT_EQ(response.status, 200u);
  EXPECT_EQ(header(response, "Preference-Applied"), "wait=20");
  EXPECT_EQ(header(response, "Location"), "/v1/messages/" + last().id.to_string());
  const auto json = json_of(response);
  EXPECT_EQ(json.at("status"), "SENT");
  EXPECT_EQ(json.at("message_id"), last().id.to_string());
  EXPECT_EQ(json.at("id"), last().id.to_string());
  EXPECT_EQ(json.at("to"), "+14155552671");
  EXPECT_EQ(settlements.waiting(), 0u);
}

TEST_F(MessageSync, WhatWasSettledBeforeAnybodyWatchedIsSeen) {
  store.on_put = [](model::MessageView& message) { message.status = model::Status::kDelivered; };
  const http::Response response = send(waiting("wait=20"));
  EXPECT_EQ(response.status, 200u);
  EXPECT_EQ(json_of(response).at("status"), "DELIVERED");
}

TEST_F(MessageSync, AFailureIsAnAnswerToo) {
  const auto exchange = begin(waiting("wait=20"));
  settle(model::Status::kFailedPerm);
  ASSERT_TRUE(exchange->response);
  EXPECT_EQ(exchange->response->status, 200u);
  EXPECT_EQ(json_of(*exchange->response).at("status"), "FAILED_PERM");
}

TEST_F(MessageSync, AStoppingGatewayAnswersAtOnce) {
  const auto exchange = begin(waiting("wait=20"));
  ASSERT_FALSE(exchange->response);
  settlements.close();
  turn();
  ASSERT_TRUE(exchange->response);
  EXPECT_EQ(exchange->response->status, 202u);
  EXPECT_EQ(header(*exchange->response, "Preference-Applied"), "");
  EXPECT_EQ(json_of(*exchange->response).at("status"), "QUEUED");
}

TEST_F(MessageSync, TheSettingMakesItTheRuleAndTheRequestIsStronger) {
  settings.messages.sync_wait = std::chrono::seconds{10};
  rebuild();
  const auto exchange = begin(waiting(""));
  ASSERT_FALSE(exchange->response);
  settle(model::Status::kSent);
  EXPECT_EQ(exchange->response->status, 200u);
  EXPECT_EQ(header(*exchange->response, "Preference-Applied"), "") << "nobody asked";
  EXPECT_EQ(send(waiting("wait=0")).status, 202u);
  EXPECT_EQ(send(waiting("respond-async")).status, 202u);
}

TEST_F(MessageSync, ScheduledAndRefusedMessagesAreNotWaitedFor) {
  const std::string soon = base::format_rfc3339(clock.real_wall() + std::chrono::hours{1});
  EXPECT_EQ(send(waiting("wait=20", R"(,"send_at":")" + soon + "\"")).status, 202u);
  store.overloaded = ports::Overloaded{"queue full", std::chrono::seconds{3}};
  EXPECT_EQ(send(waiting("wait=20")).status, 503u);
}

TEST_F(MessageSync, AReplayWaitsAndSaysSo) {
  http::Request request = waiting("wait=20");
  request.headers.emplace_back("idempotency-key", "k1");
  const auto first = begin(request);
  settle(model::Status::kSent);
  ASSERT_TRUE(first->response);
  const http::Response again = send(request);
  EXPECT_EQ(again.status, 200u);
  EXPECT_EQ(again.body, first->response->body);
  EXPECT_EQ(header(again, "Idempotent-Replayed"), "true");
}

TEST_F(MessageSync, AWaitThatIsNoNumberIs400) {
  for (const char* bad : {"wait", "wait=", "wait=soon", "wait=-1", "wait=1.5", "wait=\"\""}) {
    EXPECT_EQ(send(waiting(bad)).status, 400u) << bad;
  }
  EXPECT_TRUE(store.accepted.empty());
}

TEST(PreferredWait, IsReadAsItsRuleSays) {
  const auto wish = [](std::initializer_list<const char*> fields) -> std::int64_t {
    http::Request request;
    for (const char* field : fields) request.headers.emplace_back("prefer", field);
    const auto read = api::preferred_wait(request);
    if (!read) return -2;
    return *read ? (*read)->count() : -1;
  };
  EXPECT_EQ(wish({}), -1);
  EXPECT_EQ(wish({"return=minimal"}), -1);
  EXPECT_EQ(wish({"wait=5"}), 5);
  EXPECT_EQ(wish({"Wait = \"5\"; strict"}), 5);
  EXPECT_EQ(wish({"respond-async, wait=7, wait=9"}), 7);
  EXPECT_EQ(wish({"return=minimal", "wait=8"}), 8);
  EXPECT_EQ(wish({"respond-async"}), 0);
  EXPECT_EQ(wish({"wait=31"}), 30);
  EXPECT_EQ(wish({"wait=99999999999999999999"}), 30);
  EXPECT_EQ(wish({"wait=0000000000001"}), 30) << "no number of seconds is that long";
  EXPECT_EQ(wish({"awaiting=1, wait=x"}), -2);
}

}  // namespace
}  // namespace heliograph::test
