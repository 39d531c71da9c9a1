#include "provider_bench.hpp"

#include <algorithm>
#include <array>

#include "sample_config.hpp"
#include "socket_peer.hpp"

namespace heliograph::sdk::conformance {

using std::chrono::seconds;

std::string outcome_name(std::uint32_t outcome) {
  constexpr std::array kNames{"HG_SENT",    "HG_REJECTED",  "HG_RETRY",
                              "HG_UNKNOWN", "HG_THROTTLED", "HG_REFUSED"};
  return outcome < kNames.size() ? kNames[outcome] : "outcome " + std::to_string(outcome);
}

HttpReply accepted_reply(std::uint32_t code) {
  return HttpReply::json(
      code, R"({"message_id":"check-1","id":"check-1","sid":"check-1","messageId":"check-1",)"
            R"("provider_message_id":"check-1","status":"accepted","success":true,"error":null,)"
            R"("messages":[{"message_id":"check-1","id":"check-1","status":"accepted"}]})");
}

ProviderBench::ProviderBench(const Subject& subject) : bench_(subject), driver_(bench_.instance()) {
  bench_.start();
  caps_ = driver_.caps();
  bench_.demand_no_violations();
  demand(caps_.channels != 0, "caps() names no channel");
}

MessageSpec ProviderBench::message() {
  MessageSpec message;
  const std::string number = std::to_string(++messages_);
  message.id = "01890a5d-ac96-774b-bcce-" + std::string(12 - number.size(), '0') + number;
  message.idempotency_key = "key-" + number;
  message.body = "hgcheck" + number + "x";
  if ((caps_.channels & HG_CH_SMS) != 0) return message;
  if ((caps_.channels & HG_CH_MMS) != 0) {
    message.channel = HG_CH_MMS;
    message.parts = {{.content_type = "image/png", .url = "http://127.0.0.1/picture.png"}};
    return message;
  }
  message.channel = HG_CH_EMAIL;
  message.from = "sender@example.com";
  message.to = "recipient@example.com";
  message.subject = "Check " + number;
  return message;
}

ProviderBench::Sending ProviderBench::send() {
  Sending sending{0, message()};
  const auto sent = driver_.send(
      sending.message, {.deadline_mono_ns = host().now_ns() + std::uint64_t{30'000'000'000}});
  demand(sent.accepted, "send() did not take a message, status " + std::to_string(sent.status));
  sending.op = sent.op;
  host().run();
  return sending;
}

std::vector<hg_id> ProviderBench::requests_of(const MessageSpec& message) {
  std::vector<hg_id> ids;
  for (const testing::HttpRequestRecord& request : host().http().requests()) {
    bool carries = request.url.find(message.body) != std::string::npos ||
                   request.body.find(message.body) != std::string::npos;
    for (const auto& [name, value] : request.headers) {
      carries = carries || value.find(message.body) != std::string::npos;
    }
    if (carries) ids.push_back(request.id);
  }
  return ids;
}

hg_id ProviderBench::request_of(const Sending& sending) {
  // A provider may have to log in first.
  for (int i = 0; i < 3 && requests_of(sending.message).empty(); ++i) {
    const bool asked = host().http().answer(
        HttpReply::json(200, R"({"access_token":"check","token":"check","expires_in":3600})"));
    if (asked) host().run();
  }
  if (host().http().requests().empty()) skip("it does not use hg.http-client/1");
  const std::vector<hg_id> ids = requests_of(sending.message);
  if (ids.empty()) skip("its requests do not carry the message's text in a form known here");
  return ids.front();
}

void ProviderBench::answer(const Sending& sending, const HttpReply& reply) {
  host().http().answer(request_of(sending), reply);
  host().advance(reply.delay);
}

std::optional<SendRecord> ProviderBench::result(const Sending& sending) {
  return host().sent(sending.op);
}

SendRecord ProviderBench::await(const Sending& sending, const std::string& after) {
  for (int i = 0; i < 120 && !result(sending); ++i) host().advance(seconds{1});
  const auto ended = result(sending);
  if (!ended) fail("an accepted send was never completed; " + after);
  return *ended;
}

void ProviderBench::judge(const Expectation& expected, const SendRecord& result) {
  if (std::find(expected.allowed.begin(), expected.allowed.end(), result.outcome) !=
      expected.allowed.end()) {
    return;
  }
  std::string names;
  for (const std::uint32_t outcome : expected.allowed) {
    names += (names.empty() ? "" : " or ") + outcome_name(outcome);
  }
  fail(expected.peer + ": the outcome was " + outcome_name(result.outcome) + " and must be " +
       names + ", because " + expected.why);
}

void ProviderBench::judge(const std::vector<Expectation>& expectations) {
  for (const Expectation& expected : expectations) {
    const Sending sending = send();
    answer(sending, expected.reply);
    judge(expected, await(sending, expected.peer));
    bench_.demand_no_violations();
  }
}

}  // namespace heliograph::sdk::conformance
