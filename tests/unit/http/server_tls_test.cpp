#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <chrono>
#include <filesystem>
#include <stdexcept>

#include "tests/unit/http/certificates.h"
#include "tests/unit/http/raw_socket.h"
#include "tests/unit/http/test_server.h"

namespace heliograph::http {
namespace {

using namespace std::chrono_literals;
using testing::Authority;
using ::testing::HasSubstr;
using testing::RawSocket;
using testing::TestServer;
using testing::TlsFiles;

class ServerTls : public ::testing::Test {
 protected:
  ServerOptions options(const std::string& client_ca = "") const {
    ServerOptions all;
    all.listeners.emplace_back();
    all.listeners[0].cert = server_files_.cert;
    all.listeners[0].key = server_files_.key;
    all.listeners[0].client_ca = client_ca;
    return all;
  }
  TlsFiles trusting() const {
    TlsFiles files;
    files.ca = authority_.ca_file();
    return files;
  }

  const Authority authority_{"test authority"};
  const testing::CertificateFiles server_files_ =
      authority_.issue("server", "DNS:localhost,IP:127.0.0.1");
};

const std::string kHello = "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n";

TEST_F(ServerTls, ServesRequests) {
  TestServer server(options());
  RawSocket client = RawSocket::connect(server.address());
  ASSERT_TRUE(client.start_tls(trusting()));
  for (int i = 0; i < 3; ++i) {
    client.send(kHello);
    const auto answer = client.read_answer();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->body, "hello");
  }
  client.send("GET /large HTTP/1.1\r\nHost: x\r\n\r\n");
  const auto large = client.read_answer();
  ASSERT_TRUE(large);
  EXPECT_EQ(large->body.size(), std::size_t{8} << 20);
}

TEST_F(ServerTls, NewCertificatesAreServedWithoutARestart) {
  namespace fs = std::filesystem;
  TestServer server(options());
  RawSocket before = RawSocket::connect(server.address());
  ASSERT_TRUE(before.start_tls(trusting()));
  EXPECT_TRUE(Server::changed(*server.server().read_certificates()).empty());

  const Authority another("another authority");
  const auto files = another.issue("server", "DNS:localhost,IP:127.0.0.1");
  fs::copy_file(files.cert, server_files_.cert, fs::copy_options::overwrite_existing);
  EXPECT_THROW(server.server().read_certificates(), std::runtime_error) << "another's key";
  fs::copy_file(files.key, server_files_.key, fs::copy_options::overwrite_existing);
  const auto read = server.server().read_certificates();
  EXPECT_EQ(Server::changed(*read).size(), 1U);
  {
    RawSocket client = RawSocket::connect(server.address());
    EXPECT_TRUE(client.start_tls(trusting())) << "until they are put in force";
  }
  server.server().set_certificates(*read);
  TlsFiles now;
  now.ca = another.ca_file();
  RawSocket after = RawSocket::connect(server.address());
  ASSERT_TRUE(after.start_tls(now));
  RawSocket refused = RawSocket::connect(server.address());
  EXPECT_FALSE(refused.start_tls(trusting()));
  for (RawSocket* client : {&before, &after}) {
    client->send(kHello);
    EXPECT_TRUE(client->read_answer());
  }
  EXPECT_TRUE(Server::changed(*server.server().read_certificates()).empty());
}

TEST_F(ServerTls, AnotherRouterAnswersTheNextRequest) {
  TestServer server(options());
  RawSocket client = RawSocket::connect(server.address());
  ASSERT_TRUE(client.start_tls(trusting()));
  client.send(kHello);
  ASSERT_TRUE(client.read_answer());
  Router router;
  router.add(Method::kGet, "/new", [](Request&) -> boost::asio::awaitable<Response> {
    Response response;
    response.body = "new";
    co_return response;
  });
  server.server().set_router(std::move(router));
  client.send("GET /new HTTP/1.1\r\nHost: x\r\n\r\n");
  const auto answer = client.read_answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, "new");
  client.send(kHello);
  const auto gone = client.read_answer();
  ASSERT_TRUE(gone);
  EXPECT_EQ(gone->status, 404U);
}

TEST_F(ServerTls, RefusesBadFramingToo) {
  TestServer server(options());
  RawSocket client = RawSocket::connect(server.address());
  ASSERT_TRUE(client.start_tls(trusting()));
  client.send("GET /hello HTTP/1.1\r\n\r\nGET /canary HTTP/1.1\r\nHost: x\r\n\r\n");
  const auto answer = client.read_answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 400U);
  EXPECT_TRUE(client.ends());
  EXPECT_EQ(server.canaries(), 0);
}

TEST_F(ServerTls, AnswersALateRequestWith408) {
  ServerOptions quick = options();
  quick.header_timeout = 200ms;
  TestServer server(quick);
  RawSocket client = RawSocket::connect(server.address());
  ASSERT_TRUE(client.start_tls(trusting()));
  client.send("GET /hel");
  const auto answer = client.read_answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 408U);
}

TEST_F(ServerTls, RefusesOldVersions) {
  TestServer server(options());
  for (const int version : {TLS1_VERSION, TLS1_1_VERSION}) {
    RawSocket client = RawSocket::connect(server.address());
    TlsFiles files = trusting();
    files.version_max = version;
    EXPECT_FALSE(client.start_tls(files));
  }
  RawSocket client = RawSocket::connect(server.address());
  TlsFiles files = trusting();
  files.version_max = TLS1_2_VERSION;
  EXPECT_TRUE(client.start_tls(files));
}

TEST_F(ServerTls, RefusesPlainRequests) {
  TestServer server(options());
  RawSocket client = RawSocket::connect(server.address());
  client.send(kHello);
  EXPECT_FALSE(client.read_answer());
  EXPECT_EQ(server.server().stats().requests, 0U);
}

TEST_F(ServerTls, CutsAHandshakeThatIsLate) {
  ServerOptions quick = options();
  quick.header_timeout = 100ms;
  TestServer server(quick);
  RawSocket client = RawSocket::connect(server.address());
  EXPECT_TRUE(client.ends());
}

// With TLS 1.3 a client learns of a refused certificate from its first read.
bool is_served(TestServer& server, const TlsFiles& files) {
  RawSocket client = RawSocket::connect(server.address());
  if (!client.start_tls(files)) return false;
  client.send(kHello);
  return client.read_answer().has_value();
}

TEST_F(ServerTls, AsksForClientCertificatesWhereConfigured) {
  const Authority clients("clients");
  TestServer server(options(clients.ca_file()));
  EXPECT_FALSE(is_served(server, trusting()));

  const auto known = clients.issue("client", "DNS:client");
  TlsFiles with_known = trusting();
  with_known.cert = known.cert;
  with_known.key = known.key;
  EXPECT_TRUE(is_served(server, with_known));

  const auto foreign = authority_.issue("foreigner", "DNS:client");
  TlsFiles with_foreign = trusting();
  with_foreign.cert = foreign.cert;
  with_foreign.key = foreign.key;
  EXPECT_FALSE(is_served(server, with_foreign));
  EXPECT_EQ(server.server().stats().requests, 1U);
}

TEST_F(ServerTls, StopsGracefully) {
  TestServer server(options());
  RawSocket client = RawSocket::connect(server.address());
  ASSERT_TRUE(client.start_tls(trusting()));
  client.send(kHello);
  ASSERT_TRUE(client.read_answer());
  server.server().stop(testing::kPatience);
  EXPECT_TRUE(client.ends());
  EXPECT_EQ(server.server().stats().connections_open, 0U);
}

std::string start_error(const ServerOptions& options) {
  try {
    const Server server(options, Router());
  } catch (const std::runtime_error& e) {
    return e.what();
  }
  return "";
}

TEST_F(ServerTls, NamesTheFileAtFault) {
  ServerOptions bad = options();
  bad.listeners[0].listen = "127.0.0.1:0";
  bad.listeners[0].cert = "/nonexistent/server.crt";
  EXPECT_THAT(start_error(bad), HasSubstr("/nonexistent/server.crt"));
  bad.listeners[0] = options("/nonexistent/ca.crt").listeners[0];
  bad.listeners[0].listen = "127.0.0.1:0";
  EXPECT_THAT(start_error(bad), HasSubstr("/nonexistent/ca.crt"));
  const auto other = authority_.issue("other", "DNS:x");
  bad.listeners[0] = options().listeners[0];
  bad.listeners[0].listen = "127.0.0.1:0";
  bad.listeners[0].key = other.key;
  EXPECT_THAT(start_error(bad), HasSubstr(other.key));
  bad.listeners[0].cert = "";
  EXPECT_THAT(start_error(bad), HasSubstr("need a `cert`"));
}

}  // namespace
}  // namespace heliograph::http
