// ProviderBench: a running provider, messages for it, and the peer of its HTTP requests.
#pragma once

#include <initializer_list>

#include "kind_bench.hpp"

namespace heliograph::sdk::conformance {

using testing::HttpReply;
using testing::MessageSpec;
using testing::ProviderDriver;
using testing::SendRecord;

std::string outcome_name(std::uint32_t outcome);

// What an answer may be taken for, and why nothing else.
struct Expectation {
  std::string peer;  // what the peer does, in words
  HttpReply reply;
  std::initializer_list<std::uint32_t> allowed;
  std::string why;
};

// An answer with the provider's message id where most providers have it.
HttpReply accepted_reply(std::uint32_t code = 200);

class ProviderBench {
 public:
  explicit ProviderBench(const Subject& subject);

  FakeHost& host() { return bench_.host(); }
  KindBench& bench() { return bench_; }
  ProviderDriver& driver() { return driver_; }
  const hg_provider_caps& caps() const { return caps_; }

  // A message that its text tells from all others; channel and addresses as the provider's caps
  // want them.
  MessageSpec message();

  struct Sending {
    hg_op op = 0;
    MessageSpec message;
  };
  // Fails when it is not taken. The send's deadline is 30 s away.
  Sending send();
  // The requests that carry the message, the oldest first.
  std::vector<hg_id> requests_of(const MessageSpec& message);
  // The request that carries the message. Skips the case when the provider does not use
  // hg.http-client/1, or carries the message in a form that cannot be recognized.
  hg_id request_of(const Sending& sending);
  void answer(const Sending& sending, const HttpReply& reply);
  // How the send ended, nullopt while it has not.
  std::optional<SendRecord> result(const Sending& sending);
  // The same, after up to two virtual minutes; fails when it has not ended by then.
  SendRecord await(const Sending& sending, const std::string& after);

  // Sends one message for each expectation and judges the outcome.
  void judge(const std::vector<Expectation>& expectations);
  static void judge(const Expectation& expected, const SendRecord& result);

  void finish() { bench_.finish(); }
  // Where the kit has threads of its own, so that a plugin's cannot be told by their number.
  void finish_quietly() { bench_.finish(std::chrono::milliseconds{0}); }

 private:
  KindBench bench_;
  ProviderDriver driver_;
  hg_provider_caps caps_{};
  int messages_ = 0;
};

// The cases, in three files.
std::vector<Case> provider_answer_cases();
std::vector<Case> provider_op_cases();
std::vector<Case> provider_socket_cases();

}  // namespace heliograph::sdk::conformance
