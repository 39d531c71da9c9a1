// GET /api/sms/requests and /stats: what became of messages, in Twillow's shapes.
#include "core/api/facades/twillow/shapes.h"
#include "tests/unit/api/twillow_fixture.h"

namespace heliograph::test {
namespace {

using model::Status;
using nlohmann::json;

class TwillowRequests : public TwillowTest {
 protected:
  std::size_t found(const std::string& query) { return read("/api/sms/requests" + query).size(); }
  // The detail of a 400.
  std::string fault(const std::string& query) {
    const auto response = send(get("/api/sms/requests" + query, ""));
    EXPECT_EQ(response.status, 400u) << query;
    return json_of(response).at("detail");
  }
};

TEST_F(TwillowRequests, ARequestAsAMemberOfTheList) {
  model::MessageView& message = store.put(facade, Status::kFailedPerm);
  message.to = "+8801921317475";
  message.to_given = "01921317475";
  message.provider = "provider2";
  message.attempts = 3;
  message.failed_providers = {"provider1", "provider2"};
  store.put(other, Status::kQueued);
  const json list = read("/api/sms/requests");
  EXPECT_EQ(list, (json::array({{{"id", message.id.to_string()},
                                 {"phone", "01921317475"},
                                 {"text", "Hello"},
                                 {"status", "failed"},
                                 {"provider_used", "provider2"},
                                 {"retry_count", 2},
                                 {"max_retries", 4},
                                 {"failed_providers", "provider1,provider2"},
                                 {"is_permanently_failed", true},
                                 {"created_at", "2025-11-24T16:00:00.000Z"},
                                 {"updated_at", "2025-11-24T16:00:00.000Z"}}})));
  ASSERT_FALSE(store.filters.empty());
  EXPECT_EQ(store.filters[0].client, facade);
  EXPECT_TRUE(store.filters[0].with_failed_providers);
}

TEST_F(TwillowRequests, StatusesAreMapped) {
  const std::vector<std::pair<Status, std::string>> words{
      {Status::kScheduled, "pending"},   {Status::kQueued, "pending"},
      {Status::kSending, "processing"},  {Status::kFailedTemp, "processing"},
      {Status::kUnknown, "processing"},  {Status::kSent, "completed"},
      {Status::kDelivered, "completed"}, {Status::kFailedPerm, "failed"},
      {Status::kExpired, "failed"},      {Status::kCancelled, "failed"}};
  for (const auto& [status, word] : words) {
    EXPECT_EQ(api::twillow::status_word(status), word);
    store.put(facade, status);
  }
  for (const auto& [word, count] :
       {std::pair{"pending", 2u}, {"processing", 3u}, {"completed", 2u}, {"failed", 3u}}) {
    const json list = read(std::string("/api/sms/requests?status=") + word);
    EXPECT_EQ(list.size(), count) << word;
    for (const json& request : list) EXPECT_EQ(request.at("status"), word);
  }
  EXPECT_NE(fault("?status=QUEUED").find("Invalid status"), std::string::npos);
}

TEST_F(TwillowRequests, FiltersByProviderAndTime) {
  store.put(facade, Status::kSent).provider = "provider1";
  store.put(facade, Status::kSent).provider = "provider2";
  EXPECT_EQ(found("?provider=provider2"), 1u);
  EXPECT_EQ(found("?provider=nobody"), 0u);
  store.filters.clear();
  const auto time = [](std::int64_t seconds) {
    return model::TimePoint{std::chrono::seconds{seconds}};
  };
  for (const char* text :
       {"2025-01-01T10:00:00", "2025-01-01T10:00:00Z", "2025-01-01%2010:00:00", "2025-01-01T10:00",
        "2025-01-01T10:00:00.000", "2025-01-01T12:00:00%2B02:00", "2025-01-01T12:00:00+02:00",
        "2025-01-01T08:30:00-01:30"}) {
    store.filters.clear();
    found(std::string("?start_time=") + text + "&end_time=" + text);
    EXPECT_EQ(store.filters[0].created_after, time(1'735'725'600)) << text;
    EXPECT_EQ(store.filters[0].created_before, time(1'735'725'600) + std::chrono::milliseconds{1})
        << "inclusive";
  }
  found("?start_time=2025-01-01");
  EXPECT_EQ(store.filters.back().created_after, time(1'735'689'600));
  for (const char* text : {"", "yesterday", "2025-13-01T00:00:00", "2025-01-01X10:00:00",
                           "2025-01-01T25:00", "2025-01-01T", "20250101"}) {
    EXPECT_NE(fault(std::string("?start_time=") + text).find("start_time"), std::string::npos);
    EXPECT_NE(fault(std::string("?end_time=") + text).find("end_time"), std::string::npos);
  }
}

TEST_F(TwillowRequests, TheLimitHoldsOverPages) {
  for (int i = 0; i < 250; ++i) store.put(facade, Status::kSent);
  EXPECT_EQ(found(""), 100u);
  EXPECT_EQ(found("?limit=1"), 1u);
  EXPECT_EQ(found("?limit=120"), 120u);
  EXPECT_EQ(found("?limit=1000"), 250u);
  for (const char* limit : {"0", "1001", "-1", "99999999999999999999"}) {
    EXPECT_EQ(fault(std::string("?limit=") + limit), "Limit must be between 1 and 1000") << limit;
  }
  const auto response = send(get("/api/sms/requests?limit=many", ""));
  EXPECT_EQ(response.status, 422u);
  EXPECT_EQ(json_of(response).at("detail")[0].at("loc"), (json{"query", "limit"}));
  EXPECT_EQ(found("?limit=5&limit=7&unknown=1"), 7u) << "the last one counts";
}

TEST_F(TwillowRequests, OneRequestWithItsResponses) {
  model::MessageView& message = store.put(facade, Status::kSending);
  message.provider = "provider3";
  message.attempts = 4;
  const model::TimePoint at{std::chrono::seconds{60}};
  auto& attempts = store.attempt_views[message.id];
  const auto add = [&](std::string provider, std::optional<model::Outcome> outcome, int code) {
    model::AttemptView& attempt = attempts.emplace_back();
    attempt.number = static_cast<std::uint16_t>(attempts.size());
    attempt.provider = std::move(provider);
    attempt.outcome = outcome;
    attempt.status_code = code;
    attempt.started_at = at;
    if (outcome) attempt.finished_at = at;
  };
  add("provider1", model::Outcome::kRetry, 500);
  attempts[0].detail = "HTTP 500";
  add("provider2", model::Outcome::kThrottled, 429);
  add("provider1", model::Outcome::kUnknown, 0);
  add("provider3", std::nullopt, 0);
  const json body = read("/api/sms/requests/" + message.id.to_string());
  EXPECT_EQ(body.at("status"), "processing");
  EXPECT_EQ(body.at("failed_providers"), "provider1") << "being throttled is no failure";
  const json& responses = body.at("responses");
  ASSERT_EQ(responses.size(), 3u) << "the one under way has none";
  EXPECT_EQ(responses[0].at("id"), 1);
  EXPECT_EQ(responses[0].at("status_code"), 500);
  EXPECT_EQ(responses[0].at("created_at"), "1970-01-01T00:01:00.000Z");
  EXPECT_EQ(json::parse(responses[0].at("response_data").get<std::string>()),
            (json{{"provider", "provider1"}, {"outcome", "RETRY"}, {"detail", "HTTP 500"}}));
}

TEST_F(TwillowRequests, SomebodyElsesAndUnknownRequestsAreNotFound) {
  const auto foreign = store.put(other, Status::kSent).id.to_string();
  for (const std::string& id : {foreign, std::string("7"), std::string("x%2Fy")}) {
    const auto response = send(get("/api/sms/requests/" + id, ""));
    EXPECT_EQ(response.status, 404u) << id;
    EXPECT_TRUE(json_of(response).at("detail").get<std::string>().ends_with("not found"));
  }
}

TEST_F(TwillowRequests, Stats) {
  store.counts = {{.groups = {{Status::kQueued, "", 4, 0},
                              {Status::kSent, "provider1", 10, 12},
                              {Status::kDelivered, "provider1", 5, 5},
                              {Status::kFailedPerm, "old", 1, 5}},
                   .complete = false},
                  {.groups = {{Status::kSent, "provider1", 2, 3}}}};
  const json body = read("/api/sms/stats");
  EXPECT_EQ(body.at("requests"),
            (json{{"total_requests", 20},
                  {"status_breakdown",
                   {{"pending", 4}, {"processing", 0}, {"completed", 15}, {"failed", 1}}},
                  {"provider_breakdown", {{"provider1", 15}, {"provider2", 0}, {"old", 1}}},
                  {"recent_requests", 2}}));
  EXPECT_EQ(body.at("recent_responses"), 3);
  EXPECT_EQ(body.at("complete"), false);
  EXPECT_EQ(body.at("timestamp"), "2025-11-24T16:01:40.000Z");
  ASSERT_EQ(store.counted.size(), 2u);
  EXPECT_EQ(store.counted[0], std::pair(std::optional(facade), std::optional<model::TimePoint>()));
  EXPECT_EQ(store.counted[1].second, clock.wall() - std::chrono::hours{1});
}

}  // namespace
}  // namespace heliograph::test
