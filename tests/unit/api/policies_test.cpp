// The small policies around a request: peers, listeners, CORS.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "core/api/cors.h"
#include "core/api/listener_policy.h"
#include "core/api/peer_policy.h"

namespace heliograph::api {
namespace {

http::Request local_request() {
  http::Request request;
  request.method = http::Method::kPost;
  request.target = "/v1/providers/p/events?x=1";
  request.peer = "127.0.0.1";
  request.peer_is_loopback = true;
  request.headers = {{"host", "localhost:8080"}, {"content-type", "application/json"}};
  return request;
}

TEST(PeerPolicy, AProgramOnThisMachineIsLocal) {
  const PeerPolicy policy({"gateway.example"}, {});
  for (const char* host : {"localhost", "localhost:8080", "LOCALHOST", "127.0.0.1:80", "[::1]",
                           "[::1]:8080", "gateway.example:1"}) {
    http::Request request = local_request();
    request.headers[0].second = host;
    EXPECT_TRUE(policy.is_local(request)) << host;
  }
}

TEST(PeerPolicy, WhatAProxyOrAPageCouldHaveSentIsNot) {
  const PeerPolicy policy({}, {"127.0.0.1"});
  http::Request remote = local_request();
  remote.peer_is_loopback = false;
  EXPECT_FALSE(policy.is_local(remote));
  for (const char* host : {"evil.example", "localhost.evil.example", "", "[::2]:80"}) {
    http::Request rebound = local_request();
    rebound.headers[0].second = host;
    EXPECT_FALSE(policy.is_local(rebound)) << host;
  }
  for (const char* name : {"forwarded", "x-forwarded-for", "x-forwarded-host", "origin"}) {
    http::Request relayed = local_request();
    relayed.headers.emplace_back(name, "x");
    EXPECT_FALSE(policy.is_local(relayed)) << name;
  }
  http::Request form = local_request();
  form.headers[1].second = "text/plain";
  EXPECT_FALSE(policy.is_local(form));
}

TEST(PeerPolicy, TheUrlIsWhatThePeerWrote) {
  const PeerPolicy policy({}, {"10.0.0.0/8", "fd00::/8", "192.0.2.7"});
  http::Request request = local_request();
  request.headers[0].second = "gw.example:8080";
  EXPECT_EQ(policy.url(request, false), "http://gw.example:8080/v1/providers/p/events?x=1");
  EXPECT_EQ(policy.url(request, true), "https://gw.example:8080/v1/providers/p/events?x=1");
  request.headers.emplace_back("x-forwarded-proto", "https, http");
  request.headers.emplace_back("x-forwarded-host", "api.example");
  EXPECT_EQ(policy.url(request, false), "http://gw.example:8080/v1/providers/p/events?x=1")
      << "a stranger's word on it does not count";
  for (const char* proxy : {"10.1.2.3", "fd12::1", "192.0.2.7", "::ffff:10.1.2.3"}) {
    request.peer = proxy;
    EXPECT_EQ(policy.url(request, false), "https://api.example/v1/providers/p/events?x=1") << proxy;
  }
  for (const char* peer : {"11.0.0.1", "fc00::1", "192.0.2.8", "unix"}) {
    request.peer = peer;
    EXPECT_EQ(policy.url(request, false), "http://gw.example:8080/v1/providers/p/events?x=1")
        << peer;
  }
}

TEST(PeerPolicy, ABadProxyIsNamed) {
  for (const char* bad : {"proxy.example", "10.0.0.0/33", "", "10.0.0"}) {
    try {
      const PeerPolicy policy({}, {bad});
      ADD_FAILURE() << bad << " was taken";
    } catch (const std::runtime_error& error) {
      EXPECT_NE(std::string(error.what()).find("trusted_proxies"), std::string::npos);
    }
  }
}

TEST(ListenerPolicy, RolesDecideWhatAListenerServes) {
  const ListenerPolicy policy({{.name = "public", .roles = {"api"}},
                               {.name = "inside", .roles = {"admin"}},
                               {.name = "both", .roles = {"api", "admin"}},
                               {.name = "plain"},
                               {.name = "socket", .trusted = true}});
  const std::vector<std::pair<std::string, std::pair<bool, bool>>> api_and_admin{
      {"public", {true, false}}, {"inside", {false, true}}, {"both", {true, true}},
      {"plain", {true, false}},  {"socket", {true, true}},  {"unnamed", {true, false}}};
  for (const auto& [name, expected] : api_and_admin) {
    EXPECT_TRUE(policy.serves(name, Role::kAny)) << name;
    EXPECT_EQ(policy.serves(name, Role::kApi), expected.first) << name;
    EXPECT_EQ(policy.serves(name, Role::kAdmin), expected.second) << name;
  }
  EXPECT_TRUE(policy.trusted("socket"));
  EXPECT_FALSE(policy.trusted("plain"));
  EXPECT_FALSE(policy.trusted("unnamed"));
}

TEST(ListenerPolicy, WithoutAnAdminListenerEveryPlainOneServesAll) {
  const ListenerPolicy policy(
      {{.name = "tls", .tls = true}, {.name = "socket", .roles = {"admin"}, .trusted = true}});
  EXPECT_TRUE(policy.serves("tls", Role::kAdmin));
  EXPECT_TRUE(policy.serves("unnamed", Role::kAdmin));
  EXPECT_FALSE(policy.serves("socket", Role::kApi));
  EXPECT_TRUE(policy.tls("tls"));
  EXPECT_FALSE(policy.tls("unnamed"));
}

TEST(ListenerPolicy, MetricsHaveAPlaceOfTheirOwnWhereTheyAreGivenOne) {
  const ListenerPolicy plain({{.name = "main"}, {.name = "public", .roles = {"api"}}});
  EXPECT_TRUE(plain.serves("main", Role::kMetrics));
  EXPECT_FALSE(plain.serves("public", Role::kMetrics));
  EXPECT_FALSE(plain.serves("unnamed", Role::kMetrics));

  const ListenerPolicy apart({{.name = "main"}, {.name = "scrape", .roles = {"metrics"}}});
  EXPECT_FALSE(apart.serves("main", Role::kMetrics));
  EXPECT_TRUE(apart.serves("main", Role::kAdmin));
  EXPECT_TRUE(apart.serves("scrape", Role::kMetrics));
  EXPECT_TRUE(apart.is_for_metrics("scrape"));
  EXPECT_FALSE(apart.serves("scrape", Role::kApi));
  EXPECT_FALSE(apart.serves("scrape", Role::kAdmin));

  const ListenerPolicy admin({{.name = "main"}, {.name = "inner", .roles = {"admin"}}});
  EXPECT_FALSE(admin.serves("main", Role::kMetrics));
  EXPECT_TRUE(admin.serves("inner", Role::kMetrics));
  EXPECT_FALSE(admin.is_for_metrics("inner"));
}

TEST(ListenerPolicy, ANamelessListenerIsNoWayAroundRoles) {
  const ListenerPolicy policy({{.name = "main"}, {.name = "public", .roles = {"api"}}});
  EXPECT_TRUE(policy.serves("main", Role::kAdmin));
  EXPECT_FALSE(policy.serves("public", Role::kAdmin));
  EXPECT_FALSE(policy.serves("", Role::kAdmin));
  EXPECT_TRUE(policy.serves("", Role::kApi));
}

TEST(ApiSettings, AreWhatTheConfigurationSays) {
  config::Config config;
  config.http.listen = "127.0.0.1:1";
  config.http.cors_origins = {"https://app.example"};
  config.http.hostnames = {"gw.example"};
  config.http.trusted_proxies = {"10.0.0.1"};
  config.http.listeners = {{.listen = "0.0.0.0:443",
                            .cert = "c.pem",
                            .key = "k.pem",
                            .client_ca = "",
                            .roles = {"api"}}};
  config.messages.validity = std::chrono::hours{1};
  config.numbers.default_region = "BD";
  config.limits.client = config::ClientRate{.rate = 1, .burst = 2};
  const ApiSettings settings = api_settings(config);
  ASSERT_EQ(settings.listeners.size(), 2u);
  EXPECT_EQ(settings.listeners[0].name, "127.0.0.1:1");
  EXPECT_TRUE(settings.listeners[0].roles.empty());
  EXPECT_EQ(settings.listeners[1].name, "0.0.0.0:443");
  EXPECT_EQ(settings.listeners[1].roles, std::vector<std::string>{"api"});
  EXPECT_TRUE(settings.listeners[1].tls);
  EXPECT_FALSE(settings.listeners[0].trusted || settings.listeners[1].trusted);
  EXPECT_EQ(settings.cors_origins, config.http.cors_origins);
  EXPECT_EQ(settings.hostnames, config.http.hostnames);
  EXPECT_EQ(settings.trusted_proxies, config.http.trusted_proxies);
  EXPECT_EQ(settings.messages.validity, std::chrono::hours{1});
  EXPECT_EQ(settings.numbers.default_region, "BD");
  EXPECT_EQ(settings.limits.client->burst, 2);
}

}  // namespace
}  // namespace heliograph::api
