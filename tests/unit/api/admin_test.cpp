// /v1/admin, the health pages, and what surrounds every request: listeners and CORS.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/api/admin_json.h"
#include "core/api/keys.h"
#include "tests/unit/api/api_fixture.h"

namespace heliograph::test {
namespace {

class Admin : public ApiTest {
 protected:
  Admin() {
    pipeline::ProviderStatus provider;
    provider.id = "provider1";
    provider.channels = {model::Channel::kSms, model::Channel::kMms};
    provider.weight = 3;
    provider.window_successes = 3;
    provider.window_failures = 1;
    provider.outcomes = {7, 1, 0, 2, 0, 0};
    providers.all.push_back(provider);
    provider.id = "provider 2";
    provider.circuit = pipeline::Circuit::kOpen;
    provider.reason = "70 % of 10 failed";
    provider.retry_at = model::TimePoint{std::chrono::milliseconds{1}};
    provider.window_successes = provider.window_failures = 0;
    providers.all.push_back(provider);
  }
};

// A peer's words may name whom it was about.
TEST(WithoutNumbers, MasksThemInWhatPeersSay) {
  EXPECT_EQ(api::without_numbers("+14155552671 is not reachable (error 123456)"),
            "+*** is not reachable (error 123456)");
  EXPECT_EQ(api::without_numbers("8801712345678"), "88017***5678");
  EXPECT_EQ(api::without_numbers(""), "");
}

TEST_F(Admin, ProvidersAreShown) {
  const auto json = json_of(send(get("/v1/admin/providers")));
  ASSERT_EQ(json.at("providers").size(), 2u);
  EXPECT_EQ(json.at("providers").at(0), (nlohmann::json{{"id", "provider1"},
                                                        {"channels", {"sms", "mms"}},
                                                        {"weight", 3},
                                                        {"healthy", true},
                                                        {"enabled", true},
                                                        {"draining", false},
                                                        {"circuit", "closed"},
                                                        {"in_flight", 0},
                                                        {"max_in_flight", 0},
                                                        {"window",
                                                         {{"successes", 3},
                                                          {"failures", 1},
                                                          {"throttles", 0},
                                                          {"timeouts", 0},
                                                          {"failure_rate", 0.25}}},
                                                        {"outcomes",
                                                         {{"SENT", 7},
                                                          {"REJECTED", 1},
                                                          {"RETRY", 0},
                                                          {"UNKNOWN", 2},
                                                          {"THROTTLED", 0},
                                                          {"REFUSED", 0}}}}));
  const auto open = json_of(send(get("/v1/admin/providers/provider%202")));
  EXPECT_EQ(open.at("circuit"), "open");
  EXPECT_EQ(open.at("healthy"), false);
  EXPECT_EQ(open.at("reason"), "70 % of 10 failed");
  EXPECT_EQ(open.at("retry_at"), "1970-01-01T00:00:00.001Z");
  EXPECT_EQ(open.at("window").at("failure_rate"), 0.0);
  EXPECT_EQ(send(get("/v1/admin/providers/provider3")).status, 404u);
}

TEST_F(Admin, ActionsReachTheProvider) {
  using enum pipeline::ProviderAction;
  const std::vector<std::pair<std::string, pipeline::ProviderAction>> table{
      {"reset", kReset},
      {"reset-stats", kResetStats},
      {"enable", kEnable},
      {"disable", kDisable},
      {"drain", kDrain}};
  for (const auto& [word, action] : table) {
    providers.actions.clear();
    const http::Response response = send(post("/v1/admin/providers/provider1/" + word));
    EXPECT_EQ(response.status, 200u) << word;
    EXPECT_EQ(json_of(response).at("id"), "provider1");
    ASSERT_EQ(providers.actions.size(), 1u);
    EXPECT_EQ(providers.actions.at(0).second, action) << word;
    EXPECT_EQ(send(post("/v1/admin/providers/nobody/" + word)).status, 404u);
  }
  EXPECT_EQ(json_of(send(post("/v1/admin/providers/provider1/disable"))).at("enabled"), false);
  EXPECT_EQ(send(post("/v1/admin/providers/provider1/explode")).status, 404u);
}

TEST_F(Admin, TheQueueIsShown) {
  store.queue_depth = {.waiting = 12, .sending = 3};
  const auto json = json_of(send(get("/v1/admin/queue")));
  EXPECT_EQ(json.at("waiting"), 12);
  EXPECT_EQ(json.at("sending"), 3);
  EXPECT_EQ(json.at("accepting"), true);
  EXPECT_EQ(json.at("store"), "Memory 1");
}

TEST_F(Admin, ANewClientGetsAKeyThatWorks) {
  const http::Response response =
      send(post("/v1/admin/clients",
                R"({"name":"shop","credit_cents":500,"rate":5,"burst":10,"price_per_part_cents":7,
          "in_doubt":"at_most_once","default_region":"BD","scopes":["send"]})"));
  ASSERT_EQ(response.status, 201u) << response.body;
  const auto json = json_of(response);
  EXPECT_EQ(json.at("name"), "shop");
  EXPECT_EQ(json.at("scopes"), nlohmann::json::array({"send"}));
  EXPECT_EQ(json.at("credit_cents"), 500);
  EXPECT_EQ(json.at("in_doubt"), "at_most_once");
  const auto key = json.at("api_key").get<std::string>();
  const auto me = json_of(send(get("/v1/me", key)));
  EXPECT_EQ(me.at("id"), json.at("id"));
  EXPECT_EQ(me.at("credit_cents"), 500);
  EXPECT_EQ(me.at("limits").at("rate"), 5.0);
  EXPECT_EQ(send(get("/v1/messages", key)).status, 403u);
  EXPECT_EQ(send(post("/v1/admin/clients", R"({"name":"shop"})")).status, 409u);
}

TEST_F(Admin, BadClientsAre400) {
  const std::vector<std::pair<std::string, std::string>> table{
      {"{}", "/name"},
      {R"({"name":""})", "/name"},
      {R"({"name":"a\nb"})", "/name"},
      {R"({"name":")" + std::string(65, 'n') + "\"}", "/name"},
      {R"({"name":"x","credit_cents":-1})", "/credit_cents"},
      {R"({"name":"x","credit_cents":"5"})", "/credit_cents"},
      {R"({"name":"x","rate":0})", "/rate"},
      {R"({"name":"x","burst":0.5})", "/burst"},
      {R"({"name":"x","billing":"no"})", "/billing"},
      {R"({"name":"x","default_region":"XX"})", "/default_region"},
      {R"({"name":"x","in_doubt":"never"})", "/in_doubt"},
      {R"({"name":"x","scopes":[]})", "/scopes"},
      {R"({"name":"x","scopes":"send"})", "/scopes"},
      {R"({"name":"x","scopes":["send","fly"]})", "/scopes"},
      {R"({"name":"x","scopes":[1]})", "/scopes"},
      {R"({"name":"x","callback_url":"http://a.example"})", "/callback_url"},
      {R"({"name":"x","key":"mine"})", "/key"},
  };
  for (const auto& [body, pointer] : table) {
    const http::Response response = send(post("/v1/admin/clients", body));
    EXPECT_EQ(response.status, 400u) << body;
    EXPECT_EQ(json_of(response).at("pointer"), pointer) << response.body;
  }
  EXPECT_EQ(json_of(send(get("/v1/admin/clients"))).at("clients").size(), 3u);
}

TEST_F(Admin, ClientsAreListedWithTheirCreditAndWithoutTheirKeys) {
  const http::Response response = send(get("/v1/admin/clients"));
  const auto json = json_of(response).at("clients");
  ASSERT_EQ(json.size(), 3u);
  EXPECT_EQ(json.at(0).at("name"), "demo");
  EXPECT_EQ(json.at(0).at("active_keys"), 1);
  EXPECT_EQ(json.at(0).at("credit").at("available_cents"), 100'000);
  EXPECT_EQ(response.body.find(kKey), std::string::npos);
}

TEST_F(Admin, KeysAreRotated) {
  http::Response response = send(post("/v1/admin/clients/other/keys", R"({"scopes":["read"]})"));
  ASSERT_EQ(response.status, 201u);
  const auto fresh = json_of(response).at("api_key").get<std::string>();
  EXPECT_EQ(send(get("/v1/me", fresh)).status, 200u);
  EXPECT_EQ(send(post("/v1/messages", valid_message(), fresh)).status, 403u);
  EXPECT_EQ(send(post("/v1/admin/clients/other/keys")).status, 409u) << "two are enough to rotate";
  EXPECT_EQ(send(post("/v1/admin/clients/nobody/keys")).status, 404u);

  ASSERT_EQ(send(get("/v1/me", kOtherKey)).status, 200u);
  EXPECT_EQ(send(post("/v1/admin/keys/revoke", R"({"api_key":"other"})")).status, 204u);
  EXPECT_EQ(send(get("/v1/me", kOtherKey)).status, 401u);
  EXPECT_EQ(send(post("/v1/admin/keys/revoke", R"({"api_key":"other"})")).status, 404u);
}

TEST_F(Admin, AKeyIsRevokedByItsHashToo) {
  const std::string sha256_of_other =
      "d9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa";
  EXPECT_EQ(
      send(post("/v1/admin/keys/revoke", R"({"key_sha256":")" + sha256_of_other + "\"}")).status,
      204u);
  EXPECT_EQ(send(get("/v1/me", kOtherKey)).status, 401u);
  for (const char* body : {"{}", R"({"key_sha256":"12"})", R"({"key_sha256":"zz"})",
                           R"({"api_key":"a","key_sha256":"b"})", R"({"api_key":5})"}) {
    EXPECT_EQ(send(post("/v1/admin/keys/revoke", body)).status, 400u) << body;
  }
}

TEST_F(Admin, CreditIsGrantedAndTakenBack) {
  const auto json =
      json_of(send(post("/v1/admin/clients/other/credit", R"({"cents":500,"note":"invoice 7"})")));
  EXPECT_EQ(json.at("credit").at("available_cents"), 100'500);
  EXPECT_EQ(send(post("/v1/admin/clients/other/credit", R"({"cents":-100500})")).status, 200u);
  EXPECT_EQ(send(post("/v1/admin/clients/other/credit", R"({"cents":-1})")).status, 409u);
  EXPECT_EQ(send(post("/v1/admin/clients/nobody/credit", R"({"cents":1})")).status, 404u);
  for (const char* body : {"{}", R"({"cents":0})", R"({"cents":1.5})", R"({"cents":"1"})",
                           R"({"cents":1000000000001})", R"({"cents":1,"note":"a\u0007"})"}) {
    EXPECT_EQ(send(post("/v1/admin/clients/other/credit", body)).status, 400u) << body;
  }
}

TEST_F(Admin, IsServedOnItsOwnListenerAlone) {
  settings.listeners = {{.name = "inside", .roles = {"admin"}}};
  rebuild();
  EXPECT_EQ(send(get("/v1/admin/queue")).status, 404u);
  http::Request inside = get("/v1/admin/queue");
  inside.local_listener = "inside";
  EXPECT_EQ(send(inside).status, 200u);
  inside.target = "/v1/messages";
  EXPECT_EQ(send(inside).status, 404u);
  inside.target = "/healthz";
  EXPECT_EQ(send(inside).status, 200u);
}

TEST_F(Admin, TheOperatorsSocketNeedsNoKeyForAdminAndOneForTheRest) {
  settings.listeners = {{.name = "socket", .trusted = true}};
  rebuild();
  http::Request request = get("/v1/admin/queue", "");
  request.local_listener = "socket";
  EXPECT_EQ(send(request).status, 200u);
  request.target = "/v1/messages";
  EXPECT_EQ(send(request).status, 401u);
  EXPECT_EQ(send(get("/v1/admin/queue", "")).status, 401u);
}

TEST_F(Admin, HealthAndReadinessAskForNoKey) {
  EXPECT_EQ(json_of(send(get("/healthz", ""))), (nlohmann::json{{"status", "ok"}}));
  EXPECT_EQ(json_of(send(get("/readyz", ""))), (nlohmann::json{{"status", "ready"}}));
  readiness.reasons = {"The disk is full.", "No provider is \"up\"."};
  const http::Response response = send(get("/readyz", ""));
  EXPECT_EQ(response.status, 503u);
  EXPECT_EQ(json_of(response).at("reasons"), nlohmann::json(readiness.reasons));
  EXPECT_EQ(send(get("/healthz", "")).status, 200u);
}

class Browser : public ApiTest {
 protected:
  Browser() {
    settings.cors_origins = {"https://app.example"};
    rebuild();
  }
  http::Response from(const std::string& origin, http::Request request) {
    request.headers.emplace_back("origin", origin);
    return send(std::move(request));
  }
};

TEST_F(Browser, AListedOriginMayReadAnswersAndErrors) {
  for (const char* key : {kKey, "wrong"}) {
    const http::Response response = from("https://app.example", get("/v1/me", key));
    EXPECT_EQ(header(response, "Access-Control-Allow-Origin"), "https://app.example");
    EXPECT_NE(header(response, "Access-Control-Expose-Headers").find("RateLimit"),
              std::string::npos);
    EXPECT_EQ(header(response, "Vary"), "Origin");
    EXPECT_EQ(header(response, "Access-Control-Allow-Credentials"), "");
  }
}

TEST_F(Browser, AnotherOriginGetsNoLeave) {
  for (const char* origin :
       {"https://evil.example", "http://app.example", "https://app.example:444",
        "https://app.example.evil.example", "null"}) {
    EXPECT_EQ(header(from(origin, get("/v1/me")), "Access-Control-Allow-Origin"), "") << origin;
  }
  EXPECT_EQ(header(send(get("/v1/me")), "Access-Control-Allow-Origin"), "");
  EXPECT_EQ(header(send(get("/v1/me")), "Vary"), "Origin");
}

TEST_F(Browser, PreflightsAreAnsweredWithoutAKey) {
  http::Request request = get("/v1/messages", "");
  request.method = http::Method::kOptions;
  const http::Response response = from("https://app.example", request);
  EXPECT_EQ(response.status, 204u);
  EXPECT_EQ(header(response, "Access-Control-Allow-Origin"), "https://app.example");
  EXPECT_EQ(header(response, "Access-Control-Allow-Methods"), "POST, GET");
  for (const char* name : {"X-API-Key", "Content-Type", "Idempotency-Key", "Authorization"}) {
    EXPECT_NE(header(response, "Access-Control-Allow-Headers").find(name), std::string::npos);
  }
  EXPECT_EQ(header(from("https://evil.example", request), "Access-Control-Allow-Origin"), "");
}

TEST_F(Browser, AnyOriginWhereTheConfigurationSaysSo) {
  settings.cors_origins = {"*"};
  rebuild();
  EXPECT_EQ(header(from("https://any.example", get("/v1/me")), "Access-Control-Allow-Origin"),
            "https://any.example");
}

TEST_F(Browser, WithoutConfigurationThereIsNoCors) {
  settings.cors_origins.clear();
  rebuild();
  const http::Response response = from("https://app.example", get("/v1/me"));
  EXPECT_EQ(header(response, "Access-Control-Allow-Origin"), "");
  EXPECT_EQ(header(response, "Vary"), "");
}

}  // namespace
}  // namespace heliograph::test
