// What answers, and the lack of them, mean for a message.
#include "plugins/providers/http/tests/provider_fixture.h"

namespace heliograph::plugins::http {
namespace {

using OutcomeTest = ProviderTest;

constexpr std::uint64_t kSecond = 1'000'000'000;

TEST_F(OutcomeTest, ProgressDecidesWhereThereIsNoAnswer) {
  create();
  EXPECT_EQ(outcome(HttpReply::refused_connection()).outcome, HG_RETRY);
  EXPECT_EQ(outcome(HttpReply::broken_while_writing()).outcome, HG_RETRY);
  EXPECT_EQ(outcome(HttpReply::broken_after_write()).outcome, HG_UNKNOWN);
  const struct {
    std::uint32_t progress;
    hg_status status;
    std::uint32_t outcome;
  } kCases[] = {
      {HG_HTTP_NOT_CONNECTED, HG_E_DEADLINE, HG_RETRY},
      {HG_HTTP_NOT_CONNECTED, HG_E_AUTH, HG_RETRY},
      {HG_HTTP_NOT_WRITTEN, HG_E_DEADLINE, HG_RETRY},
      {HG_HTTP_NOT_WRITTEN, HG_E_CANCELLED, HG_RETRY},
      {HG_HTTP_WRITTEN, HG_E_DEADLINE, HG_UNKNOWN},
      {HG_HTTP_WRITTEN, HG_E_CANCELLED, HG_UNKNOWN},
      {HG_HTTP_WRITTEN, HG_E_ABI, HG_UNKNOWN},
  };
  for (const auto& c : kCases) {
    const SendRecord result = outcome(HttpReply::failure(c.progress, c.status, "why"));
    EXPECT_EQ(result.outcome, c.outcome) << c.progress << " " << c.status;
    EXPECT_EQ(result.detail, "why");
    EXPECT_EQ(result.status_code, 0);
  }
}

TEST_F(OutcomeTest, ATimeoutAfterTheWriteIsUnknown) {
  create();
  const auto sent = provider->send({}, {.deadline_mono_ns = host.now_ns() + kSecond});
  ASSERT_TRUE(sent.accepted);
  host.advance(std::chrono::seconds{2});
  ASSERT_TRUE(host.sent(sent.op).has_value());
  EXPECT_EQ(host.sent(sent.op)->outcome, HG_UNKNOWN);
}

TEST_F(OutcomeTest, EveryStatusCodeHasItsDefault) {
  create();
  for (std::uint32_t code = 200; code < 600; ++code) {
    std::uint32_t expected = HG_REJECTED;
    if (code < 300) expected = HG_SENT;
    if (code >= 300 && code < 400) expected = HG_UNKNOWN;
    if (code == 301 || code == 307 || code == 308) expected = HG_RETRY;
    if (code >= 500 || code == 403 || code == 408) expected = HG_RETRY;
    if (code == 429 || code == 503) expected = HG_THROTTLED;
    if (code == 401) expected = HG_REFUSED;
    const SendRecord result = outcome(HttpReply::json(code, "{}"));
    ASSERT_EQ(result.outcome, expected) << code;
    ASSERT_EQ(result.status_code, static_cast<std::int32_t>(code));
  }
}

TEST_F(OutcomeTest, ClassifyOverridesCodesBeforeClasses) {
  create(
      R"({"classify": {"500": "unknown", "5xx": "refused", "4xx": "retry",
             "404": "rejected", "202": "retry"}})");
  EXPECT_EQ(outcome(HttpReply::json(500, "{}")).outcome, HG_UNKNOWN);
  EXPECT_EQ(outcome(HttpReply::json(502, "{}")).outcome, HG_REFUSED);
  EXPECT_EQ(outcome(HttpReply::json(503, "{}")).outcome, HG_REFUSED);
  EXPECT_EQ(outcome(HttpReply::json(400, "{}")).outcome, HG_RETRY);
  EXPECT_EQ(outcome(HttpReply::json(404, "{}")).outcome, HG_REJECTED);
  EXPECT_EQ(outcome(HttpReply::json(202, "{}")).outcome, HG_RETRY);
  EXPECT_EQ(outcome(HttpReply::json(201, "{}")).outcome, HG_SENT);
}

TEST_F(OutcomeTest, RetryAfterInSecondsAndAsADate) {
  create();
  host.set_unix_ns(784'111'777 * static_cast<std::int64_t>(kSecond));  // 06 Nov 1994 08:49:37
  const auto wait = [&](std::uint32_t code, std::string_view value) {
    return outcome(HttpReply::with_header(code, "retry-after", value)).retry_after_ns;
  };
  EXPECT_EQ(wait(429, "7"), 7 * kSecond);
  EXPECT_EQ(wait(503, "120"), 120 * kSecond);
  EXPECT_EQ(wait(500, "3"), 3 * kSecond);
  EXPECT_EQ(wait(429, "Sun, 06 Nov 1994 08:50:37 GMT"), 60 * kSecond);
  EXPECT_EQ(wait(429, "Sun, 06 Nov 1994 08:00:00 GMT"), 0u) << "past";
  EXPECT_EQ(wait(429, "soon"), 0u);
  EXPECT_EQ(wait(429, "-5"), 0u);
  EXPECT_EQ(wait(400, "7"), 0u) << "says nothing about a rejected message";
}

TEST_F(OutcomeTest, TheProvidersIdIsTheFirstPointerThatIsThere) {
  create();
  EXPECT_EQ(
      outcome(HttpReply::json(200, R"({"sid":"S","id":"I","message_id":"M"})")).provider_msg_id,
      "M");
  EXPECT_EQ(outcome(HttpReply::json(200, R"({"sid":"S","id":17})")).provider_msg_id, "17");
  EXPECT_EQ(outcome(HttpReply::json(201, R"({"sid":"S","id":null})")).provider_msg_id, "S");
  EXPECT_EQ(outcome(HttpReply::json(200, R"({"id":{"a":1}})")).provider_msg_id, "");
}

TEST_F(OutcomeTest, IdsMayBeDeepOrInAHeader) {
  create(R"({"id_pointers": ["/messages/0/message-id", "/a~1b"], "id_header": "X-Message-Id"})");
  EXPECT_EQ(outcome(HttpReply::json(200, R"({"messages":[{"message-id":"m"}]})")).provider_msg_id,
            "m");
  EXPECT_EQ(outcome(HttpReply::json(200, R"({"a/b":"slash"})")).provider_msg_id, "slash");
  EXPECT_EQ(outcome(HttpReply::with_header(202, "x-message-id", "h-1")).provider_msg_id, "h-1");
}

TEST_F(OutcomeTest, PartsMayHaveIdsOfTheirOwn) {
  create(R"({"part_ids": {"list": "/messages", "id": "/message-id"}})");
  const auto parts = [this](std::string_view body) {
    return outcome(HttpReply::json(200, body)).part_ids;
  };
  using Ids = std::vector<std::string>;
  EXPECT_EQ(parts(R"({"messages":[{"message-id":"a"},{"message-id":17}]})"), (Ids{"a", "17"}));
  EXPECT_EQ(parts(R"({"messages":[{"message-id":"a"},{}]})"), Ids{}) << "all or none";
  EXPECT_EQ(parts(R"({"messages":{"message-id":"a"}})"), Ids{}) << "no list";
  EXPECT_EQ(parts(R"({})"), Ids{});
}

TEST_F(OutcomeTest, PartsMayBeTheirIds) {
  create(R"({"part_ids": {"list": "/ids"}})");
  const std::vector<std::string> ids =
      outcome(HttpReply::json(200, R"({"ids":["x","y"]})")).part_ids;
  EXPECT_EQ(ids, (std::vector<std::string>{"x", "y"}));
}

TEST_F(OutcomeTest, A2xxIsSentWhateverItsBody) {
  create();
  const std::string_view kBodies[] = {
      "", "OK", "{", "<html>", "[1,2", "\xFF\xFE", R"({"id":"unterminated)"};
  for (const std::string_view body : kBodies) {
    const SendRecord result = outcome(HttpReply::json(200, body));
    EXPECT_EQ(result.outcome, HG_SENT) << body;
    EXPECT_EQ(result.provider_msg_id, "");
  }
  HttpReply cut = HttpReply::json(200, R"({"id":"m-1"})");
  cut.progress = HG_HTTP_HEAD;
  cut.status = HG_E_IO;
  const SendRecord result = outcome(cut);
  EXPECT_EQ(result.outcome, HG_SENT);
  EXPECT_EQ(result.provider_msg_id, "") << "half a body may hold half an id";
}

TEST_F(OutcomeTest, AnAnswerCutOffAfterItsHeadGoesByItsStatus) {
  create();
  HttpReply cut = HttpReply::json(503, "");
  cut.progress = HG_HTTP_HEAD;
  cut.status = HG_E_DEADLINE;
  const SendRecord result = outcome(cut);
  EXPECT_EQ(result.outcome, HG_THROTTLED);
  EXPECT_EQ(result.detail, "HTTP 503, the answer's body is incomplete");
}

TEST_F(OutcomeTest, AnAbsurdIdIsNone) {
  create();
  const std::string page(1'000, 'x');
  EXPECT_EQ(outcome(HttpReply::json(200, R"({"id":")" + page + "\"}")).provider_msg_id, "");
}

TEST_F(OutcomeTest, TheProvidersCodeDecidesBeforeTheStatus) {
  create(R"({"error_pointer": "/code",
             "codes": {"21610": "rejected", "20003": "refused", "20429": "throttled",
                       "30001": "retry", "e.1": "retry"}})");
  const SendRecord opted_out =
      outcome(HttpReply::json(500, R"({"code":21610,"message":"to +1415"})"));
  EXPECT_EQ(opted_out.outcome, HG_REJECTED);
  EXPECT_EQ(opted_out.provider_code, "21610");
  EXPECT_EQ(opted_out.detail, "HTTP 500, code 21610") << "the peer's words may be personal";
  EXPECT_EQ(outcome(HttpReply::json(400, R"({"code":"20003"})")).outcome, HG_REFUSED);
  EXPECT_EQ(outcome(HttpReply::json(400, R"({"code":"e.1"})")).outcome, HG_RETRY);
  const SendRecord other = outcome(HttpReply::json(400, R"({"code":99})"));
  EXPECT_EQ(other.outcome, HG_REJECTED) << "not in the table: the status decides";
  EXPECT_EQ(other.provider_code, "99");
  EXPECT_EQ(outcome(HttpReply::json(201, R"({"sid":"SM1"})")).provider_msg_id, "SM1");
}

TEST_F(OutcomeTest, ErrorsThatComeWith200) {
  // The shape of Vonage's SMS API: always 200, the status is in the body.
  create(R"({"id_pointers": ["/messages/0/message-id"], "error_pointer": "/messages/0/status",
             "code_required": true,
             "codes": {"0": "sent", "1": "throttled", "5": "retry", "4": "refused",
                       "*": "rejected"}})");
  const auto with_status = [&](std::string_view status) {
    return outcome(HttpReply::json(
        200, R"({"messages":[{"message-id":"m","status":")" + std::string(status) + "\"}]}"));
  };
  EXPECT_EQ(with_status("0").outcome, HG_SENT);
  EXPECT_EQ(with_status("0").provider_msg_id, "m");
  EXPECT_EQ(with_status("1").outcome, HG_THROTTLED);
  EXPECT_EQ(with_status("5").outcome, HG_RETRY);
  EXPECT_EQ(with_status("4").outcome, HG_REFUSED);
  EXPECT_EQ(with_status("6").outcome, HG_REJECTED);
  EXPECT_EQ(outcome(HttpReply::json(200, "{}")).outcome, HG_UNKNOWN);
  EXPECT_EQ(outcome(HttpReply::json(200, "<html>")).outcome, HG_UNKNOWN);
  EXPECT_EQ(outcome(HttpReply::json(500, "<html>")).outcome, HG_RETRY);
  HttpReply cut = HttpReply::json(200, R"({"messages":[{"status":"0"}]})");
  cut.progress = HG_HTTP_HEAD;
  cut.status = HG_E_LIMIT;
  cut.flags = HG_HTTP_R_TRUNCATED;
  EXPECT_EQ(outcome(cut).outcome, HG_UNKNOWN);
}

TEST_F(OutcomeTest, StoppingCompletesWhatIsInFlight) {
  create();
  const auto sent = provider->send();
  ASSERT_TRUE(sent.accepted);
  EXPECT_EQ(instance->stop().status, HG_OK);
  ASSERT_TRUE(host.sent(sent.op).has_value());
  EXPECT_NE(host.sent(sent.op)->outcome, HG_SENT);
}

}  // namespace
}  // namespace heliograph::plugins::http
