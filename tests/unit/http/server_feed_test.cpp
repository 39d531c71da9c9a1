// Answers without a known end: that they arrive as they are made, end when they should, and that
// nobody who does not read them costs memory or holds up the server.
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>

#include "core/http/server.h"
#include "tests/unit/http/certificates.h"
#include "tests/unit/http/raw_socket.h"
#include "tests/unit/http/test_server.h"

namespace heliograph::http {
namespace {

using namespace std::chrono_literals;
using testing::get;
using testing::kPatience;
using testing::RawSocket;
using testing::TestServer;

// Reads until the text has come; false: the end came first, or nothing more.
bool read_until(RawSocket& client, const std::string& text) {
  while (!client.buffer().contains(text)) {
    if (client.read_more() != RawSocket::ReadEnd::kData) return false;
  }
  return true;
}

// Everything up to the end of the connection; false: nothing comes, and no end.
bool read_to_end(RawSocket& client) {
  RawSocket::ReadEnd end = RawSocket::ReadEnd::kData;
  while (end == RawSocket::ReadEnd::kData) end = client.read_more();
  return end == RawSocket::ReadEnd::kClosed;
}

TEST(ServerFeed, SendsEachPieceWhenItIsMade) {
  TestServer server;
  RawSocket client = RawSocket::connect(server.address());
  client.send(get("/feed/count"));
  ASSERT_TRUE(read_until(client, "begin\n1\n2\n3\n")) << client.buffer();
  EXPECT_TRUE(client.buffer().contains("Connection: close\r\n"));
  EXPECT_FALSE(client.buffer().contains("Content-Length"));
  EXPECT_EQ(server.feeds(), 1);
}

TEST(ServerFeed, EndsWithItsConnection) {
  TestServer server;
  RawSocket client = RawSocket::connect(server.address());
  client.send(get("/feed/three") + get("/hello"));
  EXPECT_TRUE(read_to_end(client));
  EXPECT_TRUE(client.buffer().ends_with("\r\n\r\nbegin\n1\n2\n3\n")) << client.buffer();
  EXPECT_TRUE(server.wait_for_feeds(0));
}

TEST(ServerFeed, IsNotRunForHead) {
  TestServer server;
  RawSocket client = RawSocket::connect(server.address());
  client.send("HEAD /feed/hour HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(read_to_end(client));
  EXPECT_TRUE(client.buffer().starts_with("HTTP/1.1 200 ")) << client.buffer();
  EXPECT_TRUE(client.buffer().ends_with("\r\n\r\n")) << client.buffer();
}

TEST(ServerFeed, GoesWhenItsReaderHasGone) {
  TestServer server;
  for (const bool rudely : {false, true}) {
    RawSocket client = RawSocket::connect(server.address());
    client.send(get("/feed/count"));
    ASSERT_TRUE(read_until(client, "1\n"));
    rudely ? client.reset() : client.close();
    EXPECT_TRUE(server.wait_for_feeds(0)) << rudely;
  }
}

// The pieces that are made are those that fit into the two sockets' buffers, and one.
TEST(ServerFeed, DropsWhoDoesNotRead) {
  ServerOptions options;
  options.write_timeout = 200ms;
  TestServer server(options);
  RawSocket client = RawSocket::connect(server.address());
  client.send(get("/feed/flood"));
  ASSERT_TRUE(server.wait_until([&](const ServerStats&) { return server.flooded() > 0; }));
  EXPECT_TRUE(server.wait_for_feeds(0));
  EXPECT_TRUE(server.wait_until([](const ServerStats& now) { return now.connections_open == 0; }));
  EXPECT_LT(server.flooded(), 400U) << "pieces of 64 KiB";
}

TEST(ServerFeed, OutlivesTheDeadlinesOfOtherAnswers) {
  ServerOptions options;
  options.write_timeout = options.idle_timeout = options.header_timeout = options.body_timeout =
      50ms;
  TestServer server(options);
  RawSocket client = RawSocket::connect(server.address());
  client.send(get("/feed/count"));
  EXPECT_TRUE(read_until(client, "\n100\n"));
}

TEST(ServerFeed, EndsAtOnceWhenTheServerDrains) {
  TestServer server;
  RawSocket pausing = RawSocket::connect(server.address());
  pausing.send(get("/feed/hour"));
  RawSocket silent = RawSocket::connect(server.address());
  silent.send(get("/feed/flood"));
  ASSERT_TRUE(read_until(pausing, "1\n"));
  ASSERT_TRUE(server.wait_until([&](const ServerStats&) { return server.flooded() > 2; }));
  const auto start = std::chrono::steady_clock::now();
  server.server().stop(30s);
  EXPECT_LT(std::chrono::steady_clock::now() - start, kPatience);
  EXPECT_EQ(server.feeds(), 0);
  EXPECT_TRUE(read_to_end(pausing));
}

TEST(ServerFeed, EndsWhenItFailsAndSaysSoToTheLogAlone) {
  TestServer server;
  RawSocket client = RawSocket::connect(server.address());
  client.send(get("/feed/fail"));
  EXPECT_TRUE(read_to_end(client));
  EXPECT_TRUE(client.buffer().ends_with("begin\n1\n")) << client.buffer();
  const auto log = server.log();
  ASSERT_EQ(log.size(), 1U);
  EXPECT_TRUE(log.front().contains("/etc/secret is missing")) << log.front();
}

TEST(ServerFeed, GoesThroughTls) {
  const testing::Authority authority("test authority");
  const auto files = authority.issue("server", "DNS:localhost,IP:127.0.0.1");
  ServerOptions options;
  options.listeners.emplace_back();
  options.listeners[0].cert = files.cert;
  options.listeners[0].key = files.key;
  TestServer server(std::move(options));
  RawSocket client = RawSocket::connect(server.address());
  testing::TlsFiles trusting;
  trusting.ca = authority.ca_file();
  ASSERT_TRUE(client.start_tls(trusting));
  client.send(get("/feed/three"));
  EXPECT_TRUE(read_to_end(client));
  EXPECT_TRUE(client.buffer().ends_with("begin\n1\n2\n3\n")) << client.buffer();
}

}  // namespace
}  // namespace heliograph::http
