#include "core/http/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/unit/http/raw_socket.h"
#include "tests/unit/http/test_server.h"

namespace heliograph::http {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using testing::get;
using ::testing::HasSubstr;
using testing::kPatience;
using ::testing::Not;
using testing::RawSocket;
using testing::TestServer;

ListenerOptions listener(const std::string& listen, const std::string& name = "") {
  ListenerOptions options;
  options.listen = listen;
  options.name = name;
  return options;
}

TEST(Server, AnswersWithTheUsualHeaders) {
  TestServer server;
  RawSocket client = RawSocket::connect(server.address());
  client.send(get("/hello"));
  const auto answer = client.read_answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200U);
  EXPECT_EQ(answer->body, "hello");
  EXPECT_EQ(answer->header("server"), "heliograph");
  EXPECT_EQ(answer->header("content-type"), "text/plain");
  EXPECT_EQ(answer->header("connection"), "");
  EXPECT_THAT(answer->header("date"),
              ::testing::MatchesRegex("(Mon|Tue|Wed|Thu|Fri|Sat|Sun), [0-9]{2} [A-Z][a-z]{2} "
                                      "[0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT"));
  EXPECT_EQ(answer->header("x-request-id").size(), 20U);
}

TEST(Server, KeepsTheConnectionAndAnswersPipelinedRequestsInOrder) {
  TestServer server;
  RawSocket client = RawSocket::connect(server.address());
  std::string burst;
  for (int i = 0; i < 200; ++i) burst += get("/items/" + std::to_string(i));
  client.send(burst);
  for (int i = 0; i < 200; ++i) {
    const auto answer = client.read_answer();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->body, std::to_string(i));
  }
  EXPECT_EQ(server.server().stats().requests, 200U);
}

TEST(Server, TellsTheHandlerAboutTheRequest) {
  TestServer server;
  RawSocket client = RawSocket::connect(server.address());
  client.send(get("/info?a=x+y&b=%26&c", "X-Request-Id: abc-1\r\n"));
  const auto answer = client.read_answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, "/info|127.0.0.1|main|loopback|abc-1|a=x y|b=&|c=");
  EXPECT_EQ(answer->header("x-request-id"), "abc-1");
}

TEST(Server, ReplacesAMalformedRequestId) {
  TestServer server;
  RawSocket client = RawSocket::connect(server.address());
  client.send(get("/hello", "X-Request-Id: a b\r\n"));
  const auto with_blank = client.read_answer();
  client.send(get("/hello", "X-Request-Id: " + std::string(65, 'a') + "\r\n"));
  const auto too_long = client.read_answer();
  ASSERT_TRUE(with_blank && too_long);
  EXPECT_EQ(with_blank->header("x-request-id").size(), 20U);
  EXPECT_EQ(too_long->header("x-request-id").size(), 20U);
  EXPECT_NE(with_blank->header("x-request-id"), too_long->header("x-request-id"));
}

TEST(Server, AnswersHeadLikeGetWithoutABody) {
  TestServer server;
  RawSocket client = RawSocket::connect(server.address());
  client.send("HEAD /hello HTTP/1.1\r\nHost: x\r\n\r\n" + get("/canary"));
  const auto answer = client.read_answer(true);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200U);
  EXPECT_EQ(answer->header("content-length"), "5");
  const auto next = client.read_answer();
  ASSERT_TRUE(next);
  EXPECT_EQ(next->body, "canary");
}

TEST(Server, SaysWhichMethodsAResourceHas) {
  TestServer server;
  RawSocket client = RawSocket::connect(server.address());
  client.send("DELETE /hello HTTP/1.1\r\nHost: x\r\n\r\n");
  const auto refused = client.read_answer();
  client.send("OPTIONS /echo HTTP/1.1\r\nHost: x\r\n\r\n");
  const auto options = client.read_answer();
  ASSERT_TRUE(refused && options);
  EXPECT_EQ(refused->status, 405U);
  EXPECT_EQ(refused->header("allow"), "GET, HEAD, OPTIONS");
  EXPECT_EQ(refused->header("content-type"), "application/problem+json");
  EXPECT_EQ(options->status, 204U);
  EXPECT_EQ(options->header("allow"), "POST, OPTIONS");
  EXPECT_EQ(options->header("content-length"), "");
}

TEST(Server, ClosesWhereTheClientAsksForIt) {
  TestServer server;
  RawSocket client = RawSocket::connect(server.address());
  client.send(get("/hello", "Connection: close\r\n") + get("/canary"));
  const auto answer = client.read_answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->header("connection"), "close");
  EXPECT_TRUE(client.ends());
  EXPECT_EQ(server.canaries(), 0);
}

TEST(Server, SpeaksHttp10) {
  TestServer server;
  RawSocket once = RawSocket::connect(server.address());
  once.send("GET /hello HTTP/1.0\r\n\r\n");
  const auto closed = once.read_answer();
  ASSERT_TRUE(closed);
  EXPECT_EQ(closed->header("connection"), "close");
  EXPECT_TRUE(once.ends());

  RawSocket kept = RawSocket::connect(server.address());
  kept.send("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  const auto first = kept.read_answer();
  kept.send("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  const auto second = kept.read_answer();
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->header("connection"), "keep-alive");
}

TEST(Server, SendsContinueBeforeItReadsTheBody) {
  TestServer server;
  RawSocket client = RawSocket::connect(server.address());
  client.send(
      "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-Continue\r\n\r\n");
  const auto interim = client.read_answer();
  ASSERT_TRUE(interim);
  EXPECT_EQ(interim->status, 100U);
  client.send("12345");
  const auto answer = client.read_answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, "12345");
}

TEST(Server, DeclinesABodyItWouldRefuseAnyway) {
  TestServer server;
  RawSocket too_large = RawSocket::connect(server.address());
  too_large.send(
      "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\nExpect: 100-continue\r\n\r\n");
  const auto refused = too_large.read_answer();
  RawSocket nowhere = RawSocket::connect(server.address());
  nowhere.send(
      "POST /none HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\nExpect: 100-continue\r\n\r\n");
  const auto unknown = nowhere.read_answer();
  ASSERT_TRUE(refused && unknown);
  EXPECT_EQ(refused->status, 413U);
  EXPECT_EQ(unknown->status, 404U);
  EXPECT_EQ(unknown->header("connection"), "close");
  EXPECT_TRUE(too_large.ends());
  EXPECT_TRUE(nowhere.ends());
}

TEST(Server, HidesWhatAHandlerThrowsAndLogsIt) {
  TestServer server;
  RawSocket client = RawSocket::connect(server.address());
  client.send(get("/throw", "X-Request-Id: r-1\r\n"));
  const auto answer = client.read_answer();
  client.send(get("/hello"));
  const auto next = client.read_answer();
  ASSERT_TRUE(answer && next);
  EXPECT_EQ(answer->status, 500U);
  EXPECT_THAT(answer->body, Not(HasSubstr("secret")));
  EXPECT_EQ(next->status, 200U);
  EXPECT_THAT(server.log(), ElementsAre(HasSubstr("/etc/secret is missing")));
  EXPECT_THAT(server.log(), ElementsAre(HasSubstr("r-1")));
}

TEST(Server, RefusesToSplitAResponse) {
  TestServer server;
  RawSocket client = RawSocket::connect(server.address());
  client.send(get("/split"));
  const auto answer = client.read_answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 500U);
  EXPECT_EQ(answer->header("set-cookie"), "");
}

TEST(Server, CutsTheConnectionOfAnAbortedAnswer) {
  TestServer server;
  RawSocket client = RawSocket::connect(server.address());
  client.send(get("/abort"));
  EXPECT_TRUE(client.ends());
}

TEST(Server, WritesAnswersLargerThanTheSocketTakes) {
  TestServer server;
  RawSocket client = RawSocket::connect(server.address());
  client.send(get("/large") + get("/hello"));
  const auto answer = client.read_answer();
  const auto next = client.read_answer();
  ASSERT_TRUE(answer && next);
  EXPECT_EQ(answer->body.size(), std::size_t{8} << 20);
  EXPECT_EQ(next->body, "hello");
}

// ---- threads and listeners ----

TEST(ServerThreads, ServeManyClientsAtOnce) {
  ServerOptions options;
  options.threads = 4;
  TestServer server(options);
  std::vector<std::thread> clients;
  std::atomic<int> right{0};
  for (int c = 0; c < 8; ++c) {
    clients.emplace_back([&, c] {
      RawSocket client = RawSocket::connect(server.address());
      for (int i = 0; i < 50; ++i) {
        const std::string id = std::to_string(c * 1000 + i);
        client.send(get("/items/" + id));
        const auto answer = client.read_answer();
        if (answer && answer->body == id) ++right;
      }
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(right, 400);
  EXPECT_EQ(server.server().stats().requests, 400U);
  EXPECT_TRUE(server.wait_until([](const auto& stats) { return stats.connections_open == 0; }));
}

TEST(ServerThreads, StopUnderLoadAnswersEverythingItTook) {
  ServerOptions options;
  options.threads = 2;
  TestServer server(options);
  std::vector<std::thread> clients;
  std::atomic<int> half_answers{0};
  for (int c = 0; c < 4; ++c) {
    // Connected here: a thread that comes late would find nobody listening any more.
    clients.emplace_back([&, client = RawSocket::connect(server.address())]() mutable {
      bool open = true;
      while (open && client.send(get("/hello"))) {
        open = client.read_answer().has_value();
        if (!client.buffer().empty()) ++half_answers;
      }
    });
  }
  ASSERT_TRUE(server.wait_until([](const auto& stats) { return stats.requests > 100; }));
  server.server().stop(kPatience);
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(half_answers, 0);
  EXPECT_EQ(server.server().stats().connections_open, 0U);
}

TEST(ServerListeners, NameTheOneARequestCameBy) {
  ServerOptions options;
  options.listeners.push_back(listener("127.0.0.1:0", "public"));
  options.listeners.push_back(listener("[::1]:0", "admin"));
  TestServer server(options);
  const auto addresses = server.server().addresses();
  ASSERT_EQ(addresses.size(), 2U);
  EXPECT_THAT(addresses[1], ::testing::MatchesRegex("\\[::1\\]:[1-9][0-9]*"));
  RawSocket client = RawSocket::connect(addresses[0]);
  client.send(get("/info", "X-Request-Id: r\r\n"));
  const auto answer = client.read_answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, "/info|127.0.0.1|public|loopback|r");
}

std::string bind_error(const std::string& listen) {
  ServerOptions options;
  options.listeners.push_back(listener(listen));
  try {
    const Server server(options, Router());
  } catch (const std::runtime_error& e) {
    return e.what();
  }
  return "";
}

TEST(ServerListeners, AreRefusedWithTheAddressNamed) {
  EXPECT_THAT(bind_error("localhost"), HasSubstr("listen = \"localhost\""));
  EXPECT_THAT(bind_error("localhost:80"), HasSubstr("no IP address"));
  EXPECT_THAT(bind_error("127.0.0.1:70000"), HasSubstr("ADDRESS:PORT"));
  EXPECT_THAT(bind_error("::1:80"), HasSubstr("brackets"));
  EXPECT_THAT(bind_error("192.0.2.1:80"), HasSubstr("192.0.2.1"));
  TestServer server;
  EXPECT_THAT(bind_error(server.address()), HasSubstr("in use"));
}

}  // namespace
}  // namespace heliograph::http
