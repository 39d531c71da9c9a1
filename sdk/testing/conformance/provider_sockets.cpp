// Cases of providers with sockets of their own: those whose configuration has `host` and `port`.
// What depends on the protocol is asked of those that speak SMTP.
#include "provider_bench.hpp"
#include "sample_config.hpp"
#include "socket_peer.hpp"

namespace heliograph::sdk::conformance {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Sending = ProviderBench::Sending;

constexpr std::initializer_list<std::uint32_t> kUnsent{HG_RETRY, HG_THROTTLED, HG_REFUSED};
constexpr std::initializer_list<std::uint32_t> kNotSent{HG_RETRY, HG_THROTTLED, HG_REFUSED,
                                                        HG_UNKNOWN};

// The subject with its peer at that port, in plain text where it may.
Subject towards(const Subject& subject, std::uint16_t port) {
  const Value schema = Value::parse(subject.check.schema());
  if (schema.at_path("properties.host") == nullptr ||
      schema.at_path("properties.port") == nullptr) {
    skip("its configuration has no host and port of a peer");
  }
  Value config = with(subject.config, "host", Value("127.0.0.1"));
  config = with(config, "port", Value(std::int64_t{port}));
  if (schema.at_path("properties.tls.enum") != nullptr) {
    for (const auto& [index, name] : schema.at_path("properties.tls.enum")->children()) {
      if (name.text() == "none") config = with(config, "tls", name);
    }
  }
  return {subject.component, config, subject.seed, subject.check};
}

// The end of a send in real time, for sockets are real; then in virtual time, for timers are not.
SendRecord await(ProviderBench& provider, const Sending& sending, const std::string& after) {
  FakeHost& host = provider.host();
  host.run_until([&] { return provider.result(sending).has_value(); }, milliseconds{1500});
  for (int i = 0; i < 300 && !provider.result(sending); ++i) {
    host.advance(seconds{1});
    host.run_until([&] { return provider.result(sending).has_value(); }, milliseconds{5});
  }
  const auto ended = provider.result(sending);
  if (!ended) fail("an accepted send was never completed; " + after);
  return *ended;
}

void judge_peer(const Subject& subject, const SocketPeer& peer, const Expectation& expected,
                bool mail_only) {
  const Subject there = towards(subject, peer.port());
  ProviderBench provider(there);
  const Sending sending = provider.send();
  const SendRecord result = await(provider, sending, expected.peer);
  if (mail_only && !peer.greeted()) skip("it does not speak SMTP");
  ProviderBench::judge(expected, result);
  provider.finish_quietly();
}

void check_unreachable(Subject& subject) {
  const Subject there = towards(subject, SocketPeer::deaf_port());
  ProviderBench provider(there);
  for (int i = 0; i < 3; ++i) {
    const SendRecord result = await(provider, provider.send(), "nobody listens");
    ProviderBench::judge(
        {"nobody listens at the peer's address", {}, kUnsent, "the peer cannot have acted on it"},
        result);
  }
  provider.finish();
}

void check_odd_peers(Subject& subject) {
  using namespace std::string_literals;
  const std::vector<std::pair<std::string, PeerStep>> peers{
      {"the peer closes each connection at once", {"", "", true}},
      {"the peer says nothing", {"", "", false}},
      {"the peer talks rubbish and closes", {"", "\0\xff\xfe\r\n\r\n\x16\x03"s, true}},
      {"the peer talks without end", {"", std::string(200'000, 'x'), false}},
      {"the peer speaks HTTP", {"", "HTTP/1.1 400 Bad Request\r\n\r\n", true}}};
  for (const auto& [what, odd] : peers) {
    subject.check.step(what);
    const SocketPeer peer(odd);
    judge_peer(subject, peer, {what, {}, kNotSent, "nobody took it"}, false);
  }
}

void check_mail(Subject& subject) {
  const auto meets = [&](const std::string& what, PeerStep odd,
                         std::initializer_list<std::uint32_t> allowed, const std::string& why) {
    subject.check.step(what);
    const SocketPeer peer(std::move(odd));
    judge_peer(subject, peer, {what, {}, allowed, why}, true);
  };
  const std::string unsent = "the mail was not taken";
  meets("the server takes the mail", {"no such line"}, {HG_SENT}, "the server took it");
  meets("421 to EHLO", {"EHLO", "421 4.3.2 closing\r\n", true}, kUnsent, unsent);
  meets("451 to MAIL", {"MAIL", "451 4.3.0 later\r\n"}, kUnsent, unsent);
  meets("closed at RCPT", {"RCPT", "", true}, kUnsent, unsent);
  meets("550 to RCPT", {"RCPT", "550 5.1.1 no such user\r\n"}, {HG_REJECTED, HG_REFUSED}, unsent);
  meets("452 to DATA", {"DATA", "452 4.3.1 full\r\n"}, kUnsent, unsent);
  meets("closed at DATA", {"DATA", "", true}, kUnsent, unsent);
  meets("closed after the content, without a reply", {".", "", true}, {HG_UNKNOWN},
        "the server may have taken it");
  meets("silence after the content", {".", "", false}, {HG_UNKNOWN},
        "the server may have taken it");
  meets("rubbish after the content", {".", "what?\r\n", true}, {HG_UNKNOWN},
        "the server may have taken it");
  meets("451 after the content", {".", "451 4.3.0 later\r\n"}, kUnsent, unsent);
  meets("554 after the content", {".", "554 5.6.0 no\r\n"}, {HG_REJECTED, HG_REFUSED}, unsent);
}

void check_stop_with_sockets(Subject& subject) {
  const SocketPeer peer({"", "", false});
  const Subject there = towards(subject, peer.port());
  ProviderBench provider(there);
  std::vector<Sending> all;
  for (int i = 0; i < 20; ++i) {
    const MessageSpec message = provider.message();
    const auto sent = provider.driver().send(message);
    if (sent.accepted) all.push_back({sent.op, message});
    if (sent.accepted && i % 3 == 0) provider.driver().cancel(sent.op, HG_E_CANCELLED);
  }
  provider.host().run_until([&] { return peer.connected(); }, seconds{2});
  const StepRecord stopped = provider.bench().instance().stop();
  demand(stopped.status == HG_OK, "stop() failed with sends in flight: " + stopped.text);
  for (const Sending& sending : all) {
    const auto result = provider.result(sending);
    if (!result) fail("stop() left a send that was never completed");
    ProviderBench::judge({"stopped while the peer was silent", {}, kNotSent, "nobody took it"},
                         *result);
  }
  provider.finish_quietly();
}

}  // namespace

std::vector<Case> provider_socket_cases() {
  constexpr std::uint32_t kKind = kind_bit(HG_KIND_PROVIDER);
  constexpr seconds kLimit{60};
  return {
      {"provider", "socket-unreachable", "What nobody could be told is certainly not sent.", kKind,
       Needs::kStarted, kind_body<check_unreachable>},
      {"provider", "socket-odd-peers", "A peer of another kind took nothing.", kKind,
       Needs::kStarted, kind_body<check_odd_peers>, kLimit},
      {"provider", "socket-mail", "After the end of a mail's content silence is doubt, before not.",
       kKind, Needs::kStarted, kind_body<check_mail>, kLimit},
      {"provider", "socket-stop", "stop() completes what waits for a socket.", kKind,
       Needs::kStarted, kind_body<check_stop_with_sockets>},
  };
}

}  // namespace heliograph::sdk::conformance
