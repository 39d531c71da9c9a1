// The outgoing client of URLs that others choose: it connects to what its rules allow, or not at
// all.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "tests/unit/http/client_fixture.h"

namespace heliograph::http {
namespace {

using ports::HttpProgress;
using ports::HttpStatus;
using testing::ClientTest;
using ::testing::HasSubstr;
using testing::ScriptedPeer;
using testing::serve_all;

class GuardedClient : public ClientTest {
 protected:
  void make_guarded(std::vector<std::string> allowed) {
    ports::HttpPoolOptions options;
    options.addresses = {.public_only = true, .allow_cidrs = std::move(allowed)};
    make(options);
  }
  static std::string by_name(const ScriptedPeer& peer) {
    const std::string url = peer.url();
    return "http://localhost" + url.substr(url.rfind(':'));
  }
};

TEST_F(GuardedClient, ALiteralAddressIsRefusedBeforeAnythingIsSent) {
  ScriptedPeer peer({});
  make_guarded({});
  const auto answer = exchange(get(peer.url()));
  EXPECT_EQ(answer.status, HttpStatus::kIo);
  EXPECT_EQ(answer.progress, HttpProgress::kNotConnected);
  EXPECT_THAT(answer.detail, HasSubstr("the address 127.0.0.1 is not allowed: loopback"));
  EXPECT_EQ(peer.accepted(), 0);
}

TEST_F(GuardedClient, ANameIsJudgedByWhatItResolvesTo) {
  ScriptedPeer peer({});
  make_guarded({});
  const auto answer = exchange(get(by_name(peer)));
  EXPECT_EQ(answer.progress, HttpProgress::kNotConnected);
  EXPECT_THAT(answer.detail, HasSubstr("connect localhost:"));
  EXPECT_THAT(answer.detail, HasSubstr("is not allowed: loopback"));
  EXPECT_EQ(peer.accepted(), 0);
}

// getaddrinfo() reads these as addresses; what they mean is checked, not how they are written.
TEST_F(GuardedClient, OddSpellingsOfAnAddressAreSeenThrough) {
  make_guarded({});
  for (const char* host : {"2130706433", "0x7f000001", "127.1", "017700000001"}) {
    const auto answer = exchange(get(std::string("http://") + host + "/"));
    EXPECT_EQ(answer.progress, HttpProgress::kNotConnected) << host;
    EXPECT_THAT(answer.detail, HasSubstr("is not allowed: loopback")) << host;
  }
}

TEST_F(GuardedClient, AllowedNetworksAreReached) {
  ScriptedPeer peer({serve_all, serve_all});
  make_guarded({"127.0.0.0/8", "::1"});
  EXPECT_EQ(exchange(get(peer.url())).code, 200u);
  EXPECT_EQ(exchange(get(by_name(peer))).code, 200u);
  client_.reset();
}

TEST_F(GuardedClient, ANameThatDoesNotExistFailsTheRequestAlone) {
  make_guarded({});
  const auto answer = exchange(get("http://no-such-host.invalid/"));
  EXPECT_EQ(answer.status, HttpStatus::kIo);
  EXPECT_EQ(answer.progress, HttpProgress::kNotConnected);
}

TEST_F(GuardedClient, ALookupThatIsUnderWayHoldsUpNoEnd) {
  make_guarded({});
  start(get("http://no-such-host.invalid/"));
  run_ready();
  const std::size_t told = answers_.size();  // the look-up may be over already
  client_.reset();
  run_ready();
  EXPECT_EQ(answers_.size(), told);
}

TEST_F(GuardedClient, AWrongRuleIsAnErrorAtOnce) {
  EXPECT_THROW(make_guarded({"localhost"}), std::runtime_error);
}

}  // namespace
}  // namespace heliograph::http
