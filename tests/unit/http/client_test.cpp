// The outgoing client against peers that fail in every way: what it says of how far a request got
// decides whether a message may be sent again.
#include "core/http/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "tests/unit/http/certificates.h"
#include "tests/unit/http/scripted_peer.h"
#include "tests/unit/http/test_server.h"

namespace heliograph::http {
namespace {

using namespace std::chrono_literals;
using ports::HttpProgress;
using ports::HttpRefusal;
using ports::HttpStatus;
using ports::OutgoingRequest;
using ports::OutgoingResponse;
using ::testing::HasSubstr;
using testing::kPatience;
using testing::ok;
using testing::RawSocket;
using testing::read_request;
using testing::ScriptedPeer;
using testing::serve_all;
using testing::wait_for_end;

class RealClock final : public ports::Clock {
 public:
  ports::MonoTime mono() const override {
    return ports::MonoTime(std::chrono::steady_clock::now().time_since_epoch());
  }
  model::TimePoint wall() const override { return real_wall(); }
  model::TimePoint real_wall() const override {
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  }
};

// A flag that one thread raises and another waits for.
class Signal {
 public:
  void raise() {
    const std::lock_guard lock(mutex_);
    raised_ = true;
    changed_.notify_all();
  }
  bool is_raised() {
    const std::lock_guard lock(mutex_);
    return raised_;
  }
  bool wait() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, [this] { return raised_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool raised_ = false;
};

class ClientTest : public ::testing::Test {
 protected:
  void make(ports::HttpPoolOptions options = {}) {
    // The system's authorities take a tenth of a second to read.
    static const testing::Authority nobody("nobody");
    if (options.ca_file.empty()) options.ca_file = nobody.ca_file();
    client_ = factory_->make(options);
  }

  OutgoingRequest get(const std::string& url, std::chrono::milliseconds within = kPatience) {
    OutgoingRequest request;
    request.method = "GET";
    request.url = url;
    request.deadline = clock_.mono() + within;
    return request;
  }

  ports::HttpClient::Id start(OutgoingRequest request, int tag = 0) {
    auto done = [this, tag](OutgoingResponse response) {
      EXPECT_FALSE(inside_request_);
      EXPECT_FALSE(answers_.contains(tag));
      answers_[tag] = std::move(response);
    };
    inside_request_ = true;
    auto id = client_->request(std::move(request), done);
    inside_request_ = false;
    EXPECT_TRUE(id) << "refused: " << static_cast<int>(id.error());
    return id.value_or(0);
  }

  // Runs the loop until that answer is there.
  OutgoingResponse wait_for(int tag = 0) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience + 2s;
    while (!answers_.contains(tag) && std::chrono::steady_clock::now() < deadline) {
      loop_.restart();
      loop_.run_one_for(100ms);
    }
    EXPECT_TRUE(answers_.contains(tag)) << "no answer " << tag;
    OutgoingResponse response = std::move(answers_[tag]);
    answers_.erase(tag);
    return response;
  }

  OutgoingResponse exchange(OutgoingRequest request) {
    start(std::move(request));
    return wait_for();
  }

  // Runs what is ready now.
  void run_ready() {
    loop_.restart();
    loop_.poll();
  }

  bool run_until(const std::function<bool()>& holds) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (!holds() && std::chrono::steady_clock::now() < deadline) {
      loop_.restart();
      loop_.run_one_for(10ms);
    }
    return holds();
  }

  HttpRefusal refusal(OutgoingRequest request) {
    const auto id = client_->request(std::move(request), [](OutgoingResponse) { FAIL(); });
    EXPECT_FALSE(id);
    return id ? HttpRefusal::kStopped : id.error();
  }

  RealClock clock_;
  boost::asio::io_context loop_;
  std::unique_ptr<ports::HttpClientFactory> factory_ = make_http_client_factory(loop_, clock_);
  std::unique_ptr<ports::HttpClient> client_;
  std::map<int, OutgoingResponse> answers_;
  bool inside_request_ = false;
};

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

// ---- how far a request got ----

struct Mishap {
  std::string name;
  ScriptedPeer::Script script;
  HttpStatus status;
  HttpProgress progress;
  unsigned code;
  friend std::ostream& operator<<(std::ostream& out, const Mishap& m) { return out << m.name; }
};

// Answers with `bytes` and then does nothing until the client has gone.
ScriptedPeer::Script say(const std::string& bytes) {
  return [bytes](RawSocket& connection) {
    read_request(connection);
    connection.send(bytes);
    wait_for_end(connection);
  };
}

// Answers with `bytes` and ends the connection.
ScriptedPeer::Script say_and_close(const std::string& bytes) {
  return [bytes](RawSocket& connection) {
    read_request(connection);
    connection.send(bytes);
  };
}

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
