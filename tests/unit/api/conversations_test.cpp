// /v1/conversations and /v1/opt-outs: what is read of a request, what is asked of the store, what
// is shown; and a message to somebody who has opted out.
#include "tests/unit/api/api_fixture.h"

namespace heliograph::test {
namespace {

using nlohmann::json;

class ConversationsApiTest : public ApiTest {
 protected:
  ConversationsApiTest() {
    model::Conversation conversation;
    conversation.id = model::ConversationId::from_parts(1'764'000'000'000LL << 16, 7);
    conversation.client = demo;
    conversation.from = "+15550001111";
    conversation.to = "+15550002222";
    conversation.started = model::Direction::kInbound;
    conversation.message_count = 2;
    conversation.unread_count = 1;
    conversations.conversations.push_back(conversation);
    path = "/v1/conversations/" + conversation.id.to_string();
  }
  http::Request patch(std::string target, std::string body, std::string_view key = kKey) {
    http::Request request = post(std::move(target), std::move(body), key);
    request.method = http::Method::kPatch;
    return request;
  }
  http::Request del(std::string target, std::string_view key = kKey) {
    http::Request request = get(std::move(target), key);
    request.method = http::Method::kDelete;
    return request;
  }
  std::string path;
};

TEST_F(ConversationsApiTest, Shown) {
  const auto response = send(get(path, kReadKey));
  EXPECT_EQ(response.status, 404u) << "another client's";
  const json shown = json_of(send(get(path)));
  EXPECT_EQ(shown["own_address"], "+15550002222");
  EXPECT_EQ(shown["peer_address"], "+15550001111");
  EXPECT_EQ(shown["channel"], "sms");
  EXPECT_EQ(shown["status"], "active");
  EXPECT_EQ(shown["message_count"], 2);
  EXPECT_EQ(shown["unread_count"], 1);
  EXPECT_FALSE(shown.contains("last_message_at"));
  EXPECT_FALSE(shown.contains("title"));
}

TEST_F(ConversationsApiTest, FiltersReachTheStore) {
  conversations.next_row = 5;
  const std::string query = "?participant=15550001111&channel=mms&status=archived&limit=3";
  const json page = json_of(send(get("/v1/conversations" + query)));
  EXPECT_EQ(conversations.last_filter.participant, "+15550001111");
  EXPECT_EQ(conversations.last_filter.channel, model::Channel::kMms);
  EXPECT_EQ(conversations.last_filter.status, model::ConversationStatus::kArchived);
  EXPECT_EQ(conversations.last_filter.limit, 3u);
  const auto cursor = page["next_cursor"].get<std::string>();
  send(get("/v1/conversations" + query + "&cursor=" + cursor));
  EXPECT_EQ(conversations.last_filter.before_row, 5);
  EXPECT_EQ(send(get("/v1/conversations?cursor=" + cursor)).status, 400u) << "another list's";
}

TEST_F(ConversationsApiTest, MessagesBothWays) {
  model::MessageView out;
  out.id = model::MessageId::from_parts(11 << 16, 1);
  out.status = model::Status::kDelivered;
  out.conversation = conversations.conversations[0].id;
  model::InboundView in;
  in.id = model::MessageId::from_parts(12 << 16, 1);
  in.from = "+15550001111";
  in.text = "hi";
  in.provider = "mock";
  in.content = model::ContentView{
      .subject = "", .html = "", .media = {{"https://e.example/1", ""}}, .attachments = {}};
  conversations.messages = {out, in};
  conversations.next_row = 12;
  const json page = json_of(send(get(path + "/messages?limit=2")));
  ASSERT_EQ(page["messages"].size(), 2u);
  EXPECT_EQ(page["messages"][0]["direction"], "outbound");
  EXPECT_EQ(page["messages"][0]["status"], "DELIVERED");
  EXPECT_EQ(page["messages"][0]["conversation_id"], conversations.conversations[0].id.to_string());
  EXPECT_EQ(page["messages"][1]["direction"], "inbound");
  EXPECT_EQ(page["messages"][1]["text"], "hi");
  EXPECT_EQ(page["messages"][1]["read"], false);
  EXPECT_EQ(page["messages"][1]["media"], json::array({"https://e.example/1"}));
  const auto cursor = page["next_cursor"].get<std::string>();
  send(get(path + "/messages?cursor=" + cursor));
  EXPECT_EQ(conversations.last_thread.after_row, 12);
  EXPECT_EQ(send(get("/v1/conversations/x/messages")).status, 404u);
}

TEST_F(ConversationsApiTest, ReadAndChange) {
  EXPECT_EQ(json_of(send(post(path + "/read")))["unread_count"], 0);
  EXPECT_FALSE(conversations.read_up_to);
  const auto id = model::MessageId::from_parts(12 << 16, 1);
  send(post(path + "/read", R"({"up_to":")" + id.to_string() + "\"}"));
  EXPECT_EQ(conversations.read_up_to, id);
  const json changed =
      json_of(send(patch(path, R"({"status":"closed","title":"T","metadata":{"a":"b"}})")));
  EXPECT_EQ(changed["status"], "closed");
  EXPECT_EQ(changed["title"], "T");
  EXPECT_EQ(changed["metadata"], (json{{"a", "b"}}));
  const json emptied = json_of(send(patch(path, R"({"metadata":{},"title":""})")));
  EXPECT_FALSE(emptied.contains("metadata"));
  EXPECT_FALSE(emptied.contains("title"));
  EXPECT_EQ(send(patch(path, "{}", kReadKey)).status, 403u);
  EXPECT_EQ(send(patch(path, "{}", kOtherKey)).status, 404u);
}

TEST_F(ConversationsApiTest, WhatIsWrongIsNamed) {
  const struct {
    const char* body;
    const char* pointer;
  } kCases[] = {
      {R"({"status":"open"})", "/status"},
      {R"({"title":"a\nb"})", "/title"},
      {R"({"metadata":5})", "/metadata"},
      {R"({"metadata":{"k":5}})", "/metadata/k"},
      {R"({"id":"x"})", "/id"},
  };
  for (const auto& c : kCases) {
    const auto response = send(patch(path, c.body));
    EXPECT_EQ(response.status, 400u) << c.body;
    EXPECT_EQ(json_of(response)["pointer"], c.pointer) << c.body;
  }
  EXPECT_EQ(send(post(path + "/read", R"({"up_to":5})")).status, 400u);
}

TEST_F(ConversationsApiTest, OptOuts) {
  const auto made =
      send(post("/v1/opt-outs", R"({"recipient":"+1 555 000 1111","sender":"12345"})"));
  EXPECT_EQ(made.status, 201u);
  EXPECT_EQ(json_of(made)["recipient"], "+15550001111");
  EXPECT_EQ(json_of(made)["origin"], "api");
  EXPECT_EQ(send(post("/v1/opt-outs", R"({"recipient":"+15550001111","sender":"12345"})")).status,
            204u);
  const json listed = json_of(send(get("/v1/opt-outs?recipient=%2B15550001111")));
  EXPECT_EQ(listed["opt_outs"].size(), 1u);
  EXPECT_EQ(conversations.last_opt_outs.recipient, "+15550001111");
  EXPECT_EQ(send(get("/v1/opt-outs?recipient=+15550001111")).status, 200u) << "an unencoded +";
  EXPECT_EQ(conversations.last_opt_outs.recipient, "+15550001111");
  EXPECT_EQ(send(del("/v1/opt-outs")).status, 400u);
  EXPECT_EQ(send(del("/v1/opt-outs?recipient=%2B15550001111&what=x")).status, 400u);
  EXPECT_EQ(send(del("/v1/opt-outs?recipient=%2B15550001111")).status, 404u);
  EXPECT_EQ(send(del("/v1/opt-outs?recipient=%2B15550001111&sender=12345")).status, 204u);
  EXPECT_TRUE(conversations.opt_outs.empty());
  EXPECT_EQ(send(post("/v1/opt-outs", R"({"recipient":"nobody"})")).status, 400u);
  EXPECT_EQ(send(post("/v1/opt-outs", R"({"recipient":"+15550001111"})", kReadKey)).status, 403u);
}

TEST_F(ConversationsApiTest, AMessageToOneWhoHasOptedOut) {
  store.opted_out = true;
  const auto response = send(post("/v1/messages", valid_message()));
  EXPECT_EQ(response.status, 400u);
  const json problem = json_of(response);
  EXPECT_EQ(problem["type"], "urn:heliograph:problem:opted-out");
  EXPECT_EQ(problem["title"], "Opted out");
  EXPECT_EQ(problem["pointer"], "/to");
  const std::string item = valid_message();
  const auto batch =
      send(post("/v1/messages/batch", R"({"messages":[)" + item + "," + item + "]}"));
  EXPECT_EQ(batch.status, 400u);
  EXPECT_EQ(json_of(batch)["type"], "urn:heliograph:problem:opted-out");
  EXPECT_EQ(json_of(batch)["messages"][1]["problem"]["pointer"], "/messages/1/to");
}

TEST_F(ConversationsApiTest, AClientMayWantItsMessagesInThreads) {
  send(post("/v1/messages", valid_message()));
  EXPECT_FALSE(store.accepted.back().message.in_conversation);
  store.add("threads", "threads", model::kScopeSend, 1'000).conversations = true;
  EXPECT_EQ(send(post("/v1/messages", valid_message(), "threads")).status, 202u);
  EXPECT_TRUE(store.accepted.back().message.in_conversation);
}

}  // namespace
}  // namespace heliograph::test
