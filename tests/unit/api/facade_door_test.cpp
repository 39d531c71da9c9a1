// Who gets into a facade: nobody but programs on this machine, unless the operator says otherwise.
#include "core/api/facades/facade_door.h"

#include <gtest/gtest.h>

namespace heliograph::api {
namespace {

http::Response words(unsigned status, std::string_view) {
  http::Response response;
  response.status = status;
  return response;
}

class FacadeDoorTest : public testing::Test {
 protected:
  FacadeDoorTest() {
    settings.client = model::Client{};
    settings.client->name = "facades";
    request.method = http::Method::kPost;
    request.peer = "127.0.0.1";
    request.peer_is_loopback = true;
    request.headers = {{"host", "localhost:8000"}, {"content-type", "application/json"}};
    request.body = "{}";
  }
  void set(std::string_view name, std::string value) {
    std::erase_if(request.headers, [&](const http::Header& h) { return h.first == name; });
    request.headers.emplace_back(name, std::move(value));
  }
  // 200: let in.
  unsigned status() const {
    const PeerPolicy peers(hostnames, proxies);
    const Cors cors(origins);
    const FacadeDoor door(settings, peers, cors);
    const auto refusal = door.refusal(request, manners);
    return refusal ? refusal->status : 200;
  }

  FacadeSettings settings;
  FacadeManners manners{.words = words};
  std::vector<std::string> hostnames;
  std::vector<std::string> proxies;
  std::vector<std::string> origins;
  http::Request request;
};

TEST_F(FacadeDoorTest, AProgramOnThisMachineGetsInAsTheDeclaredClient) {
  EXPECT_EQ(status(), 200u);
  const PeerPolicy peers({}, {});
  const Cors cors({});
  const FacadeDoor door(settings, peers, cors);
  ASSERT_TRUE(door.principal());
  EXPECT_EQ(door.principal()->client.name, "facades");
  EXPECT_TRUE(door.principal()->may(model::kScopeSend));
  EXPECT_TRUE(door.principal()->may(model::kScopeRead));
  EXPECT_FALSE(door.principal()->may(model::kScopeAdmin));
  settings.client.reset();
  EXPECT_EQ(FacadeDoor(settings, peers, cors).principal(), nullptr);
}

TEST_F(FacadeDoorTest, OtherMachinesOnlyWhereItIsAllowed) {
  request.peer = "192.0.2.1";
  request.peer_is_loopback = false;
  EXPECT_EQ(status(), 403u);
  settings.allow_remote = true;
  EXPECT_EQ(status(), 200u);
}

TEST_F(FacadeDoorTest, ForwardedOnlyByATrustedProxyAndThenAsFromElsewhere) {
  for (const char* name : {"forwarded", "x-forwarded-for", "x-forwarded-host"}) {
    set(name, "127.0.0.1");
    EXPECT_EQ(status(), 403u) << name;
    settings.allow_remote = true;
    EXPECT_EQ(status(), 403u) << name << ": nobody trusts this proxy";
    proxies = {"127.0.0.0/8"};
    EXPECT_EQ(status(), 200u) << name;
    settings.allow_remote = false;
    EXPECT_EQ(status(), 403u) << name << ": it may come from anywhere";
    proxies.clear();
    request.headers.pop_back();
  }
}

TEST_F(FacadeDoorTest, AnotherHostNameIsRefusedHoweverItResolves) {
  for (const char* host : {"rebound.example", "localhost.evil.example:80", "", "[::2]"}) {
    set("host", host);
    EXPECT_EQ(status(), 403u) << host;
  }
  for (const char* host : {"localhost", "127.0.0.1:1", "[::1]:8000"}) {
    set("host", host);
    EXPECT_EQ(status(), 200u) << host;
  }
  set("host", "sms.internal:8000");
  EXPECT_EQ(status(), 403u);
  hostnames = {"sms.internal"};
  EXPECT_EQ(status(), 200u);
  settings.allow_remote = true;
  set("host", "rebound.example");
  EXPECT_EQ(status(), 403u);
}

TEST_F(FacadeDoorTest, NoPageOfAnotherOriginChangesAnything) {
  for (const char* origin : {"http://evil.example", "null", "http://localhost:9999"}) {
    set("origin", origin);
    EXPECT_EQ(status(), 403u) << origin;
    request.method = http::Method::kGet;
    EXPECT_EQ(status(), 200u) << "its browser keeps the answer from the page";
    request.method = http::Method::kPost;
  }
  set("origin", "http://localhost:8000");
  EXPECT_EQ(status(), 200u) << "the gateway's own page";
  set("origin", "https://app.example");
  origins = {"https://app.example"};
  EXPECT_EQ(status(), 200u);
}

TEST_F(FacadeDoorTest, WhatAFormCouldSendIsRefused) {
  for (const char* type : {"text/plain", "application/x-www-form-urlencoded", "multipart/form-data",
                           "application/json; charset=utf-16", ""}) {
    set("content-type", type);
    EXPECT_EQ(status(), 415u) << type;
  }
  manners.any_content_type = true;
  EXPECT_EQ(status(), 200u);
  manners.any_content_type = false;
  set("content-type", "Application/JSON; charset=UTF-8");
  EXPECT_EQ(status(), 200u);
  std::erase_if(request.headers, [](const http::Header& h) { return h.first == "content-type"; });
  EXPECT_EQ(status(), 415u) << "a body of no type";
  request.body.clear();
  EXPECT_EQ(status(), 200u) << "curl -X POST without a body";
}

}  // namespace
}  // namespace heliograph::api
