// How far a request got, which decides whether a message may be sent again.
#include "tests/unit/http/client_fixture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

namespace heliograph::http {
namespace {

using namespace std::chrono_literals;
using ports::HttpProgress;
using ports::HttpStatus;
using ports::OutgoingRequest;
using testing::ClientTest;
using ::testing::HasSubstr;
using testing::kPatience;
using testing::RawSocket;
using testing::read_request;
using testing::say;
using testing::say_and_close;
using testing::ScriptedPeer;
using testing::Signal;
using testing::wait_for_end;

// ---- how far a request got ----

struct Mishap {
  std::string name;
  ScriptedPeer::Script script;
  HttpStatus status;
  HttpProgress progress;
  unsigned code;
  friend std::ostream& operator<<(std::ostream& out, const Mishap& m) { return out << m.name; }
};

const std::string kChunkedHead = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

const std::vector<Mishap>& mishaps() {
  constexpr auto kIo = HttpStatus::kIo;
  constexpr auto kNotHttp = HttpStatus::kNotHttp;
  constexpr auto kWritten = HttpProgress::kWritten;
  constexpr auto kHead = HttpProgress::kHead;
  static const std::vector<Mishap> all = {
      {"closes_after_reading", say_and_close(""), kIo, kWritten, 0},
      {"resets_after_reading",
       [](RawSocket& connection) {
         read_request(connection);
         connection.reset();
       },
       kIo, kWritten, 0},
      {"partial_status_line", say_and_close("HTTP/1.1 20"), kIo, kWritten, 0},
      {"partial_head", say_and_close("HTTP/1.1 200 OK\r\nContent-Le"), kIo, kWritten, 0},
      {"interim_only", say_and_close("HTTP/1.1 100 Continue\r\n\r\n"), kIo, kWritten, 0},
      {"partial_body", say_and_close("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n12"), kIo, kHead,
       200},
      {"partial_chunk", say_and_close(kChunkedHead + "5\r\n12"), kIo, kHead, 200},
      {"missing_last_chunk", say_and_close(kChunkedHead + "2\r\n12\r\n"), kIo, kHead, 200},
      {"no_http", say("SSH-2.0-OpenSSH_9.2\r\n\r\n"), kNotHttp, kWritten, 0},
      {"http_2", say("HTTP/2.0 200 OK\r\n\r\n"), kNotHttp, kWritten, 0},
      {"switches_protocols", say("HTTP/1.1 101 Switching Protocols\r\n\r\n"), kNotHttp, kWritten,
       0},
      {"status_beyond", say("HTTP/1.1 700 What\r\n\r\n"), kNotHttp, kWritten, 0},
      {"two_lengths", say("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n1"),
       kNotHttp, kWritten, 0},
      {"length_list", say("HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\n1"), kNotHttp, kWritten,
       0},
      {"unknown_encoding", say("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n1"), kNotHttp,
       kWritten, 0},
      {"chunked_on_1_0", say("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
       kNotHttp, kWritten, 0},
      {"endless_head", say("HTTP/1.1 200 OK\r\nX: " + std::string(20'000, 'x')), kNotHttp, kWritten,
       0},
      {"many_interims", say([] {
         std::string text;
         for (int i = 0; i < 9; ++i) text += "HTTP/1.1 100 Continue\r\n\r\n";
         return text;
       }()),
       kNotHttp, kWritten, 0},
      {"bad_chunk", say(kChunkedHead + "zz\r\n\r\n"), kNotHttp, kHead, 200},
  };
  return all;
}

class Mishaps : public ClientTest, public ::testing::WithParamInterface<Mishap> {};

TEST_P(Mishaps, TellHowFarTheRequestGot) {
  ScriptedPeer peer({GetParam().script});
  make();
  const auto answer = exchange(get(peer.url()));
  client_.reset();
  EXPECT_EQ(answer.status, GetParam().status) << answer.detail;
  EXPECT_EQ(answer.progress, GetParam().progress) << answer.detail;
  EXPECT_EQ(answer.code, GetParam().code);
  EXPECT_THAT(answer.detail, HasSubstr("127.0.0.1:"));
  EXPECT_FALSE(answer.resent);
  EXPECT_EQ(peer.accepted(), 1);
}

std::string mishap_name(const ::testing::TestParamInfo<Mishap>& info) { return info.param.name; }
INSTANTIATE_TEST_SUITE_P(All, Mishaps, ::testing::ValuesIn(mishaps()), mishap_name);

TEST_F(ClientTest, SaysThatARefusedConnectionCarriedNothing) {
  std::string url;
  {
    const testing::RawListener gone;
    url = "http://" + gone.address() + "/";
  }
  make();
  const auto answer = exchange(get(url));
  EXPECT_EQ(answer.status, HttpStatus::kIo);
  EXPECT_EQ(answer.progress, HttpProgress::kNotConnected);
  EXPECT_THAT(answer.detail, HasSubstr("connect 127.0.0.1:"));
  EXPECT_THAT(answer.detail, HasSubstr("refused"));
}

TEST_F(ClientTest, SaysThatAnUnknownNameCarriedNothing) {
  make();
  const auto answer = exchange(get("http://nobody.invalid/"));
  EXPECT_EQ(answer.status, HttpStatus::kIo);
  EXPECT_EQ(answer.progress, HttpProgress::kNotConnected);
  EXPECT_THAT(answer.detail, HasSubstr("nobody.invalid:80"));
}

TEST_F(ClientTest, FailsEveryRequestThatWaitsForARefusedConnection) {
  std::string url;
  {
    const testing::RawListener gone;
    url = "http://" + gone.address() + "/";
  }
  ports::HttpPoolOptions options;
  options.connections_max = 2;
  make(options);
  for (int i = 0; i < 20; ++i) start(get(url), i);
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(wait_for(i).progress, HttpProgress::kNotConnected);
  }
}

TEST_F(ClientTest, SaysWhatIsPossibleWhenTheRequestIsOnlyPartlyWritten) {
  // The peer reads nothing and closes: the kernel took a part, never the last byte.
  ScriptedPeer peer({[](RawSocket& connection) {
    connection.read_more();
    connection.reset();
  }});
  make();
  OutgoingRequest request = get(peer.url());
  request.method = "POST";
  request.body.assign(64 << 20, 'x');
  const auto answer = exchange(std::move(request));
  EXPECT_EQ(answer.status, HttpStatus::kIo);
  EXPECT_EQ(answer.progress, HttpProgress::kNotWritten);
}

// ---- deadlines and cancelling ----

TEST_F(ClientTest, KeepsTheTotalDeadlineAgainstASlowPeer) {
  Signal over;
  ScriptedPeer peer({[&](RawSocket& connection) {
    read_request(connection);
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
    while (connection.send("x") && connection.read_more(5ms) == RawSocket::ReadEnd::kTimeout) {
    }
    over.raise();
  }});
  make();
  const auto before = std::chrono::steady_clock::now();
  const auto answer = exchange(get(peer.url(), 150ms));
  const auto lasted = std::chrono::steady_clock::now() - before;
  EXPECT_EQ(answer.status, HttpStatus::kDeadline);
  EXPECT_EQ(answer.progress, HttpProgress::kHead);
  EXPECT_EQ(answer.code, 200U);
  EXPECT_GE(lasted, 150ms);
  EXPECT_LT(lasted, kPatience);
  EXPECT_TRUE(over.wait());  // the connection was closed
}

TEST_F(ClientTest, TellsTheProgressAtTheDeadline) {
  ScriptedPeer peer({say("")});
  make();
  const auto answer = exchange(get(peer.url(), 100ms));
  client_.reset();
  EXPECT_EQ(answer.status, HttpStatus::kDeadline);
  EXPECT_EQ(answer.progress, HttpProgress::kWritten);
}

TEST_F(ClientTest, KeepsTheDeadlineOfARequestThatWaits) {
  ScriptedPeer peer({say("")});
  ports::HttpPoolOptions options;
  options.connections_max = 1;
  make(options);
  start(get(peer.url()), 1);
  start(get(peer.url(), 50ms), 2);
  const auto waiting = wait_for(2);
  EXPECT_EQ(waiting.status, HttpStatus::kDeadline);
  EXPECT_EQ(waiting.progress, HttpProgress::kNotConnected);
  EXPECT_EQ(waiting.wait, waiting.total);
  EXPECT_TRUE(answers_.empty());
  client_.reset();
}

TEST_F(ClientTest, KeepsTheConnectTimeout) {
  testing::RawListener crowded(0);
  const auto crowd = crowded.fill_backlog();
  ports::HttpPoolOptions options;
  options.connect_timeout = 100ms;
  make(options);
  const auto answer = exchange(get("http://" + crowded.address() + "/"));
  EXPECT_EQ(answer.status, HttpStatus::kIo);
  EXPECT_EQ(answer.progress, HttpProgress::kNotConnected);
  EXPECT_EQ(answer.detail, "connect " + crowded.address() + ": timed out");
}

TEST_F(ClientTest, CancelsWhatWaitsAndWhatIsUnderWay) {
  Signal received;
  ScriptedPeer peer({[&](RawSocket& connection) {
    read_request(connection);
    received.raise();
    wait_for_end(connection);
  }});
  ports::HttpPoolOptions options;
  options.connections_max = 1;
  make(options);
  const auto carried = start(get(peer.url()), 1);
  const auto waiting = start(get(peer.url()), 2);
  ASSERT_TRUE(run_until([&] { return received.is_raised(); }));
  client_->cancel(waiting);
  EXPECT_TRUE(answers_.empty());  // never from inside
  EXPECT_EQ(wait_for(2).progress, HttpProgress::kNotConnected);
  client_->cancel(carried);
  client_->cancel(carried);
  const auto answer = wait_for(1);
  EXPECT_EQ(answer.status, HttpStatus::kCancelled);
  EXPECT_EQ(answer.progress, HttpProgress::kWritten);
  client_->cancel(carried);
  client_->cancel(0);
  client_->cancel(12345);
  run_ready();
  EXPECT_TRUE(answers_.empty());
}

}  // namespace
}  // namespace heliograph::http
