// Keys and scopes, over the whole API.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "core/api/keys.h"
#include "tests/unit/api/api_fixture.h"

namespace heliograph::test {
namespace {

using Auth = ApiTest;
using std::chrono::milliseconds;

http::Request bearer(std::string value) {
  http::Request request;
  request.target = "/v1/me";
  request.headers.emplace_back("authorization", std::move(value));
  return request;
}

TEST_F(Auth, TakesEitherHeader) {
  EXPECT_EQ(send(get("/v1/me")).status, 200u);
  EXPECT_EQ(send(bearer("Bearer secret")).status, 200u);
  EXPECT_EQ(send(bearer("bearer   secret ")).status, 200u);
}

TEST_F(Auth, RefusesEverythingElseWith401AndAChallenge) {
  const std::vector<http::Request> table{get("/v1/me", ""),
                                         get("/v1/me", "wrong"),
                                         get("/v1/me", "Secret"),
                                         get("/v1/me", "secret2"),
                                         get("/v1/me", std::string(257, 's')),
                                         bearer("Basic secret"),
                                         bearer("Bearer"),
                                         bearer("Bearer "),
                                         bearer("Bearer wrong"),
                                         bearer("secret"),
                                         bearer("")};
  for (const http::Request& request : table) {
    const http::Response response = send(request);
    EXPECT_EQ(response.status, 401u) << request.headers.back().second;
    EXPECT_TRUE(header(response, "WWW-Authenticate").starts_with("Bearer realm="));
    json_of(response);
  }
}

TEST_F(Auth, ADuplicatedOrEmptyKeyHeaderIsNotAHole) {
  http::Request request = get("/v1/me", "wrong");
  request.headers.emplace_back("x-api-key", "secret");
  EXPECT_EQ(send(std::move(request)).status, 401u);
  http::Request empty = get("/v1/me", "");
  empty.headers.emplace_back("x-api-key", "");
  EXPECT_EQ(send(std::move(empty)).status, 401u);
}

struct Door {
  http::Method method;
  std::string target;
  bool send_scope = false;  // what the key needs; neither: admin
  bool read_scope = false;
};

TEST_F(Auth, EveryDoorAsksForAKeyAndItsScope) {
  using enum http::Method;
  const std::string id = "/v1/messages/" + store.put(demo, model::Status::kQueued).id.to_string();
  const std::vector<Door> doors{
      {kPost, "/v1/messages", true, false},
      {kGet, "/v1/messages", false, true},
      {kGet, id, false, true},
      {kGet, id + "/attempts", false, true},
      {kGet, id + "/events", false, true},
      {kPost, id + "/cancel", true, false},
      {kGet, "/v1/dead-letters", false, true},
      {kPost, "/v1/dead-letters/requeue", true, false},
      {kPost, "/v1/dead-letters/x/requeue", true, false},
      {kGet, "/v1/admin/providers"},
      {kGet, "/v1/admin/providers/p"},
      {kPost, "/v1/admin/providers/p/reset"},
      {kPost, "/v1/admin/providers/p/reset-stats"},
      {kPost, "/v1/admin/providers/p/enable"},
      {kPost, "/v1/admin/providers/p/disable"},
      {kPost, "/v1/admin/providers/p/drain"},
      {kGet, "/v1/admin/queue"},
      {kGet, "/v1/admin/clients"},
      {kPost, "/v1/admin/clients"},
      {kPost, "/v1/admin/clients/demo/keys"},
      {kPost, "/v1/admin/clients/demo/credit"},
      {kPost, "/v1/admin/keys/revoke"},
  };
  store.add("sender", "send only", model::kScopeSend, 0);
  store.add("admin", "admin only", model::kScopeAdmin, 0);
  for (const Door& door : doors) {
    const auto status = [&](const char* key) {
      http::Request request = get(door.target, key);
      request.method = door.method;
      return send(std::move(request)).status;
    };
    EXPECT_EQ(status(""), 401u) << door.target;
    EXPECT_EQ(status("wrong"), 401u) << door.target;
    EXPECT_EQ(status(kReadKey) == 403u, !door.read_scope) << door.target;
    EXPECT_EQ(status("send only") == 403u, !door.send_scope) << door.target;
    EXPECT_EQ(status("admin only") == 403u, door.send_scope || door.read_scope) << door.target;
  }
}

TEST_F(Auth, TheMissingScopeIsNamed) {
  const http::Response response = send(post("/v1/messages", valid_message(), kReadKey));
  EXPECT_EQ(response.status, 403u);
  EXPECT_NE(json_of(response).at("detail").get<std::string>().find("send"), std::string::npos);
  EXPECT_NE(header(response, "WWW-Authenticate").find("insufficient_scope"), std::string::npos);
}

TEST_F(Auth, ABusyKeyDoesNotAskTheStore) {
  for (int i = 0; i < 1'000; ++i) ASSERT_EQ(send(get("/v1/me")).status, 200u);
  EXPECT_EQ(store.key_lookups, 1);
  for (int i = 0; i < 100; ++i) ASSERT_EQ(send(get("/v1/me", "wrong")).status, 401u);
  EXPECT_EQ(store.key_lookups, 2);
}

TEST_F(Auth, ARevokedKeyIsRefusedAtOnceHereAndWithinASecondFromElsewhere) {
  ASSERT_EQ(send(get("/v1/me")).status, 200u);
  store.forget_key(kKey);  // without a word: another process, or its time is over
  clock.passed += milliseconds{400};
  EXPECT_EQ(send(get("/v1/me")).status, 200u);
  clock.passed += milliseconds{600};
  EXPECT_EQ(send(get("/v1/me")).status, 401u);

  ASSERT_EQ(send(get("/v1/me", kOtherKey)).status, 200u);
  store.forget_key(kOtherKey);
  ++store.version;
  EXPECT_EQ(send(get("/v1/me", kOtherKey)).status, 401u);
}

TEST_F(Auth, ANewKeyWorksAtOnce) {
  ASSERT_EQ(send(get("/v1/me", "fresh")).status, 401u);
  store.add("newcomer", "fresh", model::kScopeRead, 0);
  EXPECT_EQ(send(get("/v1/me", "fresh")).status, 200u);
}

TEST_F(Auth, MadeKeysHaveTheirFormAndNoTwoAreEqual) {
  const std::string key = api::generate_api_key();
  ASSERT_EQ(key.size(), std::string("hg_live_").size() + 8 + 1 + 64);
  EXPECT_TRUE(key.starts_with("hg_live_"));
  EXPECT_EQ(key[16], '_');
  EXPECT_EQ(key.find_first_not_of("0123456789abcdef", 17), std::string::npos);
  EXPECT_NE(key, api::generate_api_key());
  EXPECT_NE(api::hash_api_key(key), api::hash_api_key(key + "x"));
}

}  // namespace
}  // namespace heliograph::test
