// The pool: reuse, bounds, and connections that end under a request.
#include "tests/unit/http/client_fixture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>

namespace heliograph::http {
namespace {

using namespace std::chrono_literals;
using ports::HttpProgress;
using ports::HttpRefusal;
using ports::HttpStatus;
using ports::OutgoingRequest;
using ports::OutgoingResponse;
using testing::ClientTest;
using ::testing::HasSubstr;
using testing::ok;
using testing::RawSocket;
using testing::read_request;
using testing::say;
using testing::say_and_close;
using testing::ScriptedPeer;
using testing::serve_all;
using testing::Signal;
using testing::wait_for_end;

// ---- the pool ----

TEST_F(ClientTest, UsesAConnectionAgain) {
  ScriptedPeer peer({serve_all});
  make();
  for (int i = 1; i <= 5; ++i) {
    const auto answer = exchange(get(peer.url()));
    EXPECT_EQ(answer.body, std::to_string(i));
    EXPECT_EQ(answer.reused, i > 1);
  }
  client_.reset();
}

TEST_F(ClientTest, OpensNoMoreConnectionsThanAllowed) {
  std::atomic<int> at_once{0};
  std::atomic<int> most{0};
  const auto script = [&](RawSocket& connection) {
    while (!read_request(connection).empty()) {
      most = std::max<int>(most, ++at_once);
      --at_once;
      connection.send(ok("x"));
    }
  };
  ScriptedPeer peer({script, script, script});
  ports::HttpPoolOptions options;
  options.connections_max = 3;
  make(options);
  for (int i = 0; i < 100; ++i) start(get(peer.url()), i);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(wait_for(i).status, HttpStatus::kOk);
  EXPECT_LE(peer.accepted(), 3);
  EXPECT_LE(most, 3);
  client_.reset();
}

TEST_F(ClientTest, RefusesWhatTheQueueDoesNotHold) {
  ScriptedPeer peer({serve_all, serve_all});
  ports::HttpPoolOptions options;
  options.connections_max = 2;
  options.queue_max = 3;
  make(options);
  for (int i = 0; i < 5; ++i) start(get(peer.url()), i);
  EXPECT_EQ(refusal(get(peer.url())), HttpRefusal::kBusy);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(wait_for(i).status, HttpStatus::kOk);
  start(get(peer.url()), 9);
  EXPECT_EQ(wait_for(9).status, HttpStatus::kOk);
  client_.reset();
}

TEST_F(ClientTest, RefusesWhatIsMalformedOrLate) {
  make();
  EXPECT_EQ(refusal(get("nonsense")), HttpRefusal::kMalformed);
  EXPECT_EQ(refusal(get("http://x/a\r\nb")), HttpRefusal::kMalformed);
  OutgoingRequest split = get("http://x/");
  split.headers = {{"X", "a\r\nY: b"}};
  EXPECT_EQ(refusal(std::move(split)), HttpRefusal::kMalformed);
  EXPECT_EQ(refusal(get("http://x/", 0ms)), HttpRefusal::kPastDeadline);
  run_ready();
}

TEST_F(ClientTest, ClosesWhereThePeerSaysSo) {
  const auto once = [](const std::string& fields) {
    return [fields](RawSocket& connection) {
      read_request(connection);
      connection.send(ok("x", fields));
      wait_for_end(connection);
    };
  };
  ScriptedPeer peer({once("Connection: close\r\n"), once("Keep-Alive: timeout=1\r\n"),
                     once("Keep-Alive: timeout=30, max=0\r\n"), serve_all});
  make();
  for (int i = 0; i < 4; ++i) {
    const auto answer = exchange(get(peer.url()));
    EXPECT_EQ(answer.status, HttpStatus::kOk);
    EXPECT_FALSE(answer.reused);
  }
  EXPECT_EQ(peer.accepted(), 4);
  client_.reset();
}

TEST_F(ClientTest, ClosesIdleConnections) {
  Signal closed;
  ScriptedPeer peer({[&](RawSocket& connection) {
    serve_all(connection);
    closed.raise();
  }});
  ports::HttpPoolOptions options;
  options.idle_max = 50ms;
  make(options);
  EXPECT_EQ(exchange(get(peer.url())).status, HttpStatus::kOk);
  EXPECT_TRUE(run_until([&] { return closed.is_raised(); }));
}

TEST_F(ClientTest, MakesANewConnectionForWhoAsksForOne) {
  std::string request_text;
  ScriptedPeer peer({serve_all, [&](RawSocket& connection) {
                       request_text = read_request(connection);
                       connection.send(ok("new"));
                       wait_for_end(connection);
                     }});
  make();
  EXPECT_EQ(exchange(get(peer.url())).body, "1");
  OutgoingRequest request = get(peer.url());
  request.no_reuse = true;
  const auto answer = exchange(std::move(request));
  EXPECT_EQ(answer.body, "new");
  EXPECT_FALSE(answer.reused);
  const auto after = exchange(get(peer.url()));
  EXPECT_EQ(after.body, "2");  // on the first one
  EXPECT_THAT(request_text, HasSubstr("Connection: close\r\n"));
  client_.reset();
}

TEST_F(ClientTest, DoesNotUseAConnectionWithUnaskedBytes) {
  ScriptedPeer peer({say(ok("one") + ok("stray")), serve_all});
  make();
  EXPECT_EQ(exchange(get(peer.url())).body, "one");
  const auto next = exchange(get(peer.url()));
  EXPECT_EQ(next.body, "1");
  EXPECT_FALSE(next.reused);
  client_.reset();
}

TEST_F(ClientTest, LetsAnotherOriginIntoAFullPool) {
  ScriptedPeer busy({serve_all, serve_all});
  ScriptedPeer other({serve_all});
  ports::HttpPoolOptions options;
  options.connections_max = 1;
  make(options);
  for (int i = 0; i < 10; ++i) start(get(busy.url()), i);
  start(get(other.url()), 100);
  EXPECT_EQ(wait_for(100).status, HttpStatus::kOk);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(wait_for(i).status, HttpStatus::kOk);
  client_.reset();
}

// ---- connections that end under a request ----

// Serves one request, then closes as soon as the next has come: the peer may have acted on it.
const ScriptedPeer::Script kCloseOnSecond = [](RawSocket& connection) {
  read_request(connection);
  connection.send(ok("first"));
  read_request(connection);
};

TEST_F(ClientTest, ReplacesAConnectionThatHasEndedWhileIdle) {
  Signal closed;
  const auto close_after_one = [&](RawSocket& connection) {
    read_request(connection);
    connection.send(ok("first"));
    connection.close();
    closed.raise();
  };
  ScriptedPeer peer({close_after_one, serve_all});
  make();
  EXPECT_EQ(exchange(get(peer.url())).body, "first");
  ASSERT_TRUE(closed.wait());  // the pool asks the kernel before it writes
  const auto answer = exchange(get(peer.url()));
  EXPECT_EQ(answer.body, "1");
  EXPECT_FALSE(answer.reused);
  EXPECT_FALSE(answer.resent);
  client_.reset();
}

TEST_F(ClientTest, SendsAgainWhatThePeerWouldRecognise) {
  ScriptedPeer peer({kCloseOnSecond, serve_all});
  make();
  EXPECT_EQ(exchange(get(peer.url())).body, "first");
  OutgoingRequest request = get(peer.url());
  request.safe_to_resend = true;
  const auto answer = exchange(std::move(request));
  EXPECT_EQ(answer.status, HttpStatus::kOk);
  EXPECT_EQ(answer.body, "1");
  EXPECT_TRUE(answer.resent);
  EXPECT_FALSE(answer.reused);
  client_.reset();
}

TEST_F(ClientTest, DoesNotSendAgainOtherwise) {
  ScriptedPeer peer({kCloseOnSecond});
  make();
  EXPECT_EQ(exchange(get(peer.url())).body, "first");
  const auto answer = exchange(get(peer.url()));
  EXPECT_EQ(answer.status, HttpStatus::kIo);
  EXPECT_EQ(answer.progress, HttpProgress::kWritten);
  EXPECT_TRUE(answer.reused);
  EXPECT_FALSE(answer.resent);
  EXPECT_EQ(peer.accepted(), 1);
}

TEST_F(ClientTest, DoesNotSendAgainOnceAnAnswerHasBegun) {
  ScriptedPeer peer({[](RawSocket& connection) {
    read_request(connection);
    connection.send(ok("first"));
    read_request(connection);
    connection.send("HTTP/1.1 2");
  }});
  make();
  EXPECT_EQ(exchange(get(peer.url())).body, "first");
  OutgoingRequest request = get(peer.url());
  request.safe_to_resend = true;
  const auto answer = exchange(std::move(request));
  EXPECT_EQ(answer.status, HttpStatus::kIo);
  EXPECT_EQ(answer.progress, HttpProgress::kWritten);
  EXPECT_FALSE(answer.resent);
}

TEST_F(ClientTest, DoesNotSendAgainOnANewConnection) {
  ScriptedPeer peer({say_and_close("")});
  make();
  OutgoingRequest request = get(peer.url());
  request.safe_to_resend = true;
  const auto answer = exchange(std::move(request));
  EXPECT_EQ(answer.status, HttpStatus::kIo);
  EXPECT_EQ(answer.progress, HttpProgress::kWritten);
  EXPECT_FALSE(answer.resent);
}

TEST_F(ClientTest, RemembersTheFirstTryWhenTheSecondFindsNobody) {
  auto listener = std::make_unique<testing::RawListener>();
  const std::string url = "http://" + listener->address() + "/";
  std::thread peer([&] {
    auto connection = listener->accept();
    listener.reset();  // nobody else is let in
    kCloseOnSecond(*connection);
  });
  make();
  EXPECT_EQ(exchange(get(url)).body, "first");
  OutgoingRequest request = get(url);
  request.safe_to_resend = true;
  const auto answer = exchange(std::move(request));
  peer.join();
  EXPECT_EQ(answer.status, HttpStatus::kIo);
  EXPECT_EQ(answer.progress, HttpProgress::kWritten);  // the first may have been acted on
  EXPECT_TRUE(answer.resent);
}

// ---- life ----

TEST_F(ClientTest, AllowsEverythingFromInsideDone) {
  ScriptedPeer peer({serve_all});
  make();
  int left = 50;
  bool destroyed = false;
  std::function<void(OutgoingResponse)> again = [&](OutgoingResponse response) {
    EXPECT_EQ(response.status, HttpStatus::kOk);
    if (--left > 0) {
      ASSERT_TRUE(client_->request(get(peer.url()), again));
    } else {
      client_.reset();
      destroyed = true;
    }
  };
  ASSERT_TRUE(client_->request(get(peer.url()), again));
  EXPECT_TRUE(run_until([&] { return destroyed; }));
  EXPECT_EQ(peer.accepted(), 1);
}

TEST_F(ClientTest, DropsWhatIsOpenWhenItIsDestroyed) {
  Signal received;
  ScriptedPeer peer({[&](RawSocket& connection) {
    read_request(connection);
    received.raise();
    wait_for_end(connection);
  }});
  ports::HttpPoolOptions options;
  options.connections_max = 1;
  make(options);
  auto held = std::make_shared<int>(1);
  bool called = false;
  auto done = [&called, held](OutgoingResponse) { called = true; };
  ASSERT_TRUE(client_->request(get(peer.url()), done));                         // carried
  ASSERT_TRUE(client_->request(get("https://localhost:1/"), std::move(done)));  // waits
  ASSERT_TRUE(run_until([&] { return received.is_raised(); }));
  client_.reset();
  run_ready();
  EXPECT_FALSE(called);
  EXPECT_EQ(held.use_count(), 1);
}

}  // namespace
}  // namespace heliograph::http
