#include <heliograph/http_outcome.hpp>

#include <gtest/gtest.h>

#include <array>
#include <string>

#include <heliograph/testing/testing.hpp>

namespace heliograph::sdk {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;

hg_http_response response(std::uint32_t progress, std::uint32_t code) {
  hg_http_response raw{};
  raw.size = sizeof(raw);
  raw.progress = progress;
  raw.code = code;
  raw.status = progress == HG_HTTP_COMPLETE ? HG_OK : HG_E_IO;
  raw.detail = HG_STR("why");
  return raw;
}

SendResult classified(const hg_http_response& raw) {
  static testing::FakeHost host;
  static detail::HostState state{host.raw()};
  return classify(HttpResponse(raw), Host(state));
}

TEST(HttpOutcomeTest, WithoutAnAnswerTheProgressDecides) {
  EXPECT_EQ(classified(response(HG_HTTP_NOT_CONNECTED, 0)).outcome, HG_RETRY);
  EXPECT_EQ(classified(response(HG_HTTP_NOT_WRITTEN, 0)).outcome, HG_RETRY);
  EXPECT_EQ(classified(response(HG_HTTP_WRITTEN, 0)).outcome, HG_UNKNOWN);
  EXPECT_EQ(classified(response(HG_HTTP_WRITTEN, 0)).detail, "why");
}

TEST(HttpOutcomeTest, StatusCodes) {
  const std::array<std::pair<std::uint32_t, std::uint32_t>, 14> cases{{{200, HG_SENT},
                                                                       {202, HG_SENT},
                                                                       {301, HG_RETRY},
                                                                       {400, HG_REJECTED},
                                                                       {401, HG_REFUSED},
                                                                       {403, HG_RETRY},
                                                                       {404, HG_REJECTED},
                                                                       {408, HG_RETRY},
                                                                       {422, HG_REJECTED},
                                                                       {429, HG_THROTTLED},
                                                                       {500, HG_RETRY},
                                                                       {502, HG_RETRY},
                                                                       {503, HG_THROTTLED},
                                                                       {599, HG_RETRY}}};
  for (const auto& [code, outcome] : cases) {
    const SendResult result = classified(response(HG_HTTP_COMPLETE, code));
    EXPECT_EQ(result.outcome, outcome) << code;
    EXPECT_EQ(result.status_code, static_cast<int>(code));
  }
}

TEST(HttpOutcomeTest, ACutOffBodyDoesNotChangeWhatTheStatusSays) {
  EXPECT_EQ(classified(response(HG_HTTP_HEAD, 202)).outcome, HG_SENT);
  EXPECT_EQ(classified(response(HG_HTTP_HEAD, 400)).outcome, HG_REJECTED);
}

nanoseconds wait_for(std::string_view value, nanoseconds unix_now = seconds{0}) {
  hg_http_response raw = response(HG_HTTP_COMPLETE, 503);
  const std::array headers{kv("retry-after", value)};
  raw.headers = headers.data();
  raw.n_headers = headers.size();
  return retry_after(HttpResponse(raw), unix_now);
}

TEST(HttpOutcomeTest, RetryAfterInSeconds) {
  EXPECT_EQ(wait_for("7"), seconds{7});
  EXPECT_EQ(wait_for("0"), seconds{0});
  EXPECT_EQ(wait_for("999999"), std::chrono::hours{24});
  for (const char* text : {"", "-1", "1.5", "soon", "7 ", "99999999999999"}) {
    EXPECT_EQ(wait_for(text), seconds{0}) << text;
  }
}

TEST(HttpOutcomeTest, RetryAfterAsADate) {
  const seconds then{784111777};  // RFC 9110's own example
  EXPECT_EQ(wait_for("Sun, 06 Nov 1994 08:49:37 GMT", then - seconds{30}), seconds{30});
  EXPECT_EQ(wait_for("Sun, 06 Nov 1994 08:49:37 GMT", then + seconds{30}), seconds{0});
  EXPECT_EQ(wait_for("Sun, 06 Nov 4993 08:49:37 GMT", then), std::chrono::hours{24});
  EXPECT_EQ(wait_for("Sun, 06 Nov 0001 08:49:37 GMT", then), seconds{0});
  for (const char* text : {"Sun, 06 Nov 1994 08:49:37 CET", "Sun, 31 Feb 1994 08:49:37 GMT",
                           "Sun, 06 XXX 1994 08:49:37 GMT", "Sun, 06 Nov 1994 25:49:37 GMT"}) {
    EXPECT_EQ(wait_for(text, then - seconds{30}), seconds{0}) << text;
  }
}

TEST(HttpOutcomeTest, OnlyWaitsThatMeanSomethingArePassedOn) {
  hg_http_response raw = response(HG_HTTP_COMPLETE, 429);
  const std::array headers{kv("retry-after", "3")};
  raw.headers = headers.data();
  raw.n_headers = headers.size();
  EXPECT_EQ(classified(raw).retry_after, seconds{3});
  raw.code = 500;
  EXPECT_EQ(classified(raw).retry_after, seconds{3});
  raw.code = 200;
  EXPECT_EQ(classified(raw).retry_after, seconds{0});
}

}  // namespace
}  // namespace heliograph::sdk
