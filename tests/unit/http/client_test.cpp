// The outgoing client: answers and TLS.
#include "tests/unit/http/client_fixture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>

#include "tests/unit/http/test_server.h"

namespace heliograph::http {
namespace {

using namespace std::chrono_literals;
using ports::HttpProgress;
using ports::HttpStatus;
using ports::OutgoingRequest;
using testing::ClientTest;
using ::testing::HasSubstr;
using testing::ok;
using testing::RawSocket;
using testing::read_request;
using testing::ScriptedPeer;
using testing::serve_all;
using testing::wait_for_end;

// ---- answers ----

TEST_F(ClientTest, BringsTheWholeAnswer) {
  std::string received;
  ScriptedPeer peer({[&](RawSocket& connection) {
    received = read_request(connection);
    connection.send("HTTP/1.1 202 Accepted\r\nX-A: 1\r\nx-a: 2\r\nContent-Length: 2\r\n\r\nhi");
    wait_for_end(connection);
  }});
  make();
  OutgoingRequest request = get(peer.url("/send?a=b"));
  request.method = "POST";
  request.headers = {{"Content-Type", "text/plain"}};
  request.body = "body";
  const auto answer = exchange(std::move(request));
  client_.reset();
  EXPECT_EQ(answer.status, HttpStatus::kOk);
  EXPECT_EQ(answer.progress, HttpProgress::kComplete);
  EXPECT_EQ(answer.code, 202U);
  EXPECT_EQ(answer.body, "hi");
  EXPECT_FALSE(answer.reused || answer.resent || answer.truncated);
  EXPECT_GT(answer.total, 0ns);
  EXPECT_GE(answer.total, answer.wait);
  EXPECT_THAT(answer.headers,
              ::testing::ElementsAre(::testing::Pair("x-a", "1"), ::testing::Pair("x-a", "2"),
                                     ::testing::Pair("content-length", "2")));
  EXPECT_THAT(received, ::testing::StartsWith("POST /send?a=b HTTP/1.1\r\nHost: 127.0.0.1:"));
  EXPECT_THAT(received, ::testing::EndsWith("Content-Length: 4\r\n\r\nbody"));
}

TEST_F(ClientTest, ReadsEveryKindOfBody) {
  ScriptedPeer peer(
      {[](RawSocket& connection) {
         read_request(connection);
         connection.send(
             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
             "2\r\nab\r\n3;x=y\r\ncde\r\n0\r\nTrailer: t\r\n\r\n");
         read_request(connection);
         connection.send("HTTP/1.1 204 No Content\r\n\r\n");
         read_request(connection);  // HEAD
         connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n");
         read_request(connection);
         connection.send(
             "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n" +
             ok("after"));
         read_request(connection);
         connection.send("HTTP/1.1 200 OK\r\n\r\nto the ");
         connection.send("end");
       },
       serve_all});
  make();
  EXPECT_EQ(exchange(get(peer.url())).body, "abcde");
  const auto empty = exchange(get(peer.url()));
  EXPECT_EQ(empty.code, 204U);
  EXPECT_TRUE(empty.reused);
  OutgoingRequest head = get(peer.url());
  head.method = "HEAD";
  EXPECT_EQ(exchange(std::move(head)).body, "");
  const auto after = exchange(get(peer.url()));
  EXPECT_EQ(after.body, "after");
  EXPECT_EQ(after.headers.size(), 1U);
  EXPECT_EQ(exchange(get(peer.url())).body, "to the end");
  EXPECT_FALSE(exchange(get(peer.url())).reused);
  client_.reset();
}

TEST_F(ClientTest, CutsOffABodyThatIsTooLong) {
  for (const std::string& response :
       {ok("0123456789"), std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                                      "5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n")}) {
    ScriptedPeer peer({[&](RawSocket& connection) {
      read_request(connection);
      connection.send(response);
      wait_for_end(connection);
    }});
    make();
    OutgoingRequest request = get(peer.url());
    request.body_max = 7;
    const auto answer = exchange(std::move(request));
    client_.reset();
    EXPECT_EQ(answer.status, HttpStatus::kLimit);
    EXPECT_EQ(answer.progress, HttpProgress::kHead);
    EXPECT_TRUE(answer.truncated);
    EXPECT_EQ(answer.code, 200U);
    EXPECT_EQ(answer.body, "0123456");
  }
}

// ---- TLS ----

class ClientTls : public ClientTest {
 protected:
  std::unique_ptr<testing::TestServer> serve(const std::string& names) {
    const auto files = authority_.issue("server", names);
    ServerOptions options;
    options.listeners.emplace_back();
    options.listeners[0].cert = files.cert;
    options.listeners[0].key = files.key;
    return std::make_unique<testing::TestServer>(options);
  }
  void make_trusting(const std::string& ca_file) {
    ports::HttpPoolOptions options;
    options.ca_file = ca_file;
    make(options);
  }
  static std::string port_of(testing::TestServer& server) {
    return server.address().substr(server.address().find(':'));
  }
  testing::Authority authority_{"test authority"};
};

TEST_F(ClientTls, TalksToAPeerItCanVerify) {
  const auto server = serve("DNS:localhost,IP:127.0.0.1");
  make_trusting(authority_.ca_file());
  const auto by_address = exchange(get("https://" + server->address() + "/hello"));
  EXPECT_EQ(by_address.status, HttpStatus::kOk) << by_address.detail;
  EXPECT_EQ(by_address.body, "hello");
  EXPECT_TRUE(exchange(get("https://" + server->address() + "/hello")).reused);
  const auto by_name = exchange(get("https://localhost" + port_of(*server) + "/hello"));
  EXPECT_EQ(by_name.status, HttpStatus::kOk) << by_name.detail;
  OutgoingRequest large = get("https://" + server->address() + "/large");
  large.body_max = 16 << 20;
  EXPECT_EQ(exchange(std::move(large)).body.size(), std::size_t{8} << 20);
}

TEST_F(ClientTls, RefusesAnotherName) {
  const auto server = serve("DNS:elsewhere.example");
  make_trusting(authority_.ca_file());
  for (const std::string& host : {"localhost" + port_of(*server), server->address()}) {
    const auto answer = exchange(get("https://" + host + "/hello"));
    EXPECT_EQ(answer.status, HttpStatus::kTls);
    EXPECT_EQ(answer.progress, HttpProgress::kNotConnected);
    EXPECT_THAT(answer.detail, HasSubstr("TLS with "));
    EXPECT_THAT(answer.detail, HasSubstr("certificate verify failed"));
  }
  EXPECT_EQ(server->server().stats().requests, 0U);
}

TEST_F(ClientTls, RefusesAnotherAuthority) {
  const auto server = serve("IP:127.0.0.1");
  const testing::Authority stranger("stranger");
  make_trusting(stranger.ca_file());
  EXPECT_EQ(exchange(get("https://" + server->address() + "/hello")).status, HttpStatus::kTls);
  client_ = factory_->make({});  // the system's
  EXPECT_EQ(exchange(get("https://" + server->address() + "/hello")).status, HttpStatus::kTls);
}

TEST_F(ClientTls, ReportsAPeerThatSpeaksNoTls) {
  ScriptedPeer peer({[](RawSocket& connection) {
    connection.read_more();
    connection.send("HTTP/1.1 400 Bad Request\r\n\r\n");
  }});
  make();
  std::string url = peer.url();
  url.replace(0, 4, "https");
  const auto answer = exchange(get(url));
  EXPECT_EQ(answer.status, HttpStatus::kTls);
  EXPECT_EQ(answer.progress, HttpProgress::kNotConnected);
}

TEST_F(ClientTls, NamesACaFileThatCannotBeRead) {
  ports::HttpPoolOptions options;
  options.ca_file = "/nonexistent/ca.pem";
  try {
    factory_->make(options);
    FAIL() << "made a client without its CA";
  } catch (const std::runtime_error& e) {
    EXPECT_THAT(e.what(), HasSubstr("/nonexistent/ca.pem"));
  }
}

}  // namespace
}  // namespace heliograph::http
