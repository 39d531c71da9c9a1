#include "core/app/metrics_families.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace heliograph::app {
namespace {

using plugin::MetricKind;
using plugin::MetricValue;
using telemetry::Family;

MetricValue value_of(MetricKind kind, const std::string& name, double value,
                     const std::string& unit = {},
                     std::vector<std::pair<std::string, std::string>> labels = {}) {
  labels.insert(labels.begin(), {{"plugin", "my-plugin"}, {"instance", "one"}});
  return {.description = {.kind = kind,
                          .name = name,
                          .help = "Help.",
                          .unit = unit,
                          .labels = std::move(labels)},
          .value = value,
          .count = 1,
          .buckets = {}};
}

std::string text(const std::vector<MetricValue>& values) {
  return telemetry::metrics_text(own_metrics_of_plugins(values));
}

double sample(const Families& families, const std::string& name,
              const ports::MetricLabels& labels) {
  for (const Family& family : families) {
    if (family.name != name) continue;
    const auto found = std::ranges::find(family.samples, labels, &telemetry::Sample::labels);
    if (found != family.samples.end()) return found->value;
  }
  ADD_FAILURE() << name << " is not there";
  return -1;
}

TEST(PluginMetrics, NamesAreMadeToFollowTheRules) {
  EXPECT_EQ(text({value_of(MetricKind::kCounter, "Things done!", 2)}),
            "# HELP heliograph_plugin_my_plugin_things_done_total Help.\n"
            "# TYPE heliograph_plugin_my_plugin_things_done_total counter\n"
            "heliograph_plugin_my_plugin_things_done_total{plugin=\"my-plugin\","
            "instance_name=\"one\"} 2\n");
  const auto named = [](const MetricValue& value) {
    return own_metrics_of_plugins({value}).at(0).name;
  };
  EXPECT_EQ(named(value_of(MetricKind::kCounter, "a_total", 1)),
            "heliograph_plugin_my_plugin_a_total");
  EXPECT_EQ(named(value_of(MetricKind::kGauge, "a_total", 1)), "heliograph_plugin_my_plugin_a");
  EXPECT_EQ(named(value_of(MetricKind::kHistogram, "wait_ms", 1, "ms")),
            "heliograph_plugin_my_plugin_wait_seconds");
  EXPECT_EQ(named(value_of(MetricKind::kCounter, "sent_bytes_total", 1, "bytes")),
            "heliograph_plugin_my_plugin_sent_bytes_total");
}

TEST(PluginMetrics, UnitsBecomeBaseUnits) {
  auto wait = value_of(MetricKind::kHistogram, "wait", 1500, "ms");
  wait.buckets = {{1000, 1}};
  const auto families = own_metrics_of_plugins({wait});
  EXPECT_DOUBLE_EQ(families.at(0).samples.at(0).value, 1.5);
  EXPECT_DOUBLE_EQ(families.at(0).samples.at(0).buckets.at(0).first, 1.0);
}

TEST(PluginMetrics, AnInstanceThatCameBackGoesOn) {
  const auto counter = value_of(MetricKind::kCounter, "a", 2);
  const auto gauge = value_of(MetricKind::kGauge, "b", 2);
  const auto later = value_of(MetricKind::kGauge, "b", 5);
  const auto families = own_metrics_of_plugins({counter, gauge, counter, later});
  ASSERT_EQ(families.size(), 2U);
  ASSERT_EQ(families[0].samples.size(), 1U);
  EXPECT_EQ(families[0].samples[0].value, 4);
  EXPECT_EQ(families[1].samples.at(0).value, 5);
}

TEST(PluginMetrics, LabelsThatCannotBeAreMadeToFit) {
  const std::string page =
      text({value_of(MetricKind::kGauge, "a", 1, "",
                     {{"le", "1"}, {"instance", "mine"}, {"1st", "x"}, {"", "y"}})});
  EXPECT_NE(page.find("instance_name=\"one\""), std::string::npos) << page;
  EXPECT_NE(page.find("label_le=\"1\""), std::string::npos) << page;
  EXPECT_NE(page.find("label_1st=\"x\""), std::string::npos) << page;
  EXPECT_EQ(page.find("mine"), std::string::npos) << page;
}

TEST(PluginMetrics, AKindThatChangesIsNotMixed) {
  const auto families = own_metrics_of_plugins(
      {value_of(MetricKind::kGauge, "a", 1), value_of(MetricKind::kHistogram, "a", 2)});
  ASSERT_EQ(families.size(), 1U);
  EXPECT_EQ(families[0].samples.at(0).value, 1);
}

TEST(MetricsFamilies, MisbehaviourAndOverrunsAreToldApart) {
  plugin::InstanceStatus status;
  status.name = "p";
  status.plugin = "http";
  status.state = "running";
  status.misbehaviour = {{"slow_call", 3}, {"bad_index", 2}};
  status.calls = 7;
  status.call_time = std::chrono::milliseconds{250};
  const auto families = plugin_families({status});
  const ports::MetricLabels label{{"instance_name", "p"}, {"plugin", "http"}};
  auto bad_index = label;
  bad_index.emplace_back("fault", "bad_index");
  EXPECT_EQ(sample(families, "heliograph_plugin_overruns_total", label), 3);
  EXPECT_EQ(sample(families, "heliograph_plugin_misbehaviour_total", bad_index), 2);
  EXPECT_EQ(sample(families, "heliograph_plugin_calls_total", label), 7);
  EXPECT_EQ(sample(families, "heliograph_plugin_call_seconds_total", label), 0.25);
  EXPECT_EQ(sample(families, "heliograph_plugin_up", label), 1);
}

TEST(MetricsFamilies, AnOldMessageOfAnotherClockIsNeverNegative) {
  ports::LaneDepths lanes;
  const model::TimePoint now{std::chrono::hours{1}};
  lanes[0] = {.live = ports::kLaneCountMax + 1,
              .later = 5,
              .more = true,
              .read = true,
              .oldest = now + std::chrono::seconds{3}};
  const auto families = queue_families(lanes, now);
  EXPECT_EQ(sample(families, "heliograph_queue_oldest_age_seconds", {{"lane", "urgent"}}), 0);
  EXPECT_EQ(sample(families, "heliograph_queue_messages", {{"lane", "urgent"}, {"state", "due"}}),
            ports::kLaneCountMax - 5);
}

// An alert on an empty queue, or on a full one, must not be made of a read that was cut short.
TEST(MetricsFamilies, WhatCouldNotBeReadIsLeftOut) {
  const model::TimePoint now{std::chrono::hours{1}};
  ports::LaneDepths lanes;
  for (const auto& family : queue_families(lanes, now)) EXPECT_TRUE(family.samples.empty());
  EXPECT_TRUE(backlog_families({.pending = 0, .read = false, .oldest = {}}, now).empty());
  lanes[1].read = true;
  const auto families = queue_families(lanes, now);
  EXPECT_EQ(sample(families, "heliograph_queue_messages", {{"lane", "normal"}, {"state", "due"}}),
            0);
  ASSERT_FALSE(families.empty());
  for (const auto& family : families) {
    for (const auto& one : family.samples)
      EXPECT_EQ(one.labels.front().second, "normal") << family.name;
  }
  EXPECT_EQ(backlog_families({.pending = 3, .read = true, .oldest = {}}, now).size(), 2U);
}

}  // namespace
}  // namespace heliograph::app
