// POST /v1/messages.
#include <gtest/gtest.h>

#include "tests/unit/api/api_fixture.h"

namespace heliograph::test {
namespace {

using MessageCreate = ApiTest;

TEST_F(MessageCreate, Answers202WithTheIdAndNothingElse) {
  const http::Response response = send(post("/v1/messages", valid_message()));
  ASSERT_EQ(response.status, 202u) << response.body;
  const auto json = json_of(response);
  ASSERT_EQ(store.accepted.size(), 1u);
  const std::string id = store.messages.begin()->second.id.to_string();
  EXPECT_EQ(json, (nlohmann::json{{"message_id", id}, {"status", "QUEUED"}}));
  EXPECT_EQ(header(response, "Location"), "/v1/messages/" + id);
  EXPECT_EQ(header(response, "Idempotent-Replayed"), "");
  EXPECT_EQ(header(response, "RateLimit"), "") << "no limit is configured";
}

TEST_F(MessageCreate, ReadsEveryField) {
  const http::Response response = send(post("/v1/messages", R"({
    "to": "+1 415 555 2671", "from": "SHOP", "text": "Hallo Zoë", "channel": "sms",
    "client_reference": "order-7", "priority": "bulk", "provider": "provider1",
    "in_doubt": "at_most_once", "metadata": {"a\"b": "1", "c": ""},
    "send_at": "2099-01-01T00:00:00+01:00", "validity": "10m", "otp": false, "express": false})"));
  // More than a year ahead is refused: the time was read.
  ASSERT_EQ(response.status, 400u);
  EXPECT_EQ(json_of(response).at("pointer"), "/send_at");

  const std::string soon = base::format_rfc3339(clock.real_wall() + std::chrono::hours{1});
  const http::Response again = send(post("/v1/messages", R"({
    "to": "+1 415 555 2671", "from": "SHOP", "text": "Hallo Zoë", "channel": "sms",
    "client_reference": "order-7", "priority": "bulk", "provider": "provider1",
    "in_doubt": "at_most_once", "metadata": {"a\"b": "1", "c": ""},
    "send_at": ")" + soon + R"(", "validity": "10m", "otp": false, "express": false})"));
  ASSERT_EQ(again.status, 202u) << again.body;
  EXPECT_EQ(json_of(again).at("status"), "SCHEDULED");
  const model::NewMessage& message = store.accepted.at(0).message;
  EXPECT_EQ(message.client, demo);
  EXPECT_EQ(message.to, "+14155552671");
  EXPECT_EQ(message.from, "SHOP");
  EXPECT_EQ(message.text, "Hallo Zoë");
  EXPECT_EQ(message.client_reference, "order-7");
  EXPECT_EQ(message.lane, model::Lane::kBulk);
  EXPECT_EQ(message.pinned_provider, "provider1");
  EXPECT_EQ(message.in_doubt, model::InDoubt::kAtMostOnce);
  EXPECT_EQ(nlohmann::json::parse(message.metadata_json),
            (nlohmann::json{{"a\"b", "1"}, {"c", ""}}));
  EXPECT_EQ(message.validity, std::chrono::minutes{10});
  EXPECT_EQ(message.send_at, clock.real_wall() + std::chrono::hours{1});
}

TEST_F(MessageCreate, ExpressIsTheUrgentLaneAndSecondsAreAValidity) {
  ASSERT_EQ(send(post("/v1/messages", valid_message(R"(,"express":true,"validity":90)"))).status,
            202u);
  EXPECT_EQ(store.accepted.at(0).message.lane, model::Lane::kUrgent);
  EXPECT_EQ(store.accepted.at(0).message.validity, std::chrono::seconds{90});
}

TEST_F(MessageCreate, NullIsNotGiven) {
  const auto body = valid_message(
      R"(,"client_reference":null,"callback_url":null,"otp":null,"metadata":null,"send_at":null)");
  EXPECT_EQ(send(post("/v1/messages", body)).status, 202u);
}

struct BadBody {
  std::string body;
  std::string pointer;
};

class BadBodies : public ApiTest, public ::testing::WithParamInterface<BadBody> {};

TEST_P(BadBodies, Are400WithAPointerAndChangeNothing) {
  const http::Response response = send(post("/v1/messages", GetParam().body));
  EXPECT_EQ(response.status, 400u) << GetParam().body;
  EXPECT_EQ(response.content_type, "application/problem+json");
  const auto json = json_of(response);
  EXPECT_EQ(json.value("pointer", ""), GetParam().pointer) << response.body;
  EXPECT_TRUE(store.accepted.empty());
}

std::string with(const std::string& member) {
  return R"({"to":"+14155552671","from":"TEST","text":"Hello",)" + member + "}";
}

std::string entries(int count) {
  std::string result = R"("metadata":{)";
  for (int i = 0; i < count; ++i) {
    result += (i == 0 ? "\"k" : ",\"k") + std::to_string(i) + R"(":"v")";
  }
  return result + "}";
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadBodies,
    ::testing::Values(
        // not one JSON object
        BadBody{"{", ""}, BadBody{"[]", ""}, BadBody{"\"text\"", ""}, BadBody{"null", ""},
        BadBody{R"({"to":"+14155552671","from":"TEST","text":"Hello"}x)", ""},
        BadBody{"{\"to\":\"+14155552671\",\"from\":\"TEST\",\"text\":\"\xff\"}", ""},
        BadBody{with(R"("text":"again")"), "/text"},
        BadBody{with(R"("metadata":{"a":"1","a":"2"})"), "/metadata/a"},
        BadBody{with(R"("metadata":{"a":{"b":{"c":{"d":{"e":{"f":{"g":{}}}}}}}})"),
                "/metadata/a/b/c/d/e/f"},
        // required
        BadBody{"{}", "/to"}, BadBody{R"({"from":"TEST","text":"x"})", "/to"},
        BadBody{R"({"to":"+14155552671","from":"TEST"})", "/text"},
        BadBody{R"({"to":"+14155552671","text":"x"})", "/from"},
        BadBody{R"({"to":null,"from":"TEST","text":"x"})", "/to"},
        // types
        BadBody{R"({"to":14155552671,"from":"TEST","text":"x"})", "/to"},
        BadBody{R"({"to":["+14155552671"],"from":"TEST","text":"x"})", "/to"},
        BadBody{R"({"to":"+14155552671","from":5,"text":"x"})", "/from"},
        BadBody{R"({"to":"+14155552671","from":"TEST","text":{}})", "/text"},
        BadBody{with(R"("client_reference":7)"), "/client_reference"},
        BadBody{with(R"("express":"yes")"), "/express"}, BadBody{with(R"("otp":1)"), "/otp"},
        BadBody{with(R"("validity":true)"), "/validity"},
        BadBody{with(R"("metadata":"x")"), "/metadata"},
        BadBody{with(R"("metadata":[])"), "/metadata"},
        BadBody{with(R"("send_at":1764000000)"), "/send_at"},
        BadBody{with(R"("priority":0)"), "/priority"},
        BadBody{with(R"("provider":{})"), "/provider"},
        // values
        BadBody{R"({"to":"","from":"TEST","text":"x"})", "/to"},
        BadBody{R"({"to":"hello","from":"TEST","text":"x"})", "/to"},
        BadBody{R"({"to":"+0123456789","from":"TEST","text":"x"})", "/to"},
        BadBody{R"({"to":"01921317475","from":"TEST","text":"x"})", "/to"},
        BadBody{R"({"to":"+14155552671","from":"TWELVE CHARS","text":"x"})", "/from"},
        BadBody{R"({"to":"+14155552671","from":"TEST","text":""})", "/text"},
        BadBody{R"({"to":"+14155552671","from":"TEST","text":")" + std::string(1601, 'x') + "\"}",
                "/text"},
        BadBody{R"({"to":"+14155552671","from":"TEST","text":"a\u0000b"})", ""},
        BadBody{with(R"("client_reference":")" + std::string(65, 'r') + "\""), "/client_reference"},
        BadBody{with(R"("priority":"high")"), "/priority"},
        BadBody{with(R"("provider":"nobody")"), "/provider"},
        BadBody{with(R"("provider":"mailer")"), "/provider"},
        BadBody{with(R"("in_doubt":"maybe")"), "/in_doubt"},
        BadBody{with(R"("send_at":"tomorrow")"), "/send_at"},
        BadBody{with(R"("send_at":"2026-02-30T00:00:00Z")"), "/send_at"},
        BadBody{with(R"("validity":"10")"), "/validity"},
        BadBody{with(R"("validity":0)"), "/validity"},
        BadBody{with(R"("validity":-5)"), "/validity"},
        BadBody{with(R"("validity":1.5)"), "/validity"},
        BadBody{with(R"("validity":9223372036854775807)"), "/validity"},
        BadBody{with(R"("validity":"0s")"), "/validity"},
        BadBody{with(R"("validity":"40d")"), "/validity"},
        BadBody{with(R"("validity":"9999999999d")"), "/validity"},
        BadBody{with(R"("express":true,"priority":"bulk")"), "/express"},
        BadBody{with(R"("channel":"pigeon")"), "/channel"},
        BadBody{with(R"("channel":"voice")"), "/channel"},
        BadBody{with(R"("metadata":{"a":1})"), "/metadata/a"},
        BadBody{with(R"("metadata":{"a/b":null})"), "/metadata/a~1b"},
        BadBody{with(R"("metadata":{"":"x"})"), "/metadata/"},
        BadBody{with(R"("metadata":{")" + std::string(65, 'k') + R"(":"x"})"),
                "/metadata/" + std::string(64, 'k')},
        BadBody{with(R"("metadata":{"k":")" + std::string(501, 'v') + "\"}"), "/metadata/k"},
        BadBody{with(entries(51)), "/metadata"}, BadBody{with(entries(129)), "/metadata"},
        // unknown
        BadBody{with(R"("txt":"x")"), "/txt"}, BadBody{with(R"("a~b/c":1)"), "/a~0b~1c"},
        BadBody{with(R"("To":"x")"), "/To"}));

TEST_F(MessageCreate, ACallbackUrlMayComeByEitherName) {
  EXPECT_EQ(send(post("/v1/messages", with(R"("callback_url":"https://a.example/1")"))).status,
            202u);
  EXPECT_EQ(send(post("/v1/messages", with(R"("dlr_callback_url":"https://a.example/2")"))).status,
            202u);
  ASSERT_EQ(store.accepted.size(), 2u);
  EXPECT_EQ(store.accepted[0].message.callback_url, "https://a.example/1");
  EXPECT_EQ(store.accepted[1].message.callback_url, "https://a.example/2");
  const auto both = send(
      post("/v1/messages", with(R"("callback_url":"https://a/","dlr_callback_url":"https://b/")")));
  EXPECT_EQ(json_of(both).at("pointer"), "/dlr_callback_url");
}

TEST_F(MessageCreate, AWrongCallbackUrlIsNamed) {
  intake_settings.callback_url_fault = [](std::string_view) { return "Not this one."; };
  rebuild();
  const auto response = send(post("/v1/messages", with(R"("callback_url":"https://a.example")")));
  EXPECT_EQ(response.status, 400u);
  EXPECT_EQ(json_of(response).at("pointer"), "/callback_url");
  EXPECT_EQ(json_of(response).at("detail"), "Not this one.");
}

TEST_F(MessageCreate, OtherPreferencesAreIgnoredAsTheirRuleSays) {
  http::Request request = post("/v1/messages", valid_message());
  request.headers.emplace_back("prefer", "respond-async");
  EXPECT_EQ(send(std::move(request)).status, 202u);
}

TEST_F(MessageCreate, OnlyJsonIsTaken) {
  const auto status_for = [&](const std::string& type) {
    http::Request request = post("/v1/messages", valid_message());
    std::erase_if(request.headers, [](const auto& h) { return h.first == "content-type"; });
    if (!type.empty()) request.headers.emplace_back("content-type", type);
    return send(std::move(request)).status;
  };
  for (const char* type :
       {"application/json", "Application/JSON", "application/json; charset=utf-8",
        "application/json;charset=\"UTF-8\"", "application/json;"}) {
    EXPECT_EQ(status_for(type), 202u) << type;
  }
  for (const char* type :
       {"", "text/plain", "application/x-www-form-urlencoded", "application/jsonx",
        "application/json; charset=latin1", "application/problem+json"}) {
    EXPECT_EQ(status_for(type), 415u) << type;
  }
  http::Request packed = post("/v1/messages", valid_message());
  packed.headers.emplace_back("content-encoding", "gzip");
  EXPECT_EQ(send(std::move(packed)).status, 415u);
}

http::Request with_key(http::Request request, const std::string& key) {
  request.headers.emplace_back("idempotency-key", key);
  return request;
}

TEST_F(MessageCreate, ARepeatedKeyGetsTheFirstAnswer) {
  const http::Response first = send(with_key(post("/v1/messages", valid_message()), "\"k1\""));
  const http::Response second = send(with_key(post("/v1/messages", valid_message()), "k1"));
  ASSERT_EQ(first.status, 202u);
  EXPECT_EQ(second.status, 202u);
  EXPECT_EQ(second.body, first.body);
  EXPECT_EQ(header(first, "Idempotent-Replayed"), "");
  EXPECT_EQ(header(second, "Idempotent-Replayed"), "true");
  EXPECT_EQ(store.accepted.size(), 1u);
}

TEST_F(MessageCreate, TheSameKeyForAnotherBodyIs422AndForAnotherClientIsAnotherKey) {
  ASSERT_EQ(send(with_key(post("/v1/messages", valid_message()), "k1")).status, 202u);
  const auto changed = valid_message(R"(,"priority":"bulk")");
  EXPECT_EQ(send(with_key(post("/v1/messages", changed), "k1")).status, 422u);
  const http::Response others = send(with_key(post("/v1/messages", changed, kOtherKey), "k1"));
  EXPECT_EQ(others.status, 202u);
  EXPECT_EQ(header(others, "Idempotent-Replayed"), "");
}

TEST_F(MessageCreate, ASecondRequestWhileTheFirstIsInFlightIs409) {
  store.hold_accepts = true;
  const auto first = begin(with_key(post("/v1/messages", valid_message()), "k1"));
  ASSERT_FALSE(first->response.has_value());
  const http::Response second = send(with_key(post("/v1/messages", valid_message()), "k1"));
  EXPECT_EQ(second.status, 409u);
  EXPECT_EQ(header(second, "Retry-After"), "1");
  store.held.at(0)();
  turn();
  ASSERT_TRUE(first->response.has_value());
  EXPECT_EQ(first->response->status, 202u);
  store.hold_accepts = false;
  EXPECT_EQ(send(with_key(post("/v1/messages", valid_message()), "k1")).status, 202u);
}

TEST_F(MessageCreate, ABadKeyIs400) {
  EXPECT_EQ(send(with_key(post("/v1/messages", valid_message()), "")).status, 400u);
  EXPECT_EQ(send(with_key(post("/v1/messages", valid_message()), std::string(256, 'k'))).status,
            400u);
  EXPECT_TRUE(store.accepted.empty());
}

TEST_F(MessageCreate, TooLittleCreditIs402InTheOlderWords) {
  intake_settings.billing.price_per_part_cents = 100'001;
  rebuild();
  const http::Response response = send(post("/v1/messages", valid_message()));
  EXPECT_EQ(response.status, 402u);
  const auto json = json_of(response);
  EXPECT_EQ(json.at("error"), "insufficient credits");
  EXPECT_EQ(json.at("required_cents"), 100'001);
}

TEST_F(MessageCreate, AFullQueueIs503WithRetryAfter) {
  store.overloaded =
      ports::Overloaded{.reason = "queue full", .retry_after = std::chrono::seconds{3}};
  const http::Response response = send(post("/v1/messages", valid_message()));
  EXPECT_EQ(response.status, 503u);
  EXPECT_EQ(header(response, "Retry-After"), "3");
  EXPECT_NE(json_of(response).at("detail").get<std::string>().find("queue full"),
            std::string::npos);
}

TEST_F(MessageCreate, AStoppingStoreIs503NotAHang) {
  store.hold_accepts = true;
  const auto exchange = begin(post("/v1/messages", valid_message()));
  ASSERT_FALSE(exchange->response.has_value());
  store.held.clear();  // as a store does that stops: the answer is dropped uncalled
  turn();
  ASSERT_TRUE(exchange->response.has_value());
  EXPECT_EQ(exchange->response->status, 503u);
  EXPECT_EQ(header(*exchange->response, "Retry-After"), "1");
}

TEST_F(MessageCreate, LimitsAreToldInHeadersUntil429) {
  intake_settings.limits.total =
      config::Limit{.limit = 2, .window = std::chrono::milliseconds{1'000}};
  rebuild();
  const http::Response first = send(post("/v1/messages", valid_message()));
  EXPECT_EQ(header(first, "RateLimit-Policy"), R"("total";q=2;w=1)");
  EXPECT_TRUE(header(first, "RateLimit").starts_with(R"("total";r=1;t=)"))
      << header(first, "RateLimit");
  EXPECT_EQ(header(first, "X-RateLimit-Limit"), "2");
  EXPECT_EQ(header(first, "X-RateLimit-Remaining"), "1");
  EXPECT_NE(header(first, "X-RateLimit-Reset"), "");
  EXPECT_EQ(send(post("/v1/messages", valid_message())).status, 202u);

  clock.passed += std::chrono::milliseconds{500};
  const http::Response refused = send(post("/v1/messages", valid_message()));
  EXPECT_EQ(refused.status, 429u);
  EXPECT_EQ(header(refused, "Retry-After"), "1");
  EXPECT_EQ(header(refused, "X-RateLimit-Remaining"), "0");
  EXPECT_EQ(header(refused, "X-RateLimit-Reset"), "1");
  EXPECT_EQ(store.accepted.size(), 2u);
  clock.passed += std::chrono::seconds{2};
  EXPECT_EQ(send(post("/v1/messages", valid_message())).status, 202u);
}

TEST_F(MessageCreate, ABadBodyDoesNotCountAgainstTheLimitAndIsToldIt) {
  intake_settings.limits.total =
      config::Limit{.limit = 1, .window = std::chrono::milliseconds{1'000}};
  rebuild();
  const http::Response bad = send(post("/v1/messages", "{}"));
  EXPECT_EQ(bad.status, 400u);
  EXPECT_EQ(header(bad, "X-RateLimit-Limit"), "1");
  EXPECT_EQ(header(bad, "X-RateLimit-Remaining"), "1");
  EXPECT_EQ(send(post("/v1/messages", valid_message())).status, 202u);
}

TEST_F(MessageCreate, EveryAnswerTellsTheLimitAlsoAReplay) {
  intake_settings.limits.client = config::ClientRate{.rate = 1, .burst = 2};
  rebuild();
  EXPECT_EQ(send(with_key(post("/v1/messages", valid_message()), "k1")).status, 202u);
  EXPECT_EQ(send(post("/v1/messages", valid_message())).status, 202u);
  const http::Response replay = send(with_key(post("/v1/messages", valid_message()), "k1"));
  EXPECT_EQ(replay.status, 202u);
  EXPECT_EQ(header(replay, "Idempotent-Replayed"), "true");
  EXPECT_EQ(header(replay, "RateLimit-Policy"), R"("client";q=2;w=2)");
  EXPECT_EQ(header(replay, "X-RateLimit-Limit"), "2");
  EXPECT_EQ(header(replay, "X-RateLimit-Remaining"), "0");
}

TEST_F(MessageCreate, NothingPersonalComesBackInAnError) {
  for (const std::string& body :
       {std::string(R"({"to":"+1415555267x","from":"TEST","text":"my secret text"})"),
        std::string(R"({"to":"+14155552671","from":"MY NAME IS LONG","text":"my secret text"})"),
        std::string(R"({"to":"+14155552671" "text":"my secret text"})")}) {
    const http::Response response = send(post("/v1/messages", body));
    EXPECT_EQ(response.status, 400u);
    for (const char* personal : {"555", "secret", "NAME"}) {
      EXPECT_EQ(response.body.find(personal), std::string::npos) << response.body;
    }
  }
}

}  // namespace
}  // namespace heliograph::test
