// POST /v1/providers/{id}/events.
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/api/api_fixture.h"

namespace heliograph::test {
namespace {

using ProviderEvents = ApiTest;

TEST_F(ProviderEvents, GoRawToThePluginWithoutAKey) {
  ingress.answer = {.status = 200, .headers = {{"Content-Type", "text/xml"}}, .body = "<ok/>"};
  http::Request request =
      post("/v1/providers/provider%201/events?a=%2B", "not json at all \xff", "");
  request.headers.emplace_back("x-signature", "abc");
  const http::Response response = send(std::move(request));
  EXPECT_EQ(response.status, 200u);
  EXPECT_EQ(response.content_type, "text/xml");
  EXPECT_EQ(response.body, "<ok/>");
  const ports::IngressRequest& seen = ingress.requests.at(0);
  EXPECT_EQ(seen.provider, "provider 1");
  EXPECT_EQ(seen.method, "POST");
  EXPECT_EQ(seen.target, "/v1/providers/provider%201/events?a=%2B");
  EXPECT_EQ(seen.url, "http://localhost:8080/v1/providers/provider%201/events?a=%2B");
  EXPECT_EQ(seen.peer, "127.0.0.1");
  EXPECT_TRUE(seen.peer_is_local);
  EXPECT_EQ(seen.body, "not json at all \xff");
  EXPECT_NE(std::ranges::find(seen.headers, http::Header{"x-signature", "abc"}),
            seen.headers.end());
}

TEST_F(ProviderEvents, TlsAndForwardingAreToldToThePlugin) {
  settings.listeners = {{.name = "0.0.0.0:443", .tls = true}};
  settings.trusted_proxies = {"127.0.0.1"};
  rebuild();
  http::Request request = post("/v1/providers/p/events", "{}", "");
  request.local_listener = "0.0.0.0:443";
  send(request);
  EXPECT_EQ(ingress.requests.at(0).url, "https://localhost:8080/v1/providers/p/events");
  request.headers.emplace_back("x-forwarded-host", "gw.example");
  send(request);
  EXPECT_EQ(ingress.requests.at(1).url, "https://gw.example/v1/providers/p/events");
  EXPECT_FALSE(ingress.requests.at(1).peer_is_local);
}

TEST_F(ProviderEvents, RefusalsArePassedOnOrExplained) {
  ingress.answer = {.status = 404, .headers = {}, .body = ""};
  http::Response response = send(post("/v1/providers/nobody/events", "{}", ""));
  EXPECT_EQ(response.status, 404u);
  EXPECT_EQ(json_of(response).at("detail"), "There is no such provider.");
  ingress.answer = {.status = 401, .headers = {}, .body = "bad signature"};
  response = send(post("/v1/providers/p/events", "{}", ""));
  EXPECT_EQ(response.status, 401u);
  EXPECT_EQ(response.body, "bad signature");
  for (const unsigned status : {0u, 100u, 199u, 600u, 4096u}) {
    ingress.answer = {.status = status, .headers = {}, .body = "x"};
    EXPECT_EQ(send(post("/v1/providers/p/events", "{}", "")).status, 502u) << status;
  }
}

TEST_F(ProviderEvents, APluginCannotFrameTheAnswerOrSplitIt) {
  ingress.answer = {.status = 200,
                    .headers = {{"Content-Length", "5"},
                                {"transfer-encoding", "chunked"},
                                {"Connection", "keep-alive"},
                                {"X-Evil", "a\r\nX-Injected: b"},
                                {"X Bad", "v"},
                                {"", "v"},
                                {"X-Good", "v"}},
                    .body = "ok"};
  const http::Response response = send(post("/v1/providers/p/events", "{}", ""));
  ASSERT_EQ(response.headers.size(), 1u);
  EXPECT_EQ(response.headers.at(0), (http::Header{"X-Good", "v"}));
}

TEST_F(ProviderEvents, OnlyPostIsThere) {
  EXPECT_EQ(send(get("/v1/providers/p/events")).status, 405u);
  EXPECT_TRUE(ingress.requests.empty());
}

}  // namespace
}  // namespace heliograph::test
