// begin_by: what could not begin in time is never written, and the connection made for it is kept.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>

#include "tests/unit/http/client_fixture.h"

namespace heliograph::http {
namespace {

using namespace std::chrono_literals;
using ports::HttpProgress;
using ports::HttpStatus;
using ports::OutgoingRequest;
using ports::OutgoingResponse;
using testing::ok;
using testing::RawSocket;
using testing::read_request;
using testing::ScriptedPeer;
using testing::serve_all;
using testing::Signal;

class BeginByTest : public testing::ClientTest {
 protected:
  // A limit that is over once a connection is there, however fast.
  OutgoingRequest too_late(const std::string& url) {
    OutgoingRequest request = get(url);
    request.begin_by = clock_.mono();
    return request;
  }
  OutgoingRequest in_time(const std::string& url) {
    OutgoingRequest request = get(url);
    request.begin_by = request.deadline;
    return request;
  }
  static void expect_missed(const OutgoingResponse& response) {
    EXPECT_EQ(response.status, HttpStatus::kDeadline);
    EXPECT_LT(response.progress, HttpProgress::kWritten);
    EXPECT_TRUE(response.begin_missed);
  }
};

TEST_F(BeginByTest, AColdConnectionThatIsLateIsKeptForTheRepeat) {
  ScriptedPeer peer({serve_all});
  make();
  expect_missed(exchange(too_late(peer.url())));
  const auto repeat = exchange(in_time(peer.url()));
  EXPECT_EQ(repeat.status, HttpStatus::kOk);
  EXPECT_FALSE(repeat.begin_missed);
  EXPECT_EQ(repeat.body, "1") << "the peer has seen the first one too";
  EXPECT_EQ(peer.accepted(), 1);
  client_.reset();
}

TEST_F(BeginByTest, ABurstMeetsAsManyWarmConnectionsTheSecondTime) {
  ScriptedPeer peer({serve_all, serve_all, serve_all, serve_all});
  ports::HttpPoolOptions options;
  options.connections_max = 4;
  make(options);
  for (int i = 0; i < 4; ++i) start(too_late(peer.url()), i);
  for (int i = 0; i < 4; ++i) expect_missed(wait_for(i));
  for (int i = 0; i < 4; ++i) start(in_time(peer.url()), i);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(wait_for(i).body, "1");
  EXPECT_EQ(peer.accepted(), 4);
  client_.reset();
}

TEST_F(BeginByTest, LateOnAWarmConnectionIsNotWrittenEither) {
  ScriptedPeer peer({serve_all});
  make();
  EXPECT_EQ(exchange(get(peer.url())).body, "1");
  expect_missed(exchange(too_late(peer.url())));
  EXPECT_EQ(exchange(in_time(peer.url())).body, "2");
  client_.reset();
}

TEST_F(BeginByTest, BehindAFullPoolOnlyTheLateOneEnds) {
  Signal answer;
  ScriptedPeer peer({[&](RawSocket& connection) {
    read_request(connection);
    EXPECT_TRUE(answer.wait());
    connection.send(ok("first"));
    serve_all(connection);
  }});
  ports::HttpPoolOptions options;
  options.connections_max = 1;
  make(options);
  start(get(peer.url()), 0);
  start(too_late(peer.url()), 1);
  start(get(peer.url()), 2);
  start(too_late(peer.url()), 3);
  start(in_time(peer.url()), 4);
  answer.raise();
  EXPECT_EQ(wait_for(0).body, "first");
  expect_missed(wait_for(1));
  EXPECT_EQ(wait_for(2).body, "1");
  expect_missed(wait_for(3));
  EXPECT_EQ(wait_for(4).body, "2");
  client_.reset();
}

// The peer may have acted on the first try, so this is no miss: the outcome is in doubt.
TEST_F(BeginByTest, AResendIsNotWrittenLate) {
  std::string second;
  const auto close_late = [this](RawSocket& connection) {
    read_request(connection);
    connection.send(ok("first"));
    read_request(connection);
    clock_.leap(2h);
  };
  {
    ScriptedPeer peer(
        {close_late, [&](RawSocket& connection) { second = read_request(connection); }});
    make();
    EXPECT_EQ(exchange(get(peer.url())).body, "first");
    OutgoingRequest request = get(peer.url(), 24h);
    request.safe_to_resend = true;
    request.begin_by = clock_.mono() + 1h;
    const auto answer = exchange(std::move(request));
    EXPECT_EQ(answer.status, HttpStatus::kDeadline);
    EXPECT_EQ(answer.progress, HttpProgress::kWritten);
    EXPECT_FALSE(answer.begin_missed);
    client_.reset();
  }
  EXPECT_EQ(second, "");
}

TEST_F(BeginByTest, AKeptConnectionThatEndsUnderItsFirstRequestIsReplaced) {
  ScriptedPeer peer({[](RawSocket& connection) { read_request(connection); }, serve_all});
  make();
  expect_missed(exchange(too_late(peer.url())));
  OutgoingRequest request = in_time(peer.url());
  request.safe_to_resend = true;
  const auto answer = exchange(std::move(request));
  EXPECT_EQ(answer.body, "1");
  EXPECT_TRUE(answer.resent);
  client_.reset();
}

TEST_F(BeginByTest, WhoWantsANewConnectionTakesTheOneThatWasKept) {
  ScriptedPeer peer({serve_all});
  make();
  OutgoingRequest late = too_late(peer.url());
  late.no_reuse = true;
  expect_missed(exchange(std::move(late)));
  OutgoingRequest repeat = in_time(peer.url());
  repeat.no_reuse = true;
  EXPECT_EQ(exchange(std::move(repeat)).body, "1");
  EXPECT_EQ(peer.accepted(), 1);
  client_.reset();
}

}  // namespace
}  // namespace heliograph::http
