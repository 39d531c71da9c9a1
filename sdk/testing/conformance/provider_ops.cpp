// Cases of providers over hg.http-client/1: each accepted send is completed exactly once, whatever
// happens to it - many at once, refused requests, cancels, drain, stop.
#include <algorithm>

#include "provider_bench.hpp"

namespace heliograph::sdk::conformance {
namespace {

using std::chrono::seconds;
using Sending = ProviderBench::Sending;

std::vector<Sending> send_many(ProviderBench& provider, std::size_t most) {
  const std::uint32_t window = provider.caps().max_inflight;
  const std::size_t n = window == 0 ? most : std::min<std::size_t>(window, most);
  std::vector<Sending> all;
  for (std::size_t i = 0; i < n; ++i) {
    all.push_back(provider.send());
    provider.request_of(all.back());
  }
  return all;
}

// Answers in another order than the sends', every other one with 400: each result must be that of
// its own message.
void check_many_in_flight(Subject& subject) {
  ProviderBench provider(subject);
  Dice dice(subject.seed);
  std::vector<Sending> all = send_many(provider, 64);
  std::vector<std::size_t> order(all.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[dice.below(i)]);
  for (const std::size_t i : order) {
    provider.answer(all[i], i % 2 == 0 ? accepted_reply() : HttpReply::json(400, "{}"));
    const SendRecord result = provider.await(all[i], "its answer had come, others' had not");
    const bool said_yes = result.outcome == HG_SENT || result.outcome == HG_UNKNOWN;
    demand(said_yes == (i % 2 == 0),
           "a send got the outcome of another: " + outcome_name(result.outcome));
  }
  provider.finish();
}

void check_request_refused(Subject& subject) {
  ProviderBench provider(subject);
  provider.request_of(provider.send());
  for (const hg_status refusal : {HG_E_BUSY, HG_E_CONFIG, HG_E_DEADLINE, HG_E_STATE, -4711}) {
    const std::string peer = "the http client refuses a request with " + std::to_string(refusal);
    const MessageSpec message = provider.message();
    provider.host().http().refuse_next(refusal);
    const auto sent = provider.driver().send(
        message, {.deadline_mono_ns = provider.host().now_ns() + 30'000'000'000});
    provider.host().run();
    if (!sent.accepted) {
      demand(sent.status < 0, peer + ": send() took nothing and said HG_OK");
      demand(provider.requests_of(message).empty(),
             peer + ": a message was sent that send() said it had not taken");
      continue;
    }
    if (!provider.requests_of(message).empty()) continue;  // it tried again later
    const SendRecord result = provider.await({sent.op, message}, peer);
    ProviderBench::judge(
        {peer, {}, {HG_RETRY, HG_THROTTLED, HG_REFUSED, HG_REJECTED}, "nothing was sent"}, result);
  }
  provider.finish();
}

void check_deadline_passed(Subject& subject) {
  ProviderBench provider(subject);
  provider.request_of(provider.send());
  const MessageSpec message = provider.message();
  const auto sent =
      provider.driver().send(message, {.deadline_mono_ns = provider.host().now_ns() - 1});
  provider.host().run();
  demand(provider.requests_of(message).empty(), "a message past its deadline was sent");
  if (sent.accepted) {
    const SendRecord result = provider.await({sent.op, message}, "its deadline was past");
    ProviderBench::judge({"the deadline is past", {}, {HG_RETRY, HG_REJECTED}, "nothing was sent"},
                         result);
  }
  provider.finish();
}

// The third request of a batch is refused: what was taken is completed, what was not is not sent.
void check_batch(Subject& subject) {
  ProviderBench provider(subject);
  provider.request_of(provider.send());
  if (provider.caps().max_batch < 2) skip("it takes one message at a time");
  const std::size_t n = std::min<std::size_t>(provider.caps().max_batch, 16);
  for (const bool refusing : {false, true}) {
    std::vector<MessageSpec> messages;
    for (std::size_t i = 0; i < n; ++i) messages.push_back(provider.message());
    // All requests after the first are refused, so that no other one takes its place.
    for (std::size_t i = 0; refusing && i < n; ++i) {
      provider.host().http().refuse_next(i < 1 ? HG_OK : HG_E_BUSY);
    }
    const auto sent = provider.driver().send_batch(messages);
    provider.host().run();
    while (provider.host().http().answer(accepted_reply())) provider.host().run();
    for (std::size_t i = 0; i < n; ++i) {
      const bool out = !provider.requests_of(messages[i]).empty();
      if (!sent[i].accepted) {
        demand(!out, "a message was sent that send() said it had not taken");
        continue;
      }
      const SendRecord result = provider.await({sent[i].op, messages[i]}, "it was one of a batch");
      demand(out || (result.outcome != HG_SENT && result.outcome != HG_UNKNOWN),
             "a message of a batch that no request carried ended " + outcome_name(result.outcome));
    }
    demand(refusing || sent.back().accepted, "send() took less than max_batch though all was free");
  }
  provider.finish();
}

void check_cancel(Subject& subject) {
  ProviderBench provider(subject);
  const std::string why = "a cancelled send is to be completed too";
  for (const int times : {1, 2}) {
    const Sending early = provider.send();
    provider.request_of(early);
    for (int i = 0; i < times; ++i) provider.driver().cancel(early.op, HG_E_CANCELLED);
    provider.host().run();
    provider.answer(early, accepted_reply());
    ProviderBench::judge({"cancelled after the request was written, then answered with 200",
                          {},
                          {HG_SENT, HG_UNKNOWN},
                          "the peer may have acted on it"},
                         provider.await(early, why));
    const Sending done = provider.send();
    provider.answer(done, accepted_reply());
    provider.await(done, why);
    for (int i = 0; i < times; ++i) provider.driver().cancel(done.op);
    provider.host().run();
  }
  const Sending crossing = provider.send();
  provider.host().http().answer(provider.request_of(crossing), accepted_reply());
  provider.driver().cancel(crossing.op);  // the answer is on its way
  provider.await(crossing, why);
  provider.finish();
}

void check_drain(Subject& subject) {
  ProviderBench provider(subject);
  const std::vector<Sending> all = send_many(provider, 32);
  FakeHost& host = provider.host();
  host.schedule(host.now_ns(), [&] {
    for (const Sending& sending : all) {
      host.http().answer(provider.request_of(sending), accepted_reply());
    }
  });
  const StepRecord drained = provider.bench().instance().drain();
  demand(drained.status == HG_OK, "drain() failed with all answered: " + drained.text);
  for (const Sending& sending : all) {
    ProviderBench::judge(
        {"answered with 200 during drain()", {}, {HG_SENT, HG_UNKNOWN}, "the peer took it"},
        provider.await(sending, "drain() was over"));
  }
  provider.finish();
}

void check_stop(Subject& subject) {
  ProviderBench provider(subject);
  const std::vector<Sending> all = send_many(provider, 32);
  const StepRecord stopped = provider.bench().instance().stop();
  demand(stopped.status == HG_OK, "stop() failed with sends in flight: " + stopped.text);
  provider.host().http().cancel_all();
  provider.host().run();
  for (const Sending& sending : all) {
    const auto result = provider.result(sending);
    if (!result) fail("stop() left a send that was never completed");
    ProviderBench::judge({"stopped while the answer was awaited",
                          {},
                          {HG_UNKNOWN, HG_SENT},
                          "the peer may have acted on it"},
                         *result);
  }
  provider.finish();
}

void check_odd_messages(Subject& subject) {
  using namespace std::string_literals;
  ProviderBench provider(subject);
  provider.request_of(provider.send());
  const std::vector<std::string> texts{"",
                                       "\0\0"s,
                                       "\xff\xfe\xc0\x80",
                                       "\"\\\r\n\t\x01{}[]%s%n{text}{to}",
                                       std::string(200'000, 'x'),
                                       "\xf0\x9f\x98\x80 \xd9\x85\xd8\xb1\xd8\xad\xd8\xa8\xd8\xa7",
                                       "\xe2\x80\xae\xe2\x80\x8b"};
  for (std::size_t i = 0; i < texts.size(); ++i) {
    subject.check.step("send() of odd text " + std::to_string(i + 1));
    for (const bool everywhere : {false, true}) {
      MessageSpec message = provider.message();
      message.body = texts[i];
      if (everywhere) message.from = message.to = message.subject = texts[i];
      message.headers = {{"x-odd", texts[i]}, {"x-odd", texts[i]}, {"", ""}};
      const auto sent = provider.driver().send(message);
      provider.host().run();
      while (provider.host().http().answer(accepted_reply())) provider.host().run();
      if (sent.accepted) provider.await({sent.op, message}, "its text was odd");
    }
  }
  provider.finish();
}

void check_prompt(Subject& subject) {
  ProviderBench provider(subject);
  for (int i = 0; i < 3; ++i) {
    Sending sending;
    demand_prompt("send()", [&] { sending = provider.send(); });
    while (provider.host().http().answer(accepted_reply())) {
      demand_prompt("the answer's callback", [&] { provider.host().run(); });
    }
  }
  provider.bench().instance().stop();
  provider.finish();
}

}  // namespace

std::vector<Case> provider_op_cases() {
  constexpr std::uint32_t kKind = kind_bit(HG_KIND_PROVIDER);
  return {
      {"provider", "many-in-flight", "Each of many sends ends once, with its own outcome.", kKind,
       Needs::kStarted, kind_body<check_many_in_flight>},
      {"provider", "request-refused", "A request that is not taken is a send that is not sent.",
       kKind, Needs::kStarted, kind_body<check_request_refused>},
      {"provider", "deadline-passed", "What is late already is not sent.", kKind, Needs::kStarted,
       kind_body<check_deadline_passed>},
      {"provider", "batch", "What a batch took is completed, what it did not take is not sent.",
       kKind, Needs::kStarted, kind_body<check_batch>},
      {"provider", "cancel", "A cancelled send ends once, with what truly happened.", kKind,
       Needs::kStarted, kind_body<check_cancel>},
      {"provider", "drain", "drain() lets everything in flight end.", kKind, Needs::kStarted,
       kind_body<check_drain>},
      {"provider", "stop", "stop() completes everything in flight, as in doubt.", kKind,
       Needs::kStarted, kind_body<check_stop>},
      {"provider", "odd-messages", "No text of a message disturbs the provider.", kKind,
       Needs::kStarted, kind_body<check_odd_messages>},
      {"provider", "prompt", "send() and callbacks do not block.", kKind, Needs::kStarted,
       kind_body<check_prompt>},
  };
}

}  // namespace heliograph::sdk::conformance
