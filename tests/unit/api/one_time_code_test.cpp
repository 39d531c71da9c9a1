// One-time codes: made, put into a text, read back.
#include "core/api/one_time_code.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/unit/api/api_fixture.h"

namespace heliograph::test {
namespace {

TEST(OneTimeCode, HasSixDigitsAndIsNotTheSameTwice) {
  std::set<std::string> seen;
  for (int i = 0; i < 200; ++i) {
    const std::string code = api::generate_otp();
    EXPECT_EQ(code.size(), 6u);
    EXPECT_EQ(code.find_first_not_of("0123456789"), std::string::npos);
    seen.insert(code);
  }
  EXPECT_GT(seen.size(), 190u);
}

TEST(OneTimeCode, ReplacesEveryPlaceholderOrComesLast) {
  const struct {
    const char* text;
    const char* with;
  } rows[] = {{"Code: {otp}.", "Code: 123456."},
              {"{otp}", "123456"},
              {"{otp} or {otp}", "123456 or 123456"},
              {"Your code:", "Your code: 123456"},
              {"Your code: ", "Your code: 123456"},
              {"", "123456"},
              {"{OTP}", "{OTP} 123456"}};
  for (const auto& row : rows) {
    EXPECT_EQ(api::put_otp(row.text, "123456"), row.with);
    EXPECT_EQ(api::find_otp(row.text, row.with), "123456") << row.text;
  }
}

TEST(OneTimeCode, IsNotFoundInAnotherText) {
  for (const char* other :
       {"", "Code: 12345.", "Code: 123456!", "Coda: 123456.", "Code: 12345x."}) {
    EXPECT_FALSE(api::find_otp("Code: {otp}.", other)) << other;
  }
}

using OneTimeCodeApi = ApiTest;

TEST_F(OneTimeCodeApi, IsInTheTextAndInTheAnswerAlsoOfAReplay) {
  const std::string body = R"({"to":"+14155552671","from":"TEST","text":"Code {otp}","otp":true})";
  http::Request request = post("/v1/messages", body);
  request.headers.emplace_back("idempotency-key", "k1");
  const http::Response first = send(request);
  ASSERT_EQ(first.status, 202u) << first.body;
  const std::string code = json_of(first).at("otp_code");
  EXPECT_EQ(store.messages.begin()->second.text, "Code " + code);
  const http::Response again = send(request);
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(header(again, "Idempotent-Replayed"), "true");

  store.messages.begin()->second.text.clear();  // as its retention does
  EXPECT_FALSE(json_of(send(request)).contains("otp_code"));
}

TEST_F(OneTimeCodeApi, CountsAsTheText) {
  intake_settings.messages.text_max = 10;
  rebuild();
  const http::Response response =
      send(post("/v1/messages", R"({"to":"+14155552671","from":"T","text":"Code","otp":true})"));
  EXPECT_EQ(response.status, 400u);
  EXPECT_EQ(json_of(response).at("pointer"), "/text");
}

TEST_F(OneTimeCodeApi, ComesWithTheStateInSyncMode) {
  http::Request request =
      post("/v1/messages", R"({"to":"+14155552671","from":"T","text":"Code","otp":true})");
  request.headers.emplace_back("prefer", "wait=9");
  const auto exchange = begin(std::move(request));
  model::MessageView& message = store.messages.begin()->second;
  message.status = model::Status::kSent;
  settlements.tell(std::span(&message.id, 1));
  turn();
  ASSERT_TRUE(exchange->response);
  EXPECT_EQ("Code " + json_of(*exchange->response).at("otp_code").get<std::string>(), message.text);
}

}  // namespace
}  // namespace heliograph::test
