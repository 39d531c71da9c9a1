// The cases that the example provider must pass in each language. EXAMPLE_ID names the component,
// EXAMPLE_LIBRARY the library where it is not linked in.
#include <gtest/gtest.h>

#include <heliograph/json.hpp>
#include <heliograph/testing/testing.hpp>

namespace heliograph::sdk::testing {
namespace {

const Plugin& plugin() {
#ifdef EXAMPLE_LIBRARY
  static const Plugin loaded{std::string(EXAMPLE_LIBRARY)};
#else
  static const Plugin loaded(&hg_plugin_entry_v1);
#endif
  return loaded;
}

const Value kConfig = Value::table({{"url", "http://peer/send"}});

class ExampleTest : public ::testing::Test {
 protected:
  ExampleTest() : instance_(host_, plugin().component(EXAMPLE_ID), kConfig), provider_(instance_) {
    EXPECT_EQ(instance_.start().status, HG_OK);
  }
  void TearDown() override { EXPECT_EQ(host_.violations(), FakeHost::kNone); }

  SendRecord answered_with(const HttpReply& reply) {
    host_.http().script(reply);
    const std::optional<SendRecord> result = provider_.result_of();
    EXPECT_TRUE(result.has_value());
    return result.value_or(SendRecord{});
  }

  FakeHost host_;
  Instance instance_;
  ProviderDriver provider_;
};

TEST_F(ExampleTest, CapabilitiesFollowTheConfiguration) {
  const hg_provider_caps caps = provider_.caps();
  EXPECT_EQ(caps.channels, HG_CH_SMS);
  EXPECT_EQ(caps.max_inflight, 64U);
  EXPECT_NE(caps.flags & HG_CAP_DEDUPES, 0U);
}

TEST_F(ExampleTest, TheRequestCarriesTheMessage) {
  host_.http().script(HttpReply::json(202, R"({"message_id":"m-1"})"));
  const MessageSpec message{.id = "id-1", .idempotency_key = "k-1", .body = "He said \"hi\"\n\\"};
  provider_.result_of(message);
  ASSERT_EQ(host_.http().requests().size(), 1U);
  const HttpRequestRecord& request = host_.http().requests()[0];
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.url, "http://peer/send");
  EXPECT_EQ(value_of(request.headers, "content-type"), "application/json");
  EXPECT_EQ(value_of(request.headers, "idempotency-key"), "k-1");
  EXPECT_EQ(json::text_at(request.body, "/phone"), "+14155552671");
  EXPECT_EQ(json::text_at(request.body, "/text"), message.body);
  EXPECT_EQ(json::text_at(request.body, "/message_id"), "id-1");
}

TEST_F(ExampleTest, TheIdComesFromTheAnswer) {
  const SendRecord sent = answered_with(HttpReply::json(
      202, R"( {"status": "queued", "extra": {"message_id": ["x", "}"]}, "message_id": "m-7"} )"));
  EXPECT_EQ(sent.outcome, HG_SENT);
  EXPECT_EQ(sent.provider_msg_id, "m-7");
  EXPECT_EQ(sent.status_code, 202);
  EXPECT_EQ(answered_with(HttpReply::json(200, R"({"message_id":12345})")).provider_msg_id,
            "12345");
}

TEST_F(ExampleTest, AnAnswerWithoutAnIdIsSentAllTheSame) {
  for (const char* body : {"", "OK", "{", "[]", "{\"message_id\"", "{\"other\":1}",
                           "{\"message_id\":null}", "{\"message_id\":{}}"}) {
    const SendRecord sent = answered_with(HttpReply::json(200, body));
    EXPECT_EQ(sent.outcome, HG_SENT) << body;
    EXPECT_EQ(sent.provider_msg_id, "") << body;
  }
}

TEST_F(ExampleTest, StatusCodesBecomeOutcomes) {
  EXPECT_EQ(answered_with(HttpReply::json(400, "{}")).outcome, HG_REJECTED);
  EXPECT_EQ(answered_with(HttpReply::json(401, "{}")).outcome, HG_REFUSED);
  EXPECT_EQ(answered_with(HttpReply::json(403, "{}")).outcome, HG_RETRY);
  EXPECT_EQ(answered_with(HttpReply::json(408, "{}")).outcome, HG_RETRY);
  EXPECT_EQ(answered_with(HttpReply::json(500, "{}")).outcome, HG_RETRY);
  EXPECT_EQ(answered_with(HttpReply::json(302, "{}")).outcome, HG_RETRY);
  EXPECT_EQ(answered_with(HttpReply::json(503, "{}")).outcome, HG_THROTTLED);
}

TEST_F(ExampleTest, ThrottlingSaysForHowLong) {
  const SendRecord result = answered_with(HttpReply::with_header(429, "retry-after", "3"));
  EXPECT_EQ(result.outcome, HG_THROTTLED);
  EXPECT_EQ(result.retry_after_ns, 3'000'000'000U);
}

TEST_F(ExampleTest, OnlyWhatMayHaveBeenSentIsUnknown) {
  EXPECT_EQ(answered_with(HttpReply::refused_connection()).outcome, HG_RETRY);
  EXPECT_EQ(answered_with(HttpReply::broken_while_writing()).outcome, HG_RETRY);
  EXPECT_EQ(answered_with(HttpReply::broken_after_write()).outcome, HG_UNKNOWN);
}

TEST_F(ExampleTest, NoAnswerWithinTheTimeoutIsUnknown) {
  const ProviderDriver::Sent sent = provider_.send();
  host_.advance(std::chrono::milliseconds{4999});
  EXPECT_EQ(host_.sent(sent.op), std::nullopt);
  host_.advance(std::chrono::milliseconds{1});
  ASSERT_TRUE(host_.sent(sent.op).has_value());
  EXPECT_EQ(host_.sent(sent.op)->outcome, HG_UNKNOWN);
}

TEST_F(ExampleTest, TheMessagesOwnDeadlineIsKept) {
  provider_.send({}, {.deadline_mono_ns = host_.now_ns() + 1'000'000'000});
  EXPECT_EQ(host_.http().requests()[0].deadline_mono_ns, host_.now_ns() + 1'000'000'000);
}

TEST_F(ExampleTest, ARequestThatTheHostRefusesWasCertainlyNotSent) {
  host_.http().refuse_next(HG_E_BUSY);
  const ProviderDriver::Sent sent = provider_.send();
  host_.run();
  if (sent.accepted) {
    EXPECT_EQ(host_.sent(sent.op)->outcome, HG_RETRY);
  } else {
    EXPECT_EQ(sent.status, HG_E_BUSY);
  }
}

TEST_F(ExampleTest, SeveralInOneCall) {
  const std::vector<ProviderDriver::Sent> sent = provider_.send_batch({{}, {}, {}});
  for (int i = 0; i < 3; ++i) host_.http().answer(HttpReply::json(200, R"({"message_id":"m"})"));
  host_.run();
  // All three went to the oldest: the others are still open.
  EXPECT_EQ(host_.http().open(), 2U);
  while (host_.http().answer(HttpReply::json(200, "{}"))) host_.run();
  for (const ProviderDriver::Sent& one : sent) EXPECT_EQ(host_.sent(one.op)->outcome, HG_SENT);
}

TEST_F(ExampleTest, StoppingAnswersWhatIsOpen) {
  const ProviderDriver::Sent sent = provider_.send();
  EXPECT_EQ(instance_.stop().status, HG_OK);
  ASSERT_TRUE(host_.sent(sent.op).has_value());
  EXPECT_EQ(host_.sent(sent.op)->outcome, HG_UNKNOWN);
}

TEST(ExampleConfigTest, WhatIsWrongIsNamed) {
  FakeHost host;
  const hg_component& component = plugin().component(EXAMPLE_ID);
  EXPECT_THROW(Instance(host, component), SchemaError);
  try {
    Instance instance(host, component, Value::table({{"url", "http://x"}, {"timeout", "0s"}}));
    FAIL() << "a timeout of 0 was taken";
  } catch (const CreateError& e) {
    EXPECT_EQ(e.status(), HG_E_CONFIG);
    EXPECT_STREQ(e.what(), "timeout: must be above 0");
  }
}

TEST(ExampleConfigTest, AHostWithoutHttpIsRefused) {
  FakeHost host;
  host.withhold("hg.http-client/1");
  try {
    Instance instance(host, plugin().component(EXAMPLE_ID), kConfig);
    FAIL();
  } catch (const CreateError& e) {
    EXPECT_EQ(e.status(), HG_E_UNSUPPORTED);
    EXPECT_STREQ(e.what(), "this gateway does not offer hg.http-client/1");
  }
}

TEST(ExampleConfigTest, InstancesAreIndependent) {
  FakeHost first_host, second_host;
  Instance first(first_host, plugin().component(EXAMPLE_ID), kConfig);
  Instance second(second_host, plugin().component(EXAMPLE_ID),
                  Value::table({{"url", "https://other"}, {"max_in_flight", 3}}));
  EXPECT_EQ(ProviderDriver(first).caps().max_inflight, 64U);
  EXPECT_EQ(ProviderDriver(second).caps().max_inflight, 3U);
}

}  // namespace
}  // namespace heliograph::sdk::testing
