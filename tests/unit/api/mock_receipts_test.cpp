// POST /v1/providers/{id}/dlr.
#include <gtest/gtest.h>

#include "tests/unit/api/api_fixture.h"

namespace heliograph::test {
namespace {

constexpr const char* kReceipt =
    R"({"provider_message_id":"m-1","status":"DELIVERED","timestamp":"2026-11-22T14:35:00Z"})";

class MockReceipts : public ApiTest {
 protected:
  MockReceipts() {
    settings.providers = {"provider1", "provider2", "mailer"};
    settings.http_providers = {"provider1", "provider2"};
    rebuild();
    ingress.answer.status = 200;
  }
  std::vector<std::string> told() const {
    std::vector<std::string> names;
    for (const auto& request : ingress.requests) names.push_back(request.provider);
    return names;
  }
  http::Response report(const std::string& provider, const std::string& body = kReceipt) {
    return send(post("/v1/providers/" + provider + "/dlr", body, ""));
  }
};

TEST_F(MockReceipts, GoToTheProviderThatAwaitsThem) {
  store.awaiting["m-1"] = {"provider2"};
  const http::Response response = report("mock");
  EXPECT_EQ(response.status, 204u);
  EXPECT_EQ(response.body, "");
  EXPECT_EQ(told(), std::vector<std::string>{"provider2"});
  EXPECT_EQ(ingress.requests[0].body, kReceipt);
  EXPECT_TRUE(ingress.requests[0].peer_is_local);
}

TEST_F(MockReceipts, AwaitedByNobodyGoToAllThatMayHaveSentTheMessage) {
  EXPECT_EQ(report("mock").status, 204u);
  EXPECT_EQ(told(), (std::vector<std::string>{"provider1", "provider2"}));
}

TEST_F(MockReceipts, OfAProviderByItsNameGoThereAlone) {
  store.awaiting["m-1"] = {"provider2"};
  EXPECT_EQ(report("provider1").status, 204u);
  EXPECT_EQ(told(), std::vector<std::string>{"provider1"});
  EXPECT_EQ(report("mailer").status, 404u);
  EXPECT_EQ(report("nobody").status, 404u);
}

TEST_F(MockReceipts, AProviderCalledMockIsMeantByItsName) {
  settings.providers.emplace_back("mock");
  settings.http_providers.emplace_back("mock");
  rebuild();
  EXPECT_EQ(report("mock").status, 204u);
  EXPECT_EQ(told(), std::vector<std::string>{"mock"});
}

TEST_F(MockReceipts, ARefusalOfThePluginIsTheAnswer) {
  ingress.answer.status = 401;
  EXPECT_EQ(report("mock").status, 401u);
  ingress.answer.status = 503;
  EXPECT_EQ(report("mock").status, 503u);
}

TEST_F(MockReceipts, OnlyThisMachineIsBelieved) {
  http::Request remote = post("/v1/providers/mock/dlr", kReceipt, "");
  remote.peer_is_loopback = false;
  EXPECT_EQ(send(std::move(remote)).status, 403u);
  http::Request page = post("/v1/providers/mock/dlr", kReceipt, "");
  page.headers.emplace_back("origin", "https://evil.example");
  EXPECT_EQ(send(std::move(page)).status, 403u);
  EXPECT_TRUE(ingress.requests.empty());
}

TEST_F(MockReceipts, ABadOneNamesItsField) {
  const auto pointer = [&](const std::string& body) {
    const http::Response response = report("mock", body);
    EXPECT_EQ(response.status, 400u) << body;
    return json_of(response).value("pointer", "");
  };
  EXPECT_EQ(pointer(R"({"status":"DELIVERED"})"), "/provider_message_id");
  EXPECT_EQ(pointer(R"({"provider_message_id":"","status":"DELIVERED"})"), "/provider_message_id");
  EXPECT_EQ(pointer(R"({"provider_message_id":"m-1","status":"LOST"})"), "/status");
  EXPECT_EQ(pointer(R"({"provider_message_id":"m-1","status":"DELIVERED","timestamp":"now"})"),
            "/timestamp");
  EXPECT_EQ(pointer(R"({"provider_message_id":"m-1","status":"DELIVERED","x":1})"), "/x");
  EXPECT_TRUE(ingress.requests.empty());
}

}  // namespace
}  // namespace heliograph::test
