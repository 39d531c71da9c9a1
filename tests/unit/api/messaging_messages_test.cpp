// GET /api/v1/messages/..., PATCH .../status, POST .../retry.
#include "core/base/time_text.h"
#include "tests/unit/api/messaging_fixture.h"

namespace heliograph::test {
namespace {

using nlohmann::json;

class MessagingMessages : public MessagingTest {
 protected:
  std::string path(const model::MessageView& message, std::string_view action = "") {
    return "/api/v1/messages/" + message.id.to_string() + std::string(action);
  }
  http::Response patch(const model::MessageView& message, const json& body) {
    http::Request request = call(path(message, "/status"), body.dump());
    request.method = http::Method::kPatch;
    return send(std::move(request));
  }
};

TEST_F(MessagingMessages, OneMessageWithItsTimes) {
  model::MessageView& message = put(model::Status::kDelivered);
  message.provider = "phones";
  message.provider_message_id = "SM1";
  message.client_reference = "parent";
  message.metadata_json = R"({"a":"b"})";
  message.channel = model::Channel::kMms;
  message.content.emplace();
  message.content->media = {{.url = "https://example.com/a.png", .content_type = ""}};
  const model::TimePoint sent = message.created_at + std::chrono::milliseconds{5};
  const model::TimePoint delivered = message.created_at + std::chrono::seconds{2};
  store.event_views[message.id] = {{.status = "QUEUED", .at = message.created_at, .detail = ""},
                                   {.status = "SENT", .at = sent, .detail = ""},
                                   {.status = "DELIVERED", .at = delivered, .detail = ""}};
  const json body = read(path(message));
  EXPECT_EQ(body, (json{{"id", message.id.to_string()},
                        {"conversation_id", nullptr},
                        {"parent_id", "parent"},
                        {"provider", "phones"},
                        {"provider_message_id", "SM1"},
                        {"direction", "outbound"},
                        {"status", "delivered"},
                        {"type", "mms"},
                        {"from", "TEST"},
                        {"to", "+14155552671"},
                        {"body", "Hello"},
                        {"attachments", {"https://example.com/a.png"}},
                        {"sent_at", base::format_rfc3339(sent)},
                        {"delivered_at", base::format_rfc3339(delivered)},
                        {"created_at", base::format_rfc3339(message.created_at)},
                        {"updated_at", base::format_rfc3339(message.updated_at)},
                        {"metadata", {{"a", "b"}}}}));
}

TEST_F(MessagingMessages, StatusesAreMapped) {
  const std::vector<std::pair<model::Status, std::string>> words{
      {model::Status::kScheduled, "pending"}, {model::Status::kQueued, "pending"},
      {model::Status::kSending, "sending"},   {model::Status::kUnknown, "sending"},
      {model::Status::kSent, "sent"},         {model::Status::kDelivered, "delivered"},
      {model::Status::kFailedTemp, "retry"},  {model::Status::kFailedPerm, "failed"},
      {model::Status::kExpired, "failed"},    {model::Status::kCancelled, "failed"}};
  for (const auto& [status, word] : words) {
    EXPECT_EQ(read(path(put(status))).at("status"), word);
  }
}

TEST_F(MessagingMessages, UnknownOnesAndThoseOfOthersAre404) {
  const model::MessageView& foreign = store.put(demo, model::Status::kSent);
  for (const std::string& target :
       {path(foreign), std::string("/api/v1/messages/nonsense"),
        std::string("/api/v1/messages/019ab3c1-5a00-7c3e-8f00-0123456789ab")}) {
    const auto response = send(get(target, ""));
    EXPECT_EQ(response.status, 404u) << target;
    EXPECT_EQ(json_of(response), (json{{"detail", "Message not found"}}));
  }
  EXPECT_EQ(send(call(path(foreign, "/retry"), "")).status, 404u);
  EXPECT_EQ(patch(foreign, {{"status", "failed"}}).status, 404u);
}

TEST_F(MessagingMessages, TheListIsPagedByOffsetNewestFirst) {
  std::vector<std::string> ids;
  for (int i = 0; i < 250; ++i) ids.push_back(put(model::Status::kSent).id.to_string());
  store.put(demo, model::Status::kSent);
  const auto counted = [&] {
    store.counts.push_back({.groups = {{model::Status::kSent, "phones", 200, 0},
                                       {model::Status::kSent, "mails", 50, 0},
                                       {model::Status::kQueued, "", 7, 0}},
                            .complete = true});
  };
  counted();
  json page = read("/api/v1/messages/?limit=2&offset=120");
  EXPECT_EQ(page.at("total"), 257);
  EXPECT_EQ(page.at("limit"), 2);
  EXPECT_EQ(page.at("offset"), 120);
  ASSERT_EQ(page.at("messages").size(), 2u);
  EXPECT_EQ(page.at("messages")[0].at("id"), ids[129]);
  EXPECT_EQ(page.at("messages")[1].at("id"), ids[128]);
  counted();
  page = read("/api/v1/messages?status=sent&limit=100&offset=200");
  EXPECT_EQ(page.at("total"), 250);
  EXPECT_EQ(page.at("messages").size(), 50u);
  counted();
  EXPECT_EQ(read("/api/v1/messages/?offset=250").at("messages"), json::array());
  page = read("/api/v1/messages/?status=queued");
  EXPECT_EQ(page.at("messages"), json::array());
  EXPECT_EQ(page.at("total"), 0);
}

TEST_F(MessagingMessages, AWrongQueryIsNamed) {
  for (const char* query : {"status=lost", "limit=0", "limit=101", "limit=x", "limit=-1",
                            "offset=-1", "offset=10001"}) {
    const auto response = send(get(std::string("/api/v1/messages/?") + query, ""));
    EXPECT_EQ(response.status, 422u) << query;
    const json loc = json_of(response).at("detail")[0].at("loc");
    EXPECT_EQ(loc, (json{"query", std::string(query, std::string_view(query).find('='))}));
  }
}

TEST_F(MessagingMessages, ListsHaveAttachmentsAndTimesToo) {
  model::MessageView& message = put(model::Status::kSent);
  message.channel = model::Channel::kMms;
  message.content.emplace();
  message.content->media = {{.url = "https://example.com/a.png", .content_type = ""}};
  store.event_views[message.id] = {{.status = "SENT", .at = message.created_at, .detail = ""}};
  store.counts.push_back({.groups = {}, .complete = true});
  const json page = read("/api/v1/messages/");
  EXPECT_EQ(page.at("messages")[0].at("attachments"), json{"https://example.com/a.png"});
  EXPECT_EQ(page.at("messages")[0].at("sent_at"), base::format_rfc3339(message.created_at));
}

TEST_F(MessagingMessages, RetryRequeuesWhatFailed) {
  model::MessageView& message = put(model::Status::kFailedPerm);
  const auto response = send(call(path(message, "/retry"), ""));
  ASSERT_EQ(response.status, 200u) << response.body;
  EXPECT_EQ(json_of(response).at("status"), "pending");
  EXPECT_EQ(store.validities.size(), 1u);
  model::MessageView& sent = put(model::Status::kSent);
  const auto refused = send(call(path(sent, "/retry"), ""));
  EXPECT_EQ(refused.status, 400u);
  EXPECT_EQ(json_of(refused).at("detail"), "Message cannot be retried: its status is sent");
  store.requeue_results[message.id] = ports::InsufficientCredit{.required_cents = 5};
  EXPECT_EQ(send(call(path(message, "/retry"), "")).status, 402u);
}

// Neither looks like what it is to these clients: one is "failed", the other "sending".
TEST_F(MessagingMessages, RetryNeitherDoublesADoubtNorRevivesWhatWasGivenUp) {
  const auto doubtful = send(call(path(put(model::Status::kUnknown), "/retry"), ""));
  EXPECT_EQ(doubtful.status, 400u);
  EXPECT_EQ(json_of(doubtful).at("detail"), "Message cannot be retried: it may have been sent");
  const auto given_up = send(call(path(put(model::Status::kCancelled), "/retry"), ""));
  EXPECT_EQ(given_up.status, 400u);
  EXPECT_EQ(json_of(given_up).at("detail"),
            "Message cannot be retried: it was given up; send it anew");
  model::MessageView& stopped = put(model::Status::kFailedPerm);
  store.requeue_results[stopped.id] = ports::OptedOut{};
  EXPECT_EQ(send(call(path(stopped, "/retry"), "")).status, 400u);
  EXPECT_TRUE(store.validities.size() <= 1u);
}

TEST_F(MessagingMessages, WhatCameInCannotBeChanged) {
  model::InboundView came;
  came.id = put(model::Status::kSent).id;
  store.messages.clear();
  conversations.messages.emplace_back(came);
  const std::string target = "/api/v1/messages/" + came.id.to_string();
  EXPECT_EQ(send(get(target, "")).status, 200u);
  const auto retried = send(call(target + "/retry", ""));
  EXPECT_EQ(retried.status, 400u);
  EXPECT_EQ(json_of(retried).at("detail"), "A message that came in cannot be changed.");
}

TEST_F(MessagingMessages, AStatusIsWhatHappenedNotWhatIsWritten) {
  model::MessageView& waiting = put(model::Status::kQueued);
  EXPECT_EQ(json_of(patch(waiting, {{"status", "pending"}})).at("status"), "pending");
  EXPECT_EQ(patch(waiting, {{"status", "delivered"}}).status, 400u);
  EXPECT_EQ(json_of(patch(waiting, {{"status", "failed"}})).at("status"), "failed");
  EXPECT_EQ(waiting.status, model::Status::kCancelled);

  model::MessageView& sent = put(model::Status::kSent);
  sent.provider = "phones";
  const auto failed = patch(sent, {{"status", "failed"}});
  EXPECT_EQ(failed.status, 400u) << "it was sent, and paid for";
  EXPECT_TRUE(json_of(failed).at("detail").is_string());
  EXPECT_EQ(json_of(patch(sent, {{"status", "delivered"}})).at("status"), "delivered");
  ASSERT_EQ(store.receipts.size(), 1u);
  EXPECT_EQ(store.receipts[0].provider, kPhones);
  EXPECT_EQ(store.receipts[0].message_id, sent.id);

  EXPECT_EQ(patch(sent, {{"status", "lost"}}).status, 422u);
  EXPECT_EQ(patch(sent, json::object()).status, 422u);
  EXPECT_EQ(patch(sent, {{"status", 3}}).status, 422u);
}

}  // namespace
}  // namespace heliograph::test
