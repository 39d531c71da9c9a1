// POST /api/sms/...: messages in Twillow's words.
#include "tests/unit/api/twillow_fixture.h"

namespace heliograph::test {
namespace {

using nlohmann::json;

TEST_F(TwillowTest, TheThreePathsTakeAMessage) {
  for (const char* path : {"/api/sms/send", "/api/sms", "/api/sms/"}) {
    const auto response = send(call(path, R"({"phone":"+15551234567","text":"test 1"})"));
    ASSERT_EQ(response.status, 200u) << path << response.body;
    const json body = json_of(response);
    const auto& accepted = store.accepted.back().message;
    EXPECT_EQ(body, (json{{"success", true},
                          {"message_id", store.messages.rbegin()->second.id.to_string()},
                          {"message", "SMS queued for sending"},
                          {"provider", nullptr},
                          {"queued", true}}));
    EXPECT_EQ(accepted.client, facade);
    EXPECT_EQ(accepted.to, "+15551234567");
    EXPECT_EQ(accepted.text, "test 1");
    EXPECT_EQ(accepted.from, "Heliograph");
    EXPECT_EQ(accepted.pinned_provider, "");
    EXPECT_FALSE(store.accepted.back().idempotency);
  }
  EXPECT_EQ(store.key_lookups, 0) << "no key is asked for";
}

TEST_F(TwillowTest, NationalNumbersAreBangladeshsAndBareDigitsInternational) {
  const std::vector<std::pair<std::string, std::string>> numbers{
      {"01921317475", "+8801921317475"},    {"8801921317475", "+8801921317475"},
      {"+8801921317475", "+8801921317475"}, {"15551234567", "+15551234567"},
      {"447911123456", "+447911123456"},    {"00447911123456", "+447911123456"}};
  for (const auto& [given, expected] : numbers) {
    const auto response = send(call("/api/sms/send", json{{"phone", given}, {"text", "x"}}.dump()));
    ASSERT_EQ(response.status, 200u) << given << response.body;
    EXPECT_EQ(store.accepted.back().message.to, expected) << given;
  }
  settings.facades.client->default_region = "US";
  rebuild();
  send(call("/api/sms/send", R"({"phone":"4155552671","text":"x"})"));
  EXPECT_EQ(store.accepted.back().message.to, "+14155552671") << "the client's own region counts";
}

TEST_F(TwillowTest, TheGatewaysDefaultSenderCounts) {
  intake_settings.messages.default_from = settings.messages.default_from = "ACME";
  rebuild();
  send(call("/api/sms/send", kMessage));
  EXPECT_EQ(store.accepted.back().message.from, "ACME");
}

TEST_F(TwillowTest, ProvidersOfTheChannelHaveAPathOfTheirOwn) {
  const auto response = send(call("/api/sms/provider1", kMessage));
  ASSERT_EQ(response.status, 200u) << response.body;
  EXPECT_EQ(json_of(response).at("provider"), "provider1");
  EXPECT_EQ(store.accepted.back().message.pinned_provider, "provider1");
  EXPECT_EQ(send(call("/api/sms/mailer", kMessage)).status, 404u) << "another channel's";
  EXPECT_EQ(send(call("/api/sms/provider9", kMessage)).status, 404u);
  EXPECT_EQ(send(get("/api/sms/provider1", "")).status, 405u);
}

json detail_of(const http::Response& response) {
  EXPECT_EQ(response.status, 422u) << response.body;
  return json::parse(response.body).at("detail");
}

TEST_F(TwillowTest, InvalidRequestsAreDescribedFieldByField) {
  const auto fault = [](const char* type, json loc, const char* msg) {
    return json{{"type", type}, {"loc", std::move(loc)}, {"msg", msg}};
  };
  const std::vector<std::pair<std::string, std::vector<json>>> cases{
      {R"({})",
       {fault("missing", {"body", "phone"}, "Field required"),
        fault("missing", {"body", "text"}, "Field required")}},
      {R"({"phone":1921317475,"text":null})",
       {fault("string_type", {"body", "phone"}, "Input should be a valid string"),
        fault("string_type", {"body", "text"}, "Input should be a valid string")}},
      {R"({"phone":"019213174","text":""})",
       {fault("string_too_short", {"body", "phone"}, "String should have at least 10 characters"),
        fault("string_too_short", {"body", "text"}, "String should have at least 1 character")}},
      {R"({"phone":"+123456789012345","text":"x"})",
       {fault("string_too_long", {"body", "phone"}, "String should have at most 15 characters")}},
      {R"([1])", {fault("model_attributes_type", {"body"}, "Input should be a valid object")}},
      {"", {fault("missing", {"body"}, "Field required")}}};
  for (const auto& [body, expected] : cases) {
    EXPECT_EQ(detail_of(send(call("/api/sms/send", body))), json(expected)) << body;
  }
  EXPECT_TRUE(store.accepted.empty());
}

TEST_F(TwillowTest, WhatTheGatewayItselfRefusesNamesTwillowsField) {
  const json number = detail_of(send(call("/api/sms", R"({"phone":"not-a-number","text":"x"})")));
  EXPECT_EQ(number[0].at("loc"), (json{"body", "phone"}));
  EXPECT_EQ(number[0].at("type"), "value_error");
  const std::string text(1'601, 'a');
  const json length =
      detail_of(send(call("/api/sms", json{{"phone", "01921317475"}, {"text", text}}.dump())));
  EXPECT_EQ(length[0].at("type"), "string_too_long");
  EXPECT_EQ(length[0].at("msg"), "String should have at most 1600 characters");
  const json broken = detail_of(send(call("/api/sms", R"({"phone":)")));
  EXPECT_EQ(broken[0].at("type"), "json_invalid");
  EXPECT_TRUE(store.accepted.empty());
}

TEST_F(TwillowTest, UnknownMembersAreIgnoredAsTheyWere) {
  EXPECT_EQ(send(call("/api/sms", R"({"phone":"01921317475","text":"x","more":[1]})")).status,
            200u);
}

TEST_F(TwillowTest, TheGlobalLimitAnswersInItsWords) {
  intake_settings.limits.total = config::Limit{.limit = 2, .window = std::chrono::seconds{3}};
  intake_settings.limits.client = config::ClientRate{.rate = 1, .burst = 1};
  rebuild();
  EXPECT_EQ(send(call("/api/sms", kMessage)).status, 200u);
  EXPECT_EQ(send(call("/api/sms", kMessage)).status, 200u) << "the client's own bucket is skipped";
  const auto response = send(call("/api/sms", kMessage));
  EXPECT_EQ(response.status, 429u);
  EXPECT_EQ(json_of(response), (json{{"detail",
                                      {{"error", "Global rate limit exceeded"},
                                       {"current_count", 2},
                                       {"limit", 2},
                                       {"reset_in_seconds", 4}}}}));
  EXPECT_EQ(header(response, "Retry-After"), "4");
  EXPECT_EQ(store.accepted.size(), 2u);
}

TEST_F(TwillowTest, NoCreditAndNoRoomAreErrorsWithADetail) {
  store.overloaded =
      ports::Overloaded{.reason = "queue full", .retry_after = std::chrono::seconds{5}};
  const auto overloaded = send(call("/api/sms", kMessage));
  EXPECT_EQ(overloaded.status, 503u);
  EXPECT_EQ(json_of(overloaded).at("detail"), "No message is taken now: queue full.");
  EXPECT_EQ(header(overloaded, "Retry-After"), "5");
  store.overloaded.reset();
  intake_settings.billing.price_per_part_cents = 1'000'000;
  rebuild();
  EXPECT_EQ(send(call("/api/sms", kMessage)).status, 402u);
}

TEST_F(TwillowTest, TheDoorRefusesInTwillowsShape) {
  http::Request page = call("/api/sms", kMessage);
  page.headers.emplace_back("origin", "http://evil.example");
  const auto refused = send(page);
  EXPECT_EQ(refused.status, 403u);
  EXPECT_EQ(json_of(refused).size(), 1u);
  EXPECT_TRUE(json_of(refused).at("detail").is_string());
  http::Request form = call("/api/sms", "phone=01921317475&text=x");
  form.headers.back().second = "application/x-www-form-urlencoded";
  const auto unsupported = send(form);
  EXPECT_EQ(unsupported.status, 415u);
  EXPECT_EQ(json_of(unsupported).at("detail"), "Content-Type must be application/json.");
  http::Request remote = get("/api/sms/health", "");
  remote.peer_is_loopback = false;
  EXPECT_EQ(send(remote).status, 403u);
  EXPECT_TRUE(store.accepted.empty());
}

TEST_F(TwillowTest, SwitchedOffOrWithoutAClientItIsNotThere) {
  settings.facades.twillow = false;
  rebuild();
  EXPECT_EQ(send(call("/api/sms/send", kMessage)).status, 404u);
  EXPECT_EQ(send(get("/taskiq-status", "")).status, 404u);
  settings.facades.twillow = true;
  settings.facades.client.reset();
  rebuild();
  EXPECT_EQ(send(call("/api/sms/send", kMessage)).status, 404u);
}

TEST_F(TwillowTest, AProviderCalledLikeAPathKeepsTheGatewayRunning) {
  settings.sms_providers = {"send", "health"};
  intake_settings.providers = {{"send", 1}, {"health", 1}};
  rebuild();
  EXPECT_EQ(json_of(send(call("/api/sms/send", kMessage))).at("provider"), nullptr);
  EXPECT_EQ(json_of(send(call("/api/sms/health", kMessage))).at("provider"), "health");
}

TEST_F(TwillowTest, TheSettingsAreWhatTheConfigurationSays) {
  config::Config config;
  config.facades.twillow = false;
  config.facades.allow_remote = true;
  config.limiter.plugin = "redis";
  config.limiter.config.json = R"({"url":"redis://user:secret@redis.internal:6379/0"})";
  config.distributor.plugin = "least_failure";
  config.providers.resize(2);
  config.providers[0].id = "one";
  config.providers[1].id = "mail";
  config.providers[1].channels = {model::Channel::kEmail};
  const api::ApiSettings made = api::api_settings(config);
  EXPECT_FALSE(made.facades.twillow);
  EXPECT_TRUE(made.facades.allow_remote);
  EXPECT_FALSE(made.facades.client);
  EXPECT_EQ(made.redis_url, "redis://redis.internal:6379/0");
  EXPECT_EQ(made.distributor, "least_failure");
  EXPECT_EQ(made.sms_providers, std::vector<std::string>{"one"});
  config.limiter.plugin = "memory";
  EXPECT_EQ(api::api_settings(config).redis_url, "");
}

}  // namespace
}  // namespace heliograph::test
