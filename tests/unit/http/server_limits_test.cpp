// Deadlines, limits and stopping: what keeps a server alive among bad clients.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "core/http/server.h"
#include "tests/unit/http/raw_socket.h"
#include "tests/unit/http/test_server.h"

namespace heliograph::http {
namespace {

using namespace std::chrono_literals;
using testing::get;
using testing::kPatience;
using testing::RawSocket;
using testing::TestServer;

// ---- deadlines ----

// Sends a byte every few milliseconds for as long as the server listens; how long that was.
std::chrono::milliseconds trickle(RawSocket& client, const std::string& endless) {
  const auto start = std::chrono::steady_clock::now();
  const auto limit = start + kPatience;
  client.send(endless);
  while (client.read_more(5ms) == RawSocket::ReadEnd::kTimeout) {
    if (std::chrono::steady_clock::now() > limit) break;
    client.send("a");
  }
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() -
                                                               start);
}

TEST(ServerDeadlines, CutATricklingHeaderAtItsTotal) {
  ServerOptions options;
  options.header_timeout = 200ms;
  TestServer server(options);
  RawSocket client = RawSocket::connect(server.address());
  const auto lasted = trickle(client, "GET /hello HTTP/1.1\r\nHost: ");
  const auto answer = client.read_answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 408U);
  EXPECT_TRUE(client.ends());
  EXPECT_GE(lasted, 200ms);
  EXPECT_LT(lasted, kPatience);
}

TEST(ServerDeadlines, CutATricklingBodyAtItsTotal) {
  ServerOptions options;
  options.body_timeout = 200ms;
  TestServer server(options);
  RawSocket client = RawSocket::connect(server.address());
  const auto lasted =
      trickle(client, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n");
  const auto answer = client.read_answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 408U);
  EXPECT_TRUE(client.ends());
  EXPECT_GE(lasted, 200ms);
  EXPECT_LT(lasted, kPatience);
}

TEST(ServerDeadlines, CloseAnIdleConnectionWithoutAWord) {
  ServerOptions options;
  options.idle_timeout = 100ms;
  TestServer server(options);
  RawSocket silent = RawSocket::connect(server.address());
  RawSocket used = RawSocket::connect(server.address());
  used.send(get("/hello"));
  EXPECT_TRUE(used.read_answer());
  EXPECT_TRUE(silent.ends());
  EXPECT_TRUE(used.ends());
}

TEST(ServerDeadlines, CutAClientThatDoesNotRead) {
  ServerOptions options;
  options.write_timeout = 200ms;
  TestServer server(options);
  RawSocket client = RawSocket::connect(server.address());
  client.send(get("/large"));
  const auto gone = [](const ServerStats& stats) {
    return stats.requests == 1 && stats.connections_open == 0;
  };
  EXPECT_TRUE(server.wait_until(gone));
}

TEST(ServerDeadlines, DoNotApplyToTheHandler) {
  ServerOptions options;
  options.header_timeout = options.body_timeout = options.write_timeout = options.idle_timeout =
      40ms;
  TestServer server(options);
  RawSocket client = RawSocket::connect(server.address());
  client.send(get("/wait"));
  ASSERT_TRUE(server.gate().wait_for_waiting(1));
  // Another connection is closed for idling meanwhile, so several sweeps have passed.
  EXPECT_TRUE(RawSocket::connect(server.address()).ends());
  for (auto& done : server.gate().take()) done(7);
  const auto answer = client.read_answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, "7");
}

// ---- limits ----

TEST(ServerLimits, BoundTheLargeRequestsUnderWay) {
  ServerOptions options;
  options.large_requests_max = 1;
  options.decorate = [](const Request& request, Response& response) {
    response.headers.emplace_back("X-Own", request.path);
  };
  TestServer server(options);
  const std::string large(70'000, 'x');
  const std::string head = "POST /batch HTTP/1.1\r\nHost: a\r\nContent-Length: 70000\r\n";
  RawSocket first = RawSocket::connect(server.address());
  first.send(head + "Expect: 100-continue\r\n\r\n");
  ASSERT_EQ(first.read_more(), RawSocket::ReadEnd::kData)
      << "it is told to go on: it has its place";
  first.buffer().clear();

  RawSocket second = RawSocket::connect(server.address());
  second.send(head + "\r\n");
  const auto refused = second.read_answer();
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 503U);
  EXPECT_EQ(refused->header("retry-after"), "1");
  EXPECT_EQ(refused->header("x-own"), "/batch") << "the server's own answers are completed";
  RawSocket small = RawSocket::connect(server.address());
  small.send(get("/hello"));
  EXPECT_TRUE(small.read_answer());
  // It is the request that is large, not its route.
  RawSocket usual = RawSocket::connect(server.address());
  usual.send("POST /batch HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
  const auto taken = usual.read_answer();
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->body, "5");

  first.send(large);
  const auto answer = first.read_answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, "70000");
  RawSocket third = RawSocket::connect(server.address());
  third.send(head + "\r\n" + large);
  const auto again = third.read_answer();
  ASSERT_TRUE(again);
  EXPECT_EQ(again->status, 200U);
}

TEST(ServerLimits, RefuseConnectionsBeyondTheTotal) {
  ServerOptions options;
  options.max_connections = 2;
  TestServer server(options);
  RawSocket first = RawSocket::connect(server.address());
  auto second = std::make_unique<RawSocket>(RawSocket::connect(server.address()));
  ASSERT_TRUE(server.wait_until([](const auto& stats) { return stats.connections_open == 2; }));
  RawSocket third = RawSocket::connect(server.address());
  const auto refused = third.read_answer();
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 503U);
  EXPECT_EQ(refused->header("retry-after"), "1");
  EXPECT_TRUE(third.ends());
  EXPECT_EQ(server.server().stats().connections_refused, 1U);

  second.reset();
  ASSERT_TRUE(server.wait_until([](const auto& stats) { return stats.connections_open == 1; }));
  RawSocket fourth = RawSocket::connect(server.address());
  fourth.send(get("/hello"));
  EXPECT_TRUE(fourth.read_answer());
}

TEST(ServerLimits, RefuseConnectionsOfOneAddressOnly) {
  ServerOptions options;
  options.max_connections_per_address = 1;
  TestServer server(options);
  RawSocket first = RawSocket::connect(server.address(), "127.0.0.2");
  first.send(get("/hello"));
  ASSERT_TRUE(first.read_answer());
  RawSocket same = RawSocket::connect(server.address(), "127.0.0.2");
  const auto refused = same.read_answer();
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 503U);
  RawSocket other = RawSocket::connect(server.address(), "127.0.0.3");
  other.send(get("/hello"));
  EXPECT_TRUE(other.read_answer());
}

// Takes every descriptor below a lowered limit.
class DescriptorFamine {
 public:
  DescriptorFamine() {
    getrlimit(RLIMIT_NOFILE, &before_);
    rlimit lowered = before_;
    lowered.rlim_cur = 256;
    setrlimit(RLIMIT_NOFILE, &lowered);
    int descriptor = -1;
    while ((descriptor = ::open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0) {
      taken_.push_back(descriptor);
    }
  }
  ~DescriptorFamine() {
    end();
    setrlimit(RLIMIT_NOFILE, &before_);
  }
  void give_back_one() {
    ::close(taken_.back());
    taken_.pop_back();
  }
  void end() {
    for (const int descriptor : taken_) ::close(descriptor);
    taken_.clear();
  }

 private:
  rlimit before_{};
  std::vector<int> taken_;
};

TEST(ServerLimits, SurviveTheLackOfDescriptors) {
  TestServer server;
  {
    // Its threads must have what they need before there is no more to be had.
    RawSocket first = RawSocket::connect(server.address());
    first.send(get("/hello"));
    ASSERT_TRUE(first.read_answer());
  }
  ASSERT_TRUE(server.wait_until([](const auto& stats) { return stats.connections_open == 0; }));
  DescriptorFamine famine;
  famine.give_back_one();  // for our own end of it
  RawSocket shed = RawSocket::connect(server.address());
  EXPECT_TRUE(shed.ends());
  EXPECT_GE(server.server().stats().connections_refused, 1U);
  famine.end();
  RawSocket client = RawSocket::connect(server.address());
  client.send(get("/hello"));
  EXPECT_TRUE(client.read_answer());
}

// ---- stopping ----

TEST(ServerStop, AnswersWhatIsUnderWayAndClosesWhatIsIdle) {
  TestServer server;
  RawSocket idle = RawSocket::connect(server.address());
  idle.send(get("/hello"));
  ASSERT_TRUE(idle.read_answer());
  RawSocket busy = RawSocket::connect(server.address());
  busy.send(get("/wait"));
  ASSERT_TRUE(server.gate().wait_for_waiting(1));
  RawSocket reading = RawSocket::connect(server.address());
  reading.send("GET /hello HTTP/1.1\r\n");
  ASSERT_TRUE(server.wait_until([](const auto& stats) { return stats.connections_open == 3; }));

  std::thread stopper([&] { server.server().stop(kPatience); });
  EXPECT_TRUE(idle.ends());
  reading.send("Host: x\r\n\r\n");
  const auto late = reading.read_answer();
  for (auto& done : server.gate().take()) done(1);
  const auto answer = busy.read_answer();
  stopper.join();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, "1");
  EXPECT_EQ(answer->header("connection"), "close");
  EXPECT_TRUE(busy.ends());
  if (late) {
    EXPECT_EQ(late->header("connection"), "close");
  }
  EXPECT_THROW(RawSocket::connect(server.address()), std::runtime_error);
}

TEST(ServerStop, CutsWhatIsLateAndOutlivesItsHandlers) {
  TestServer server;
  RawSocket stuck = RawSocket::connect(server.address());
  stuck.send(get("/wait"));
  ASSERT_TRUE(server.gate().wait_for_waiting(1));
  server.server().stop(20ms);
  EXPECT_TRUE(stuck.ends());
  server.gate().take();  // what the handler awaits is given up after the stop, as a store does
}

TEST(ServerStop, AnswersWhatIsDroppedWith503) {
  TestServer server;
  RawSocket client = RawSocket::connect(server.address());
  client.send(get("/wait"));
  ASSERT_TRUE(server.gate().wait_for_waiting(1));
  server.gate().take();
  const auto answer = client.read_answer();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 503U);
  EXPECT_EQ(answer->header("retry-after"), "1");
  EXPECT_TRUE(server.log().empty());
}

TEST(ServerStop, IsHarmlessTwiceAndBeforeTheStart) {
  ServerOptions options;
  options.listeners.emplace_back();
  options.listeners[0].listen = "127.0.0.1:0";
  Server never_started(options, Router());
  never_started.stop(10ms);
  TestServer server;
  server.server().stop(10ms);
  server.server().stop(10ms);
}

}  // namespace
}  // namespace heliograph::http
