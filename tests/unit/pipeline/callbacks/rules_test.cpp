// The rules of callbacks: when again, what an answer means, how fast to one endpoint.
#include <gtest/gtest.h>

#include "core/config/config.h"
#include "core/pipeline/callbacks/pace.h"
#include "core/pipeline/callbacks/schedule.h"
#include "core/pipeline/callbacks/verdict.h"

namespace heliograph::pipeline {
namespace {

using namespace std::chrono_literals;
using ports::HttpProgress;
using ports::HttpStatus;
using ports::MonoTime;
using std::chrono::milliseconds;

TEST(CallbackSchedule, IsTheOneOfStandardWebhooks) {
  const std::vector<milliseconds> expected{0s, 5s, 5min, 30min, 2h, 5h, 10h, 14h, 20h, 24h};
  milliseconds total{0};
  for (std::size_t made = 0; made < expected.size(); ++made) {
    EXPECT_EQ(callback_delay(config::Callbacks{}.retry_delays, made, 0), expected[made]) << made;
    total += expected[made];
  }
  EXPECT_EQ(callback_delay(config::Callbacks{}.retry_delays, 10, 0), std::nullopt);
  EXPECT_EQ(total, 75h + 35min + 5s);
}

TEST(CallbackSchedule, JitterOnlyAddsUpToAFifth) {
  EXPECT_EQ(callback_delay({10s}, 1, 0.5), 11s);
  EXPECT_LE(callback_delay({10s}, 1, 0.9999), 12s);
  EXPECT_EQ(callback_delay({}, 1, 0), std::nullopt);
}

ports::OutgoingResponse answer(unsigned code) {
  ports::OutgoingResponse response;
  response.status = HttpStatus::kOk;
  response.progress = HttpProgress::kComplete;
  response.code = code;
  return response;
}

const model::TimePoint kNow{milliseconds{784'111'777'000}};  // Sun, 06 Nov 1994 08:49:37 GMT

struct Expected {
  unsigned code;
  bool delivered, gone, slow_down;
};
class AnswerTest : public testing::TestWithParam<Expected> {};
TEST_P(AnswerTest, Means) {
  const auto verdict = judge_callback(answer(GetParam().code), kNow);
  EXPECT_EQ(verdict.delivered, GetParam().delivered);
  EXPECT_EQ(verdict.gone, GetParam().gone);
  EXPECT_EQ(verdict.slow_down, GetParam().slow_down);
  EXPECT_EQ(verdict.status_code, static_cast<int>(GetParam().code));
  EXPECT_EQ(verdict.error.empty(), GetParam().delivered);
}
INSTANTIATE_TEST_SUITE_P(
    Codes, AnswerTest,
    testing::Values(Expected{200, true, false, false}, Expected{204, true, false, false},
                    Expected{299, true, false, false}, Expected{301, false, false, false},
                    Expected{302, false, false, false}, Expected{308, false, false, false},
                    Expected{400, false, false, false}, Expected{404, false, false, false},
                    Expected{410, false, true, false}, Expected{429, false, false, true},
                    Expected{500, false, false, false}, Expected{502, false, false, true},
                    Expected{503, false, false, true}, Expected{504, false, false, true}));

TEST(CallbackVerdict, TheStatusCountsWhateverBecameOfTheBody) {
  ports::OutgoingResponse response = answer(200);
  response.progress = HttpProgress::kHead;
  response.status = HttpStatus::kDeadline;
  EXPECT_TRUE(judge_callback(response, kNow).delivered);
  response.progress = HttpProgress::kWritten;
  response.code = 0;
  const auto verdict = judge_callback(response, kNow);
  EXPECT_FALSE(verdict.delivered);
  EXPECT_EQ(verdict.status_code, 0);
  EXPECT_EQ(verdict.error, "no answer in time");
}

TEST(CallbackVerdict, RetryAfterIsSecondsOrADate) {
  const auto wait = [](const std::string& value) {
    ports::OutgoingResponse response = answer(503);
    response.headers = {{"content-type", "text/plain"}, {"retry-after", value}};
    return judge_callback(response, kNow).retry_after;
  };
  EXPECT_EQ(wait("120"), 120s);
  EXPECT_EQ(wait(" 7 "), 7s);
  EXPECT_EQ(wait("99999999999"), 24h);
  EXPECT_EQ(wait("Sun, 06 Nov 1994 08:50:07 GMT"), 30s);
  EXPECT_EQ(wait("Sun, 06 Nov 1994 08:00:00 GMT"), 0s);
  EXPECT_EQ(wait("soon"), std::nullopt);
  EXPECT_EQ(wait("-5"), std::nullopt);
}

TEST(CallbackPace, GrowsWithSuccessAndHalvesWithFailure) {
  CallbackPace pace(10);
  EXPECT_EQ(pace.allowed(), 4u);
  for (int i = 0; i < 20; ++i) pace.on_success();
  EXPECT_EQ(pace.allowed(), 10u);
  pace.on_failure(MonoTime{1s}, MonoTime{2s});
  EXPECT_EQ(pace.allowed(), 5u);
  // Under way with the first: nothing new.
  pace.on_failure(MonoTime{1s}, MonoTime{3s});
  EXPECT_EQ(pace.allowed(), 5u);
  EXPECT_LE(pace.paused_until(), MonoTime{3s});
}

TEST(CallbackPace, LeavesWhatFailsAgainAndAgainAlone) {
  CallbackPace pace(10);
  MonoTime now{1s};
  std::vector<std::chrono::nanoseconds> pauses;
  for (int i = 0; i < 12; ++i) {
    pace.on_failure(now, now + 1ms);
    now += 1ms;
    pauses.push_back(std::max(pace.paused_until() - now, 0ns));
    now = std::max(now, pace.paused_until()) + 1ms;
  }
  const std::vector<std::chrono::nanoseconds> expected{0s,  0s,  1s,  2s,  4s,  8s,
                                                       16s, 32s, 60s, 60s, 60s, 60s};
  EXPECT_EQ(pauses, expected);
  EXPECT_EQ(pace.allowed(), 1u);
  pace.on_success();
  pace.on_failure(now, now + 1ms);
  EXPECT_LT(pace.paused_until(), now);
}

TEST(CallbackPace, SlowsDownForAsLongAsItIsAsked) {
  CallbackPace pace(10);
  pace.on_slow_down(30s, MonoTime{10s});
  EXPECT_EQ(pace.allowed(), 1u);
  EXPECT_EQ(pace.paused_until(), MonoTime{40s});
  pace.on_slow_down(std::nullopt, MonoTime{50s});
  EXPECT_EQ(pace.paused_until(), MonoTime{55s});
  pace.on_slow_down(0s, MonoTime{60s});
  EXPECT_EQ(pace.paused_until(), MonoTime{61s});
  pace.on_slow_down(100h, MonoTime{70s});
  EXPECT_EQ(pace.paused_until(), MonoTime{70s} + 1h);
}

}  // namespace
}  // namespace heliograph::pipeline
