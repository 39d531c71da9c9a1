// Following messages: show, list, attempts, events, cancel; and /v1/me.
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "core/base/time_text.h"
#include "tests/unit/api/api_fixture.h"

namespace heliograph::test {
namespace {

using Messages = ApiTest;
using model::Status;

std::string path_of(const model::MessageView& message) {
  return "/v1/messages/" + message.id.to_string();
}

TEST_F(Messages, AFreshOneShowsWhatIsKnownAndLeavesOutTheRest) {
  const auto& message = store.put(demo, Status::kQueued);
  const http::Response response = send(get(path_of(message)));
  ASSERT_EQ(response.status, 200u);
  const std::string created = base::format_rfc3339(message.created_at);
  EXPECT_EQ(json_of(response),
            (nlohmann::json{{"id", message.id.to_string()},
                            {"status", "QUEUED"},
                            {"channel", "sms"},
                            {"to", "+14155552671"},
                            {"from", "TEST"},
                            {"text", "Hello"},
                            {"priority", "normal"},
                            {"in_doubt", "auto"},
                            {"parts", 1},
                            {"cost_cents", 0},
                            {"attempts", 0},
                            {"created_at", created},
                            {"updated_at", created},
                            {"expires_at", base::format_rfc3339(message.expires_at)}}));
}

TEST_F(Messages, AFullOneShowsEverything) {
  auto& message = store.put(demo, Status::kFailedPerm);
  message.reason = model::FailReason::kAttemptsExhausted;
  message.client_reference = "order-7";
  message.provider = "provider2";
  message.pinned_provider = "provider2";
  message.provider_message_id = "p-\"1\"";
  message.last_error = "HTTP 500";
  message.possible_duplicate = true;
  message.metadata_json = R"({"a":"b"})";
  message.send_at = message.created_at;
  message.cost_cents = 15;
  message.parts = 3;
  message.attempts = 5;
  const auto json = json_of(send(get(path_of(message))));
  EXPECT_EQ(json.at("reason"), "attempts_exhausted");
  EXPECT_EQ(json.at("client_reference"), "order-7");
  EXPECT_EQ(json.at("provider"), "provider2");
  EXPECT_EQ(json.at("pinned_provider"), "provider2");
  EXPECT_EQ(json.at("provider_message_id"), "p-\"1\"");
  EXPECT_EQ(json.at("last_error"), "HTTP 500");
  EXPECT_EQ(json.at("possible_duplicate"), true);
  EXPECT_EQ(json.at("metadata").at("a"), "b");
  EXPECT_EQ(json.at("send_at"), base::format_rfc3339(message.created_at));
  EXPECT_EQ(json.at("cost_cents"), 15);
  EXPECT_EQ(json.at("parts"), 3);
  EXPECT_EQ(json.at("attempts"), 5);
}

TEST_F(Messages, AnotherClientsMessageAndNoMessageAreTheSame404) {
  const auto& message = store.put(demo, Status::kQueued);
  const std::string absent = "/v1/messages/" + model::MessageId::from_parts(123456, 7).to_string();
  for (const std::string& path : {path_of(message), absent, std::string("/v1/messages/1"),
                                  std::string("/v1/messages/%2e%2e")}) {
    for (const char* tail : {"", "/attempts", "/events"}) {
      EXPECT_EQ(send(get(path + tail, kOtherKey)).status, 404u) << path << tail;
    }
    EXPECT_EQ(send(post(path + "/cancel", "", kOtherKey)).status, 404u) << path;
  }
  const auto others = send(get(path_of(message), kOtherKey));
  EXPECT_EQ(others.body, send(get(absent, kOtherKey)).body) << "nothing tells that it exists";
  EXPECT_EQ(store.messages.begin()->second.status, Status::kQueued);
}

TEST_F(Messages, AnAdminKeySeesItsOwnClientAloneToo) {
  const auto& message = store.put(other, Status::kQueued);
  EXPECT_EQ(send(get(path_of(message), kKey)).status, 404u);
  EXPECT_TRUE(json_of(send(get("/v1/messages"))).at("messages").empty());
}

TEST_F(Messages, AttemptsAndEventsComeInTheShapeOfLists) {
  const auto& message = store.put(demo, Status::kSending);
  store.attempt_views[message.id] = {{.number = 1,
                                      .provider = "provider1",
                                      .outcome = model::Outcome::kRetry,
                                      .status_code = 500,
                                      .provider_message_id = "",
                                      .detail = "HTTP 500",
                                      .started_at = message.created_at,
                                      .finished_at = message.created_at},
                                     {.number = 2,
                                      .provider = "provider2",
                                      .outcome = std::nullopt,
                                      .status_code = 0,
                                      .provider_message_id = "",
                                      .detail = "",
                                      .started_at = message.created_at,
                                      .finished_at = std::nullopt}};
  store.event_views[message.id] = {{.status = "QUEUED", .at = message.created_at, .detail = ""},
                                   {.status = "SENDING", .at = message.created_at, .detail = "x"}};
  const std::string at = base::format_rfc3339(message.created_at);
  EXPECT_EQ(json_of(send(get(path_of(message) + "/attempts"))),
            (nlohmann::json{{"attempts",
                             {{{"number", 1},
                               {"provider", "provider1"},
                               {"outcome", "RETRY"},
                               {"status_code", 500},
                               {"detail", "HTTP 500"},
                               {"started_at", at},
                               {"finished_at", at}},
                              {{"number", 2}, {"provider", "provider2"}, {"started_at", at}}}},
                            {"next_cursor", nullptr}}));
  EXPECT_EQ(json_of(send(get(path_of(message) + "/events"))),
            (nlohmann::json{{"events",
                             {{{"status", "QUEUED"}, {"at", at}},
                              {{"status", "SENDING"}, {"at", at}, {"detail", "x"}}}},
                            {"next_cursor", nullptr}}));
}

TEST_F(Messages, CancelAnswersTheMessageThenAgainThen409) {
  for (const Status status : {Status::kQueued, Status::kScheduled, Status::kFailedTemp}) {
    const auto& message = store.put(demo, status);
    for (int time = 0; time < 2; ++time) {
      const http::Response response = send(post(path_of(message) + "/cancel"));
      EXPECT_EQ(response.status, 200u);
      EXPECT_EQ(json_of(response).at("status"), "CANCELLED");
      EXPECT_EQ(json_of(response).at("id"), message.id.to_string());
    }
  }
  for (const Status status : {Status::kSending, Status::kSent, Status::kDelivered, Status::kExpired,
                              Status::kFailedPerm, Status::kUnknown}) {
    const auto& message = store.put(demo, status);
    const http::Response response = send(post(path_of(message) + "/cancel", "{}"));
    EXPECT_EQ(response.status, 409u);
    EXPECT_EQ(json_of(response).at("message_status"), model::to_string(status));
  }
}

TEST_F(Messages, CancelTakesNoFields) {
  const auto& message = store.put(demo, Status::kQueued);
  const http::Response response = send(post(path_of(message) + "/cancel", R"({"why":"x"})"));
  EXPECT_EQ(response.status, 400u);
  EXPECT_EQ(json_of(response).at("pointer"), "/why");
  EXPECT_EQ(message.status, Status::kQueued);
}

TEST_F(Messages, TheListIsPagedNewestFirstWithoutGapOrRepeat) {
  for (int i = 0; i < 23; ++i) store.put(demo, Status::kSent);
  store.put(other, Status::kSent);
  std::vector<std::string> seen;
  std::string target = "/v1/messages?limit=5";
  for (int pages = 1;; ++pages) {
    const auto json = json_of(send(get(target)));
    for (const auto& message : json.at("messages")) seen.push_back(message.at("id"));
    if (json.at("next_cursor").is_null()) {
      EXPECT_EQ(pages, 5);
      break;
    }
    target = "/v1/messages?limit=5&cursor=" + json.at("next_cursor").get<std::string>();
  }
  EXPECT_EQ(seen.size(), 23u);
  EXPECT_TRUE(std::ranges::is_sorted(seen, std::greater{}));
  EXPECT_EQ(std::set(seen.begin(), seen.end()).size(), 23u);
}

TEST_F(Messages, FiltersReachTheStore) {
  const auto response = send(get(
      "/v1/messages?status=SENT&provider=provider1&to=%2B1%20415-555-2671&client_reference=a%26b"
      "&created_after=2026-11-22T10:00:00Z&created_before=2026-11-22T12:00:00%2B01:00&limit=100"));
  ASSERT_EQ(response.status, 200u) << response.body;
  const ports::MessageFilter& filter = store.filters.at(0);
  EXPECT_EQ(filter.client, demo);
  EXPECT_EQ(filter.status, Status::kSent);
  EXPECT_EQ(filter.provider, "provider1");
  EXPECT_EQ(filter.to, "+14155552671");
  EXPECT_EQ(filter.client_reference, "a&b");
  EXPECT_EQ(filter.created_after, base::parse_rfc3339("2026-11-22T10:00:00Z"));
  EXPECT_EQ(filter.created_before, base::parse_rfc3339("2026-11-22T11:00:00Z"));
  EXPECT_EQ(filter.limit, 100u);
  EXPECT_FALSE(filter.dead_letters_only);
}

TEST_F(Messages, APlusThatWasNotEncodedIsUnderstood) {
  ASSERT_EQ(
      send(get("/v1/messages?to=+14155552671&created_after=2026-11-22T10:00:00+01:00")).status,
      200u);
  EXPECT_EQ(store.filters.at(0).to, "+14155552671");
  EXPECT_EQ(store.filters.at(0).created_after, base::parse_rfc3339("2026-11-22T09:00:00Z"));
  EXPECT_EQ(store.filters.at(0).limit, 50u);
}

TEST_F(Messages, NationalNumbersAreCompletedWithTheDefaultRegion) {
  settings.numbers.default_region = "BD";
  rebuild();
  ASSERT_EQ(send(get("/v1/messages?to=01921317475")).status, 200u);
  EXPECT_EQ(store.filters.at(0).to, "+8801921317475");
}

TEST_F(Messages, BadQueriesAre400NamingTheParameter) {
  const std::vector<std::pair<std::string, std::string>> table{
      {"limit=0", "limit"},
      {"limit=101", "limit"},
      {"limit=-1", "limit"},
      {"limit=", "limit"},
      {"limit=ten", "limit"},
      {"limit=1&limit=2", "limit"},
      {"limit=99999999999999999999", "limit"},
      {"status=sent", "status"},
      {"status=", "status"},
      {"to=hello", "to"},
      {"to=", "to"},
      {"provider=", "provider"},
      {"client_reference=", "client_reference"},
      {"created_after=yesterday", "created_after"},
      {"created_before=2026-11-22", "created_before"},
      {"cursor=", "cursor"},
      {"cursor=abc", "cursor"},
      {"colour=red", "colour"},
      {"offset=5", "offset"},
      {"Status=SENT", "Status"},
  };
  for (const auto& [query, name] : table) {
    for (const char* list : {"/v1/messages?", "/v1/dead-letters?"}) {
      const http::Response response = send(get(list + query));
      EXPECT_EQ(response.status, 400u) << query;
      const auto detail = json_of(response).at("detail").get<std::string>();
      EXPECT_NE(detail.find(" " + name + " "), std::string::npos) << detail;
    }
  }
  EXPECT_TRUE(store.filters.empty());
}

TEST_F(Messages, ACursorIsGoodForItsOwnListAlone) {
  for (int i = 0; i < 4; ++i) {
    store.put(demo, Status::kFailedPerm);
    store.put(other, Status::kFailedPerm);
  }
  const auto json = json_of(send(get("/v1/messages?status=FAILED_PERM&limit=2")));
  const auto cursor = json.at("next_cursor").get<std::string>();
  const auto status = [&](const std::string& target, const char* key) {
    return send(get(target + "&cursor=" + cursor, key)).status;
  };
  EXPECT_EQ(status("/v1/messages?status=FAILED_PERM&limit=3", kKey), 200u);
  EXPECT_EQ(status("/v1/messages?limit=2", kKey), 400u);
  EXPECT_EQ(status("/v1/messages?status=SENT", kKey), 400u);
  EXPECT_EQ(status("/v1/dead-letters?status=FAILED_PERM", kKey), 400u);
  EXPECT_EQ(status("/v1/messages?status=FAILED_PERM", kOtherKey), 400u);
}

TEST_F(Messages, MeTellsTheCreditAndTheLimits) {
  auto json = json_of(send(get("/v1/me")));
  EXPECT_EQ(json, (nlohmann::json{{"id", "0190a0a0-0000-7000-8000-000000000001"},
                                  {"name", "demo"},
                                  {"credit_cents", 100'000},
                                  {"limits", nullptr}}));
  settings.limits.client = config::ClientRate{.rate = 100, .burst = 200};
  rebuild();
  ASSERT_EQ(send(post("/v1/messages", valid_message())).status, 202u);
  json = json_of(send(get("/v1/me")));
  EXPECT_EQ(json.at("credit_cents"), 99'995);
  EXPECT_EQ(json.at("limits"), (nlohmann::json{{"rate", 100.0}, {"burst", 200.0}}));
}

TEST_F(Messages, HeadIsAnsweredAsGetAndOtherMethodsAre405) {
  const auto& message = store.put(demo, Status::kQueued);
  http::Request head = get(path_of(message));
  head.method = http::Method::kHead;
  EXPECT_EQ(send(std::move(head)).status, 200u);
  for (const auto method : {http::Method::kPut, http::Method::kDelete, http::Method::kPatch}) {
    http::Request request = get("/v1/messages");
    request.method = method;
    const http::Response response = send(std::move(request));
    EXPECT_EQ(response.status, 405u);
    EXPECT_NE(header(response, "Allow").find("GET"), std::string::npos);
    EXPECT_NE(header(response, "Allow").find("POST"), std::string::npos);
  }
  EXPECT_EQ(send(post(path_of(message))).status, 405u);
  EXPECT_EQ(send(get("/v1/nothing")).status, 404u);
  EXPECT_EQ(send(get("/v1/messages/")).status, 404u);
}

}  // namespace
}  // namespace heliograph::test
