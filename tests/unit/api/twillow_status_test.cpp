// Health, distribution, limits and queue in Twillow's shapes, and what operators see natively.
#include "tests/unit/api/twillow_fixture.h"

namespace heliograph::test {
namespace {

using nlohmann::json;
using pipeline::ProviderAction;

pipeline::LimitUse use_of(std::uint64_t limit, std::uint64_t count) {
  return {.limit = config::Limit{.limit = limit, .window = std::chrono::milliseconds{1'000}},
          .quota = limit,
          .count = count,
          .retry_after = std::chrono::milliseconds{count < limit ? 0 : 400}};
}

class TwillowStatus : public TwillowTest {
 protected:
  pipeline::ProviderStatus& one() { return providers.all[0]; }
  pipeline::ProviderStatus& two() { return providers.all[1]; }
};

TEST_F(TwillowStatus, HealthOfOneProvider) {
  one().window_successes = 1;
  one().window_failures = 3;
  one().circuit = pipeline::Circuit::kOpen;
  const json body = read("/api/sms/health/provider1");
  const std::string now = "2025-11-24T16:01:40.000Z";
  const std::string end_of_window = "2025-11-24T16:06:40.000Z";
  EXPECT_EQ(
      body,
      (json{{"provider_id", "provider1"},
            {"is_healthy", false},
            {"total_requests", 4},
            {"success_count", 1},
            {"failure_count", 3},
            {"failure_rate", 0.75},
            {"current_window", {{"success", 1}, {"failure", 3}, {"expires_at", end_of_window}}},
            {"previous_window", {{"success", 0}, {"failure", 0}}},
            {"threshold", 0.7},
            {"window_duration_seconds", 300},
            {"timestamp", now}}));
  const auto unknown = send(get("/api/sms/health/provider9", ""));
  EXPECT_EQ(unknown.status, 404u);
  EXPECT_EQ(json_of(unknown), (json{{"detail", "Provider provider9 not found"}}));
  EXPECT_EQ(send(get("/api/sms/health/mailer", "")).status, 404u);
}

TEST_F(TwillowStatus, HealthOfAll) {
  two().enabled = false;
  const json body = read("/api/sms/health");
  EXPECT_EQ(body.at("providers").size(), 2u);
  EXPECT_EQ(body.at("providers").at("provider1"), read("/api/sms/health/provider1"));
  EXPECT_EQ(body.at("summary"), (json{{"total_providers", 2},
                                      {"healthy_providers", 1},
                                      {"unhealthy_providers", 1},
                                      {"system_healthy", true}}));
  EXPECT_EQ(body.at("configuration"),
            (json{{"window_duration_seconds", 300}, {"failure_threshold", 0.7}}));
  EXPECT_TRUE(body.at("timestamp").is_string());
  one().quarantined = "misbehaved";
  EXPECT_EQ(read("/api/sms/health").at("summary").at("system_healthy"), false);
}

TEST_F(TwillowStatus, ResettingHealthIsTheOperatorsReset) {
  const auto response = send(call("/api/sms/health/provider2/reset", ""));
  EXPECT_EQ(response.status, 200u);
  EXPECT_EQ(json_of(response), (json{{"success", true},
                                     {"message", "Health metrics reset for provider2"},
                                     {"provider_id", "provider2"}}));
  ASSERT_EQ(providers.actions.size(), 1u);
  EXPECT_EQ(providers.actions[0], std::pair(std::string("provider2"), ProviderAction::kReset));
  EXPECT_EQ(send(call("/api/sms/health/provider9/reset", "")).status, 404u);
  EXPECT_EQ(send(call("/api/sms/health/mailer/reset", "")).status, 404u);
  EXPECT_EQ(providers.actions.size(), 1u);
}

TEST_F(TwillowStatus, DistributionStats) {
  one().sends = 7;
  one().picks = 5;
  one().in_flight = 2;
  one().last_used = clock.wall();
  one().limit = use_of(5, 5);
  two().sends = 3;
  two().picks = 3;
  two().circuit = pipeline::Circuit::kHalfOpen;
  providers.counts.last_pick = "provider1";
  const json body = read("/api/sms/distribution-stats");
  EXPECT_EQ(body.at("total_requests"), 10);
  EXPECT_EQ(body.at("healthy_providers"), 1);
  EXPECT_EQ(body.at("unhealthy_providers"), 1);
  EXPECT_EQ(body.at("requests_per_provider"), (json{{"provider1", 7}, {"provider2", 3}}));
  EXPECT_EQ(body.at("provider_usage_count"), (json{{"provider1", 5}, {"provider2", 3}}));
  EXPECT_EQ(body.at("round_robin_index"), 1);
  EXPECT_EQ(body.at("healthy_providers_queue"), (json{"provider1"}));
  EXPECT_EQ(body.at("provider_status").at("provider1"),
            (json{{"is_healthy", true},
                  {"is_rate_limited", true},
                  {"current_load", 2},
                  {"last_used", "2025-11-24T16:01:40.000Z"}}));
  EXPECT_EQ(body.at("provider_status").at("provider2").at("last_used"), nullptr);
  EXPECT_EQ(body.size(), 8u);
  providers.counts.last_pick = "provider2";
  EXPECT_EQ(read("/api/sms/distribution-stats").at("round_robin_index"), 0);
}

TEST_F(TwillowStatus, ResettingTheDistribution) {
  const auto response = send(call("/api/sms/distribution-stats/reset", ""));
  EXPECT_EQ(response.status, 200u);
  EXPECT_EQ(json_of(response),
            (json{{"success", true}, {"message", "Distribution statistics reset"}}));
  EXPECT_EQ(providers.resets, 1);
  read("/api/sms/distribution-stats");
  EXPECT_EQ(providers.resets, 1) << "reading resets nothing";
}

TEST_F(TwillowStatus, RateLimits) {
  intake_settings.limits.total = config::Limit{.limit = 20, .window = std::chrono::seconds{1}};
  rebuild();
  one().limit = use_of(5, 4);
  two().limit = use_of(5, 5);
  for (int i = 0; i < 3; ++i) send(call("/api/sms", kMessage));
  const json body = read("/api/sms/rate-limits");
  EXPECT_EQ(body, (json{{"provider_limited", false},
                        {"global_limited", false},
                        {"provider_count", 5},
                        {"global_count", 3},
                        {"provider_limit", 5},
                        {"global_limit", 20},
                        {"providers",
                         {{"provider1", {{"count", 4}, {"limit", 5}, {"window_seconds", 1.0}}},
                          {"provider2", {{"count", 5}, {"limit", 5}, {"window_seconds", 1.0}}}}}}));
  one().limit = use_of(5, 5);
  for (int i = 0; i < 17; ++i) send(call("/api/sms", kMessage));
  const json full = read("/api/sms/rate-limits");
  EXPECT_EQ(full.at("provider_limited"), true);
  EXPECT_EQ(full.at("global_limited"), true);
  EXPECT_EQ(full.at("global_count"), 20);
}

TEST_F(TwillowStatus, WithoutLimitsThereIsNothingToCount) {
  const json body = read("/api/sms/rate-limits");
  EXPECT_EQ(body.at("provider_limited"), false);
  for (const char* name : {"provider_count", "global_count", "provider_limit", "global_limit"})
    EXPECT_EQ(body.at(name), nullptr) << name;
  EXPECT_EQ(body.at("providers").at("provider1"),
            (json{{"count", nullptr}, {"limit", nullptr}, {"window_seconds", nullptr}}));
}

TEST_F(TwillowStatus, QueueStatus) {
  store.queue_depth = {.waiting = 12, .sending = 3};
  EXPECT_EQ(read("/api/sms/queue-status"), (json{{"status", "active"},
                                                 {"queue_type", "Memory 1"},
                                                 {"providers_configured", 2},
                                                 {"max_concurrent_workers", 128},
                                                 {"task_retry_limit", 4},
                                                 {"waiting", 12},
                                                 {"sending", 3}}));
  settings.redis_url = "redis://localhost:6379";
  rebuild();
  EXPECT_EQ(read("/taskiq-status"), (json{{"broker_type", "Heliograph"},
                                          {"queue_name", "messages"},
                                          {"redis_url", "redis://localhost:6379"},
                                          {"max_connection_pool_size", 128},
                                          {"status", "active"},
                                          {"waiting", 12},
                                          {"sending", 3}}));
  settings.redis_url.clear();
  rebuild();
  store.overloaded = ports::Overloaded{.reason = "disk full"};
  EXPECT_EQ(read("/taskiq-status").at("redis_url"), nullptr);
  EXPECT_EQ(read("/taskiq-status").at("status"), "paused");
}

// ---- the native operations ----

TEST_F(TwillowStatus, OperatorsSeeTheLimits) {
  intake_settings.limits.total = config::Limit{.limit = 20, .window = std::chrono::seconds{1}};
  rebuild();
  one().limit = use_of(5, 5);
  send(call("/api/sms", kMessage));
  const json body = json_of(send(get("/v1/admin/limits")));
  EXPECT_EQ(body.at("total"), (json{{"algorithm", "sliding_window"},
                                    {"unit", "messages"},
                                    {"limit", 20},
                                    {"window_ms", 1'000},
                                    {"count", 1},
                                    {"remaining", 19},
                                    {"limited", false},
                                    {"retry_after_ms", 0}}));
  EXPECT_EQ(body.at("dispatch"), nullptr);
  EXPECT_EQ(body.at("providers")[0].at("id"), "provider1");
  EXPECT_EQ(body.at("providers")[0].at("limit").at("limited"), true);
  EXPECT_EQ(body.at("providers")[0].at("limit").at("retry_after_ms"), 400);
  EXPECT_EQ(body.at("providers")[1], (json{{"id", "provider2"}, {"limit", nullptr}}));
  EXPECT_EQ(send(get("/v1/admin/limits", kReadKey)).status, 403u);
}

TEST_F(TwillowStatus, OperatorsSeeAndResetTheDistribution) {
  settings.distributor = "weighted_round_robin";
  rebuild();
  providers.all.pop_back();
  one().sends = 3;
  one().picks = 2;
  two().sends = 1;
  providers.counts.since = clock.wall();
  providers.counts.last_pick = "provider2";
  const json body = json_of(send(get("/v1/admin/distribution")));
  EXPECT_EQ(body.at("strategy"), "weighted_round_robin");
  EXPECT_EQ(body.at("since"), "2025-11-24T16:01:40.000Z");
  EXPECT_EQ(body.at("sends"), 4);
  EXPECT_EQ(body.at("last_pick"), "provider2");
  EXPECT_EQ(body.at("providers")[0], (json{{"id", "provider1"},
                                           {"healthy", true},
                                           {"limited", false},
                                           {"sends", 3},
                                           {"picks", 2},
                                           {"share", 0.75},
                                           {"in_flight", 0}}));
  EXPECT_EQ(send(post("/v1/admin/distribution/reset")).status, 200u);
  EXPECT_EQ(providers.resets, 1);
  EXPECT_EQ(send(post("/v1/admin/distribution/reset", "", kOtherKey)).status, 403u);
}

}  // namespace
}  // namespace heliograph::test
