#include "core/app/remote/top_view.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace heliograph::app {
namespace {

using Json = nlohmann::json;

TopLook look(int seconds, int sends) {
  TopLook made;
  made.at = std::chrono::steady_clock::time_point{} + std::chrono::seconds{seconds};
  made.providers = Json::parse(R"({"providers": [{"id": "p1", "healthy": false, "enabled": true,
      "draining": false, "circuit": "open", "reason": "timeouts", "in_flight": 2, "max_in_flight": 8,
      "window": {"failure_rate": 0.25}}]})");
  made.queue = Json::parse(R"({"waiting": 3, "sending": 2, "later": 1, "accepting": true,
      "lanes": {"urgent": {"live": 1, "later": 0, "more": false, "oldest_seconds": 0.5},
                "normal": {"live": 100000, "later": 1, "more": true, "oldest_seconds": 2.0}}})");
  made.limits = Json::parse(R"({"total": null, "dispatch": null, "providers": [{"id": "p1",
      "limit": {"count": 5, "limit": 50, "window_ms": 1000}}]})");
  made.distribution = {{"sends", sends}, {"providers", {{{"id", "p1"}, {"sends", sends}}}}};
  made.messages = nullptr;
  made.dead_letters = nullptr;
  return made;
}

TEST(TopView, RatesAreMadeOfTwoLooks) {
  const TopLook first = look(10, 100);
  EXPECT_TRUE(top_document(first, nullptr)["sends_per_second"].is_null());
  const Json document = top_document(look(12, 130), &first);
  EXPECT_EQ(document["sends_per_second"], 15.0);
  EXPECT_EQ(document["providers"][0]["sends_per_second"], 15.0);
  // Counts that were reset in between.
  EXPECT_TRUE(top_document(look(12, 4), &first)["sends_per_second"].is_null());
}

TEST(TopView, LatencyIsOfMessagesThatWereSentAtOnce) {
  TopLook now = look(1, 0);
  now.messages = {{"messages", Json::array()}};
  EXPECT_TRUE(top_document(now, nullptr)["latency"].is_null());
  const auto message = [](const char* status, const char* updated) {
    return Json{
        {"status", status}, {"created_at", "2026-01-01T00:00:00.000Z"}, {"updated_at", updated}};
  };
  now.messages["messages"] = {message("SENT", "2026-01-01T00:00:00.010Z"),
                              message("SENT", "2026-01-01T00:00:00.030Z"),
                              message("QUEUED", "2026-01-01T00:00:09.000Z")};
  Json scheduled = message("SENT", "2026-01-01T08:00:00.000Z");
  scheduled["send_at"] = "2026-01-01T08:00:00.000Z";
  now.messages["messages"].push_back(scheduled);
  const Json latency = top_document(now, nullptr)["latency"];
  EXPECT_EQ(latency["messages"], 2);
  EXPECT_EQ(latency["p50_ms"], 30);
  EXPECT_EQ(latency["max_ms"], 30);
}

TEST(TopView, ShowsWhatAnOperatorLooksFor) {
  const TopLook first = look(10, 100);
  const std::string text = top_text(top_document(look(12, 130), &first), 0, 0);
  for (const char* expected : {"sends/s 15.0", "circuit open", "2/8", "25%", "5/50 in 1000 ms",
                               "timeouts", "100000+", "a key with the scope read"}) {
    EXPECT_TRUE(text.contains(expected)) << expected << "\n" << text;
  }
}

TEST(TopView, FitsItsTerminal) {
  const std::string text = top_text(top_document(look(10, 100), nullptr), 20, 5);
  EXPECT_EQ(std::ranges::count(text, '\n'), 5);
  std::size_t from = 0;
  for (auto end = text.find('\n'); end != std::string::npos; end = text.find('\n', from)) {
    EXPECT_LE(end - from, 20U);
    from = end + 1;
  }
}

}  // namespace
}  // namespace heliograph::app
