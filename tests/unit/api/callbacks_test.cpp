// /v1/callbacks: who may see and change what, and what is shown of a secret.
#include <gmock/gmock.h>

#include "tests/unit/api/api_fixture.h"

namespace heliograph::test {
namespace {

using ::testing::StartsWith;

class CallbacksApi : public ApiTest {
 protected:
  CallbacksApi() {
    settings.callbacks.allow_cidrs = {"10.0.0.0/8"};
    rebuild();
  }
  nlohmann::json create(const std::string& extra = "") {
    const auto response =
        send(post("/v1/callbacks", R"({"url":"https://app.example/hooks")" + extra + "}"));
    EXPECT_EQ(response.status, 201u) << response.body;
    return json_of(response);
  }
  http::Request with(http::Method method, const std::string& target, const std::string& body = {},
                     std::string_view key = kKey) {
    http::Request request = body.empty() ? get(target, key) : post(target, body, key);
    request.method = method;
    return request;
  }
};

TEST_F(CallbacksApi, TheSecretIsShownOnceAndLong) {
  const auto made = create(R"(,"events":["message.failed"],"description":"d")");
  const std::string path = "/v1/callbacks/" + made.at("id").get<std::string>();
  EXPECT_THAT(made.at("secret").get<std::string>(), StartsWith("whsec_"));
  EXPECT_EQ(made.at("secret").get<std::string>().size(), 6u + 44u);
  EXPECT_EQ(made.at("events"), nlohmann::json({"message.failed"}));
  EXPECT_EQ(made.at("source"), "api");
  EXPECT_FALSE(json_of(send(get(path))).contains("secret"));
  EXPECT_FALSE(json_of(send(get("/v1/callbacks"))).at("callbacks").at(0).contains("secret"));
  EXPECT_EQ(create().at("events").size(), 7u);
}

TEST_F(CallbacksApi, TheSecretOfCallbackUrlsIsForWhoMaySend) {
  create();
  callbacks.endpoints[0].implicit = true;
  EXPECT_TRUE(json_of(send(get("/v1/callbacks"))).at("callbacks").at(0).contains("secret"));
  const std::string path = "/v1/callbacks/" + callbacks.endpoints[0].id.to_string();
  callbacks.endpoints[0].client = static_cast<model::ClientId>(3);  // the one with a key to read
  const auto shown = send(get(path, kReadKey));
  if (shown.status == 200) EXPECT_FALSE(json_of(shown).contains("secret"));
  EXPECT_EQ(send(get("/v1/callbacks/url-secret", kReadKey)).status, 403u);
  EXPECT_THAT(json_of(send(get("/v1/callbacks/url-secret"))).at("secret").get<std::string>(),
              StartsWith("whsec_dXV1"));
}

TEST_F(CallbacksApi, ReadersMayNotChangeAnything) {
  const auto made = create();
  const std::string path = "/v1/callbacks/" + made.at("id").get<std::string>();
  EXPECT_EQ(send(post("/v1/callbacks", R"({"url":"https://a.example/"})", kReadKey)).status, 403u);
  EXPECT_EQ(send(with(http::Method::kDelete, path, "", kReadKey)).status, 403u);
  EXPECT_EQ(send(post(path + "/rotate-secret", "", kReadKey)).status, 403u);
  EXPECT_EQ(send(post(path + "/replay", "", kReadKey)).status, 403u);
}

TEST_F(CallbacksApi, AnotherClientsAreNotThere) {
  const auto made = create();
  const std::string path = "/v1/callbacks/" + made.at("id").get<std::string>();
  EXPECT_EQ(send(get(path, kOtherKey)).status, 404u);
  EXPECT_EQ(send(get(path + "/deliveries", kOtherKey)).status, 404u);
  EXPECT_EQ(send(with(http::Method::kDelete, path, "", kOtherKey)).status, 404u);
  EXPECT_EQ(send(with(http::Method::kPatch, path, R"({"enabled":false})", kOtherKey)).status, 404u);
  EXPECT_EQ(callbacks.endpoints.size(), 1u);
}

TEST_F(CallbacksApi, AddressesAreJudgedWhenTheyAreGiven) {
  for (const char* url : {"https://127.0.0.1/", "https://[::1]/", "https://169.254.169.254/x",
                          "https://[::ffff:10.0.0.1]/", "http://app.example/"}) {
    const auto response = send(post("/v1/callbacks", std::string(R"({"url":")") + url + "\"}"));
    EXPECT_EQ(response.status, 400u) << url;
    EXPECT_EQ(json_of(response).at("pointer"), "/url");
  }
  EXPECT_EQ(send(post("/v1/callbacks", R"({"url":"https://10.1.2.3/"})")).status, 201u);
}

TEST_F(CallbacksApi, OnlyWhatIsGivenChanges) {
  const auto made = create(R"(,"description":"first")");
  const std::string path = "/v1/callbacks/" + made.at("id").get<std::string>();
  const auto changed = json_of(send(with(http::Method::kPatch, path, R"({"enabled":false})")));
  EXPECT_EQ(changed.at("enabled"), false);
  EXPECT_EQ(changed.at("description"), "first");
  EXPECT_EQ(changed.at("url"), "https://app.example/hooks");
  callbacks.endpoints[0].implicit = true;
  const auto refused = send(with(http::Method::kPatch, path, R"({"url":"https://b.example/"})"));
  EXPECT_EQ(json_of(refused).at("pointer"), "/url");
}

TEST_F(CallbacksApi, RotationOverlapsADayUnlessToldOtherwise) {
  const auto made = create();
  const std::string path = "/v1/callbacks/" + made.at("id").get<std::string>();
  const auto rotated = json_of(send(post(path + "/rotate-secret")));
  EXPECT_NE(rotated.at("secret"), made.at("secret"));
  EXPECT_EQ(callbacks.previous_until, clock.wall() + std::chrono::hours{24});
  EXPECT_TRUE(rotated.contains("previous_secret_until"));
  send(post(path + "/rotate-secret", R"({"overlap":"1h"})"));
  EXPECT_EQ(callbacks.previous_until, clock.wall() + std::chrono::hours{1});
  EXPECT_EQ(send(post(path + "/rotate-secret", R"({"overlap":"8d"})")).status, 400u);
}

TEST_F(CallbacksApi, ReplaysSayWhatBecomesOfThem) {
  const auto made = create();
  const std::string path = "/v1/callbacks/" + made.at("id").get<std::string>();
  const std::string one = path + "/deliveries/" + made.at("id").get<std::string>() + "/replay";
  EXPECT_EQ(send(post(one)).status, 202u);
  callbacks.replay = ports::ReplayResult::kPending;
  EXPECT_EQ(send(post(one)).status, 409u);
  callbacks.replay = ports::ReplayResult::kDisabled;
  EXPECT_EQ(send(post(one)).status, 409u);
  callbacks.replay = ports::ReplayResult::kNotFound;
  EXPECT_EQ(send(post(one)).status, 404u);
  callbacks.bulk = {.disabled = false, .replayed = 7, .more = true};
  const auto bulk = send(post(path + "/replay"));
  EXPECT_EQ(json_of(bulk), nlohmann::json({{"replayed", 7}, {"more", true}}));
  EXPECT_EQ(send(post(path + "/replay", R"({"all":true})")).status, 400u);
}

TEST_F(CallbacksApi, TooManyEndpointsAreAConflict) {
  callbacks.full = true;
  EXPECT_EQ(send(post("/v1/callbacks", R"({"url":"https://a.example/"})")).status, 409u);
}

}  // namespace
}  // namespace heliograph::test
