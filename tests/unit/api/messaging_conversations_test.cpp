// /api/v1/conversations and the older /api/conversations: threads in the Messaging service's words.
#include "core/base/time_text.h"
#include "tests/unit/api/messaging_fixture.h"

namespace heliograph::test {
namespace {

using nlohmann::json;

class MessagingConversations : public MessagingTest {
 protected:
  static constexpr const char* kAll = "/api/v1/conversations/";
  static constexpr const char* kNew =
      R"({"type":"direct","participant_from":"15551234567","participant_to":"+15559876543",
          "channel_type":"sms","title":"Support","metadata":{"case":7}})";

  MessagingConversations() {
    model::Conversation conversation;
    conversation.id = model::MessageId::from_parts((std::int64_t{1'764'000'000'000} << 16) + 1, 9);
    conversation.client = facade;
    conversation.from = "+15551234567";
    conversation.to = "+15559876543";
    conversation.title = "Support";
    conversation.message_count = 2;
    conversation.unread_count = 1;
    conversation.updated_at = conversation.id.created_at();
    conversations.conversations.push_back(conversation);
  }
  std::string id() const { return conversations.conversations.front().id.to_string(); }
  std::string path(std::string_view more = "") const { return kAll + id() + std::string(more); }
  http::Response with(http::Method method, const std::string& target, const std::string& body) {
    http::Request request = call(target, body);
    request.method = method;
    return send(std::move(request));
  }
  // One message each way.
  void talk() {
    model::MessageView out = put(model::Status::kQueued);
    out.conversation = conversations.conversations.front().id;
    conversations.messages.emplace_back(out);
    model::InboundView in;
    in.id = model::MessageId::from_parts((std::int64_t{1'764'000'000'500} << 16) + 2, 9);
    in.conversation = out.conversation;
    in.provider = "twilio";
    in.provider_message_id = "SM2";
    in.from = "+15559876543";
    in.to = "+15551234567";
    in.text = "Hi";
    conversations.messages.emplace_back(in);
  }
};

TEST_F(MessagingConversations, OneThread) {
  const std::string time =
      base::format_rfc3339(conversations.conversations.front().id.created_at());
  EXPECT_EQ(read(path()), (json{{"id", id()},
                                {"participant_from", "+15551234567"},
                                {"participant_to", "+15559876543"},
                                {"channel_type", "sms"},
                                {"type", "direct"},
                                {"status", "active"},
                                {"title", "Support"},
                                {"last_message_at", nullptr},
                                {"message_count", 2},
                                {"unread_count", 1},
                                {"created_at", time},
                                {"updated_at", time},
                                {"metadata", json::object()}}));
  EXPECT_EQ(send(get(std::string(kAll) + "nonsense", "")).status, 404u);
  conversations.conversations.front().client = demo;
  EXPECT_EQ(send(get(path(), "")).status, 404u) << "another client's";
}

TEST_F(MessagingConversations, WithItsMessagesOfBothDirections) {
  talk();
  const json messages = read(path("?include_messages=true")).at("messages");
  ASSERT_EQ(messages.size(), 2u);
  EXPECT_EQ(messages[0].at("direction"), "outbound");
  EXPECT_EQ(messages[0].at("conversation_id"), id());
  const json& in = messages[1];
  EXPECT_EQ(in.at("direction"), "inbound");
  EXPECT_EQ(in.at("status"), "delivered");
  EXPECT_EQ(in.at("conversation_id"), id());
  EXPECT_EQ(in.at("body"), "Hi");
  EXPECT_EQ(in.at("from"), "+15559876543");
  std::vector<std::string> out_names;
  std::vector<std::string> in_names;
  for (const auto& [name, value] : messages[0].items()) out_names.push_back(name);
  for (const auto& [name, value] : in.items()) in_names.push_back(name);
  EXPECT_EQ(out_names, in_names) << "the same members both ways";
  EXPECT_EQ(read("/api/v1/messages/" + in.at("id").get<std::string>()), in);
  EXPECT_EQ(send(get(path("?include_messages=maybe"), "")).status, 422u);
  EXPECT_FALSE(read(path("?include_messages=false")).contains("messages"));
}

TEST_F(MessagingConversations, MessagesOfAThreadAsAList) {
  talk();
  for (const std::string& target :
       {"/api/v1/messages/?conversation_id=" + id(), "/api/conversations/" + id() + "/messages"}) {
    const json page = read(target);
    EXPECT_EQ(page.at("messages").size(), 2u) << target;
    EXPECT_EQ(page.at("total"), 2) << target;
  }
  EXPECT_EQ(read("/api/conversations/" + id() + "/messages?offset=1").at("messages").size(), 1u);
  EXPECT_FALSE(conversations.last_thread.newest_first);
  EXPECT_EQ(send(get("/api/v1/messages/?conversation_id=x", "")).status, 404u);
  EXPECT_EQ(send(get("/api/conversations/x/messages", "")).status, 404u);
}

TEST_F(MessagingConversations, ListsAndFilters) {
  const json page = read(std::string(kAll) +
                         "?participant=15559876543&channel_type=sms&status=active&type=thread&"
                         "limit=7&offset=3");
  EXPECT_EQ(page.at("conversations").size(), 1u);
  EXPECT_EQ(page.at("total"), 1);
  EXPECT_EQ(page.at("limit"), 7);
  EXPECT_EQ(page.at("offset"), 3);
  const ports::ConversationFilter& filter = conversations.last_filter;
  EXPECT_EQ(filter.client, facade);
  EXPECT_EQ(filter.participant, "+15559876543");
  EXPECT_EQ(filter.channel, model::Channel::kSms);
  EXPECT_EQ(filter.status, model::ConversationStatus::kActive);
  EXPECT_EQ(filter.type, model::ConversationType::kThread);
  EXPECT_EQ(filter.limit, 7u);
  EXPECT_EQ(filter.skip, 3u);
  EXPECT_EQ(read("/api/conversations").at("conversations").size(), 1u) << "the older path";
  for (const char* query : {"channel_type=fax", "status=open", "type=group", "limit=0"}) {
    EXPECT_EQ(send(get(std::string(kAll) + "?" + query, "")).status, 422u) << query;
  }
}

TEST_F(MessagingConversations, Searches) {
  const auto found = send(call("/api/v1/conversations/search", R"({"query":"Supp","limit":5})"));
  ASSERT_EQ(found.status, 200u) << found.body;
  EXPECT_EQ(json_of(found).at("conversations").size(), 1u);
  EXPECT_EQ(conversations.last_filter.contains, "Supp");
  EXPECT_EQ(conversations.last_filter.limit, 5u);
  for (const char* body : {"{}", R"({"query":""})", R"({"query":7})", R"({"query":"x","limit":0})",
                           R"({"query":"x","limit":"y"})"}) {
    EXPECT_EQ(send(call("/api/v1/conversations/search", body)).status, 422u) << body;
  }
}

TEST_F(MessagingConversations, OneIsMade) {
  const auto response = send(call(kAll, kNew));
  ASSERT_EQ(response.status, 201u) << response.body;
  EXPECT_EQ(json_of(response).at("id"), id());
  ASSERT_EQ(conversations.created.size(), 1u);
  const ports::NewConversation& made = conversations.created[0];
  EXPECT_EQ(made.client, facade);
  EXPECT_EQ(made.from, "+15551234567");
  EXPECT_EQ(made.to, "+15559876543");
  EXPECT_EQ(made.title, "Support");
  EXPECT_EQ(made.metadata_json, R"({"case":"7"})");
  const std::vector<std::pair<json, std::string>> wrong{
      {{{"channel_type", "fax"}}, "channel_type"},
      {{{"channel_type", nullptr}}, "channel_type"},
      {{{"participant_to", "x@example.com"}}, "participant_to"},
      {{{"participant_from", nullptr}}, "participant_from"},
      {{{"type", "group"}}, "type"},
      {{{"title", std::string(201, 'a')}}, "title"},
      {{{"title", "a\nb"}}, "title"},
      {{{"metadata", "x"}}, "metadata"}};
  for (const auto& [change, field] : wrong) {
    json body = json::parse(kNew);
    body.update(change);
    const auto refused = send(call(kAll, body.dump()));
    ASSERT_EQ(refused.status, 422u) << body;
    EXPECT_EQ(json_of(refused).at("detail")[0].at("loc"), (json{"body", field})) << body;
  }
  EXPECT_EQ(conversations.created.size(), 1u);
}

TEST_F(MessagingConversations, OneIsChangedClosedAndForgotten) {
  const auto archived = with(http::Method::kPatch, path(),
                             R"({"status":"archived","title":"Done","metadata":{"a":"b"}})");
  ASSERT_EQ(archived.status, 200u) << archived.body;
  EXPECT_EQ(json_of(archived).at("status"), "archived");
  EXPECT_EQ(json_of(archived).at("title"), "Done");
  EXPECT_EQ(json_of(archived).at("metadata"), (json{{"a", "b"}}));
  EXPECT_EQ(with(http::Method::kPatch, path(), R"({"status":"open"})").status, 422u);

  const auto remove = [&](const std::string& target) {
    http::Request request = get(target, "");
    request.method = http::Method::kDelete;
    return send(std::move(request)).status;
  };
  EXPECT_EQ(remove(path()), 204u);
  EXPECT_EQ(read(path()).at("status"), "closed");
  EXPECT_TRUE(conversations.removed.empty());
  EXPECT_EQ(remove(path("?hard_delete=true")), 204u);
  EXPECT_EQ(conversations.removed.size(), 1u);
  EXPECT_EQ(remove(path("?hard_delete=x")), 422u);
  EXPECT_EQ(remove(std::string(kAll) + "x"), 404u);
  EXPECT_EQ(remove(std::string(kAll) + "x?hard_delete=true"), 404u);
}

TEST_F(MessagingConversations, Statistics) {
  EXPECT_EQ(send(get(path("/statistics"), "")).status, 404u);
  conversations.statistics =
      ports::ConversationStatistics{.inbound = 2, .outbound = 3, .failed = 1};
  EXPECT_EQ(read(path("/statistics")), (json{{"conversation_id", id()},
                                             {"total_messages", 5},
                                             {"inbound_messages", 2},
                                             {"outbound_messages", 3},
                                             {"failed_messages", 1},
                                             {"avg_send_time_seconds", nullptr}}));
  conversations.statistics->send_seconds_average = 0.25;
  EXPECT_EQ(read(path("/statistics")).at("avg_send_time_seconds"), 0.25);
}

}  // namespace
}  // namespace heliograph::test
