// Cases of providers over hg.http-client/1: what the peer does, and what may be made of it.
//
// The point is the border between HG_RETRY and HG_UNKNOWN: what may have been sent is never called
// unsent, and what certainly was not sent never puts a message in doubt.
#include <heliograph/abi/ext/http_client.h>

#include "provider_bench.hpp"

namespace heliograph::sdk::conformance {
namespace {

using std::chrono::seconds;

constexpr std::initializer_list<std::uint32_t> kUnsent{HG_RETRY, HG_THROTTLED, HG_REFUSED};
constexpr std::initializer_list<std::uint32_t> kSaidNo{HG_REJECTED, HG_REFUSED, HG_RETRY,
                                                       HG_THROTTLED};
constexpr std::initializer_list<std::uint32_t> kSaidYes{HG_SENT, HG_UNKNOWN};
constexpr std::initializer_list<std::uint32_t> kBroken{HG_RETRY, HG_UNKNOWN, HG_THROTTLED};
constexpr std::initializer_list<std::uint32_t> kDoubt{HG_UNKNOWN};
const std::string kWhyUnsent = "the peer cannot have acted on it";
const std::string kWhySaidNo = "the peer said no";
const std::string kWhySaidYes = "the peer took it";
const std::string kWhyBroken = "the message is not at fault, and nobody took it";
const std::string kWhyDoubt = "the peer may have acted on it";

HttpReply with_code(HttpReply reply, std::uint32_t code) {
  reply.code = code;
  return reply;
}

HttpReply cut(std::uint32_t code, std::string body = R"({"message_id":"che)") {
  HttpReply reply = with_code(
      HttpReply::failure(HG_HTTP_HEAD, HG_E_IO, "the answer ended before its length"), code);
  reply.body = std::move(body);
  return reply;
}

void check_accepted(Subject& subject) {
  ProviderBench provider(subject);
  for (const std::uint32_t code : {200u, 201u, 202u}) {
    const std::string peer = "the peer answers " + std::to_string(code);
    const auto sending = provider.send();
    provider.answer(sending, accepted_reply(code));
    const SendRecord result = provider.await(sending, peer);
    ProviderBench::judge({peer, {}, kSaidYes, kWhySaidYes}, result);
    if (result.outcome == HG_UNKNOWN) subject.note(peer + ": taken for HG_UNKNOWN");
  }
  provider.finish();
}

void check_said_no(Subject& subject) {
  ProviderBench provider(subject);
  for (const std::uint32_t code : {400u, 402u, 403u, 404u, 410u, 413u, 422u}) {
    provider.judge({{"the peer answers " + std::to_string(code),
                     HttpReply::json(code, R"({"code":21211,"message":"invalid number"})"), kSaidNo,
                     kWhySaidNo}});
  }
  provider.judge(
      {{"the peer answers 401", HttpReply::json(401, R"({"message":"invalid credentials"})"),
        kUnsent, "wrong credentials are not the message's fault"},
       {"the peer redirects",
        HttpReply::with_header(302, "location", "http://127.0.0.1/"),
        {HG_REJECTED, HG_REFUSED, HG_RETRY, HG_THROTTLED, HG_UNKNOWN},
        "a redirect is no acceptance"}});
  provider.finish();
}

void check_server_error(Subject& subject) {
  ProviderBench provider(subject);
  for (const std::uint32_t code : {500u, 502u, 503u, 504u, 599u}) {
    provider.judge({{"the peer answers " + std::to_string(code),
                     HttpReply::json(code, R"({"message":"out of order"})"), kBroken, kWhyBroken}});
  }
  provider.finish();
}

void check_throttled(Subject& subject) {
  ProviderBench provider(subject);
  const auto polite = provider.send();
  provider.answer(polite, HttpReply::with_header(429, "retry-after", "7"));
  const SendRecord result = provider.await(polite, "the peer answers 429");
  ProviderBench::judge({"the peer answers 429", {}, {HG_THROTTLED, HG_RETRY}, kWhyUnsent}, result);
  demand(result.retry_after_ns == 7'000'000'000,
         "the peer answers 429 with Retry-After: 7 and retry_after_ns is " +
             std::to_string(result.retry_after_ns));
  for (const char* text : {"", "soon", "-5", "0", "7.5", "99999999999999999999", "1e9", "0x10",
                           "Sun, 06 Nov 1994 08:49:37 GMT", "Fri, 31 Dec 9999 23:59:59 GMT",
                           "Sun, 99 Xxx 1994 99:99:99 GMT", "\xff\xfe"}) {
    const auto sending = provider.send();
    provider.answer(sending, HttpReply::with_header(429, "retry-after", text));
    const SendRecord odd = provider.await(sending, "the peer answers 429");
    const std::string peer = "the peer answers 429 with Retry-After: " + std::string(text);
    ProviderBench::judge({peer, {}, {HG_THROTTLED, HG_RETRY}, kWhyUnsent}, odd);
    demand(odd.retry_after_ns <= std::uint64_t{366} * 86'400 * 1'000'000'000,
           peer + ": retry_after_ns is more than a year");
  }
  provider.finish();
}

void check_not_sent(Subject& subject) {
  ProviderBench provider(subject);
  const auto early = [](std::uint32_t progress, hg_status status, std::string_view detail) {
    return HttpReply::failure(progress, status, detail);
  };
  provider.judge({
      {"the peer refuses the connection", HttpReply::refused_connection(), kUnsent, kWhyUnsent},
      {"the peer's name is unknown", early(HG_HTTP_NOT_CONNECTED, HG_E_IO, "no such host"), kUnsent,
       kWhyUnsent},
      {"the peer's certificate is wrong", early(HG_HTTP_NOT_CONNECTED, HG_E_AUTH, "certificate"),
       kUnsent, kWhyUnsent},
      {"no connection in time", early(HG_HTTP_NOT_CONNECTED, HG_E_DEADLINE, "connect"), kUnsent,
       kWhyUnsent},
      {"the peer resets before the request was written", HttpReply::broken_while_writing(), kUnsent,
       kWhyUnsent},
      {"the peer reads too slowly", early(HG_HTTP_NOT_WRITTEN, HG_E_DEADLINE, "write"), kUnsent,
       kWhyUnsent},
      {"a status nobody knows, before writing", early(HG_HTTP_NOT_WRITTEN, -4711, "?"), kUnsent,
       kWhyUnsent},
  });
  provider.finish();
}

void check_in_doubt(Subject& subject) {
  ProviderBench provider(subject);
  const auto late = [](hg_status status, std::string_view detail) {
    return HttpReply::failure(HG_HTTP_WRITTEN, status, detail);
  };
  provider.judge({
      {"the peer resets after it read the request", HttpReply::broken_after_write(), kDoubt,
       kWhyDoubt},
      {"the peer closes without an answer", late(HG_E_IO, "end of file"), kDoubt, kWhyDoubt},
      {"the peer never answers", late(HG_E_DEADLINE, "no answer in time"), kDoubt, kWhyDoubt},
      {"the peer answers no HTTP", late(HG_E_ABI, "bad status line"), kDoubt, kWhyDoubt},
      {"the peer answers without end of headers", late(HG_E_LIMIT, "head too large"), kDoubt,
       kWhyDoubt},
      {"the request is cancelled after it was written", late(HG_E_CANCELLED, "cancelled"), kDoubt,
       kWhyDoubt},
      {"a status nobody knows, after writing", late(-4711, "?"), kDoubt, kWhyDoubt},
  });
  provider.finish();
}

// It may have been acted upon: sending it again is for the gateway to decide.
void check_sent_once(Subject& subject) {
  ProviderBench provider(subject);
  if ((provider.caps().flags & HG_CAP_DEDUPES) != 0) skip("its peer drops repetitions");
  for (const HttpReply& reply : {HttpReply::broken_after_write(), cut(200), accepted_reply()}) {
    const auto sending = provider.send();
    provider.answer(sending, reply);
    provider.await(sending, "the answer broke off");
    provider.host().advance(std::chrono::minutes{5});
    demand(provider.requests_of(sending.message).size() == 1,
           "the message was sent again, though the first request may have been acted upon");
  }
  provider.finish();
}

void check_cut_answer(Subject& subject) {
  ProviderBench provider(subject);
  HttpReply slow = HttpReply::failure(HG_HTTP_HEAD, HG_E_DEADLINE, "the answer trickles");
  slow.delay = seconds{20};
  slow.body = "{";
  HttpReply huge = accepted_reply();
  huge.body.insert(1, std::size_t{4} << 20U, ' ');
  provider.judge({
      {"the peer's 200 breaks off", cut(200), kSaidYes, kWhyDoubt},
      {"the peer's 200 breaks off before its body", cut(200, ""), kSaidYes, kWhyDoubt},
      {"the peer's 400 breaks off", cut(400), kSaidNo, kWhySaidNo},
      {"the peer's 500 breaks off", cut(500), kBroken, kWhyBroken},
      {"the peer lies about its length", cut(202, R"({"message_id":"check-1"})"), kSaidYes,
       kWhyDoubt},
      {"the peer's 200 trickles until the deadline", slow, kSaidYes, kWhyDoubt},
      {"the peer's 200 has 4 MiB", huge, kSaidYes, kWhyDoubt},
      {"the peer's 400 has 4 MiB", with_code(huge, 400), kSaidNo, kWhySaidNo},
  });
  provider.finish();
}

bool is_utf8(std::string_view text) {
  std::size_t follow = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (follow > 0) {
      if ((byte & 0xC0U) != 0x80) return false;
      --follow;
    } else if (byte >= 0x80) {
      follow = (byte & 0xE0U) == 0xC0   ? 1
               : (byte & 0xF0U) == 0xE0 ? 2
               : (byte & 0xF8U) == 0xF0 ? 3
                                        : 4;
      if (follow == 4) return false;
    }
  }
  return follow == 0;
}

std::vector<std::string> odd_bodies() {
  using namespace std::string_literals;
  const auto repeated = [](std::string_view part, std::size_t times) {
    std::string text;
    for (std::size_t i = 0; i < times; ++i) text += part;
    return text;
  };
  return {""s,
          "\0"s,
          "\0\0\0\0{\"id\":\"x\"}"s,
          "{\"id\":\"a\0b\",\"message_id\":\"a\0b\"}"s,
          "\xff\xfe{\0\"\0i\0d\0\"\0:\0\"\0x\0\"\0}\0"s,
          "\xef\xbb\xbf{\"id\":\"x\"}"s,
          "{\"id\":\"\xff\xc0\x80\",\"message_id\":\"\xed\xa0\x80\"}"s,
          "{\"id\":\"\\ud800\",\"message_id\":\"\\udc00\\u0000\"}"s,
          "<html>busy</html>"s,
          "null"s,
          "[]"s,
          "\"\""s,
          "{}"s,
          "{"s,
          "{\"id\":"s,
          "{\"id\":\"x"s,
          "{\"message_id\":\"\\"s,
          "{\"id\":null,\"message_id\":null,\"sid\":null}"s,
          "{\"id\":{\"id\":[{}]},\"message_id\":[1,2]}"s,
          "{\"id\":123456789012345678901234567890,\"message_id\":-0.0e-999}"s,
          "{\"message_id\":1e999999,\"id\":true}"s,
          "{\"id\":\"" + std::string(300'000, 'i') + "\",\"message_id\":\"" +
              std::string(300'000, 'm') + "\"}",
          repeated("[", 500'000),
          repeated("{\"id\":", 150'000),
          std::string(900'000, ' '),
          std::string(900'000, '\0'),
          repeated("\xf0\x9f\x98\x80", 100'000)};
}

void check_odd_bodies(Subject& subject) {
  ProviderBench provider(subject);
  for (const std::uint32_t code : {200u, 400u, 500u}) {
    std::size_t number = 0;
    for (const std::string& body : odd_bodies()) {
      const std::string peer =
          "the peer answers " + std::to_string(code) + " with odd body " + std::to_string(++number);
      subject.check.step(peer);
      const auto sending = provider.send();
      provider.answer(sending, HttpReply::json(code, body));
      const SendRecord result = provider.await(sending, peer);
      if (code == 200) ProviderBench::judge({peer, {}, kSaidYes, kWhySaidYes}, result);
      if (code == 400) ProviderBench::judge({peer, {}, kSaidNo, kWhySaidNo}, result);
      if (code == 500) ProviderBench::judge({peer, {}, kBroken, kWhyBroken}, result);
      demand(is_utf8(result.provider_msg_id) && is_utf8(result.provider_code) &&
                 is_utf8(result.detail),
             peer + ": a text of the result is not UTF-8");
    }
  }
  provider.finish();
}

void check_late_answer(Subject& subject) {
  ProviderBench provider(subject);
  const auto sending = provider.send();
  provider.request_of(sending);
  provider.host().advance(seconds{30});
  provider.driver().cancel(sending.op, HG_E_DEADLINE);
  const SendRecord result = provider.await(sending, "the peer did not answer before the deadline");
  ProviderBench::judge({"the peer has not answered at the deadline", {}, kDoubt, kWhyDoubt},
                       result);
  provider.answer(sending, accepted_reply());
  provider.host().advance(seconds{60});
  provider.finish();
}

}  // namespace

std::vector<Case> provider_answer_cases() {
  constexpr std::uint32_t kKind = kind_bit(HG_KIND_PROVIDER);
  return {
      {"provider", "accepted", "2xx is an acceptance.", kKind, Needs::kStarted,
       kind_body<check_accepted>},
      {"provider", "said-no", "4xx is no acceptance and no doubt; 401 is not the message's fault.",
       kKind, Needs::kStarted, kind_body<check_said_no>},
      {"provider", "server-error", "5xx neither accepts nor rejects a message.", kKind,
       Needs::kStarted, kind_body<check_server_error>},
      {"provider", "throttled", "429 is reported with the pause that the peer asks for.", kKind,
       Needs::kStarted, kind_body<check_throttled>},
      {"provider", "not-sent", "What was not written to the peer is certainly not sent.", kKind,
       Needs::kStarted, kind_body<check_not_sent>},
      {"provider", "in-doubt", "What was written and not answered is HG_UNKNOWN.", kKind,
       Needs::kStarted, kind_body<check_in_doubt>},
      {"provider", "sent-once", "What may have been acted upon is not sent again.", kKind,
       Needs::kStarted, kind_body<check_sent_once>},
      {"provider", "cut-answer", "An answer that breaks off counts as far as it came.", kKind,
       Needs::kStarted, kind_body<check_cut_answer>},
      {"provider", "odd-bodies", "No body of an answer disturbs the provider.", kKind,
       Needs::kStarted, kind_body<check_odd_bodies>},
      {"provider", "late-answer", "At the deadline what was written is in doubt.", kKind,
       Needs::kStarted, kind_body<check_late_answer>},
  };
}

}  // namespace heliograph::sdk::conformance
