#include "core/telemetry/metrics.h"

#include <gtest/gtest.h>

#include <array>
#include <stdexcept>
#include <thread>

#include "core/telemetry/process_figures.h"

namespace heliograph::telemetry {
namespace {

using ports::MetricLabels;

constexpr std::array kBounds{0.1, 1.0};

TEST(Metrics, SameNameAndLabelsAreTheSameCounter) {
  Metrics metrics;
  auto& first = metrics.counter("a_total", "Help.", {{"reason", "x"}});
  auto& other = metrics.counter("a_total", "Help.", {{"reason", "y"}});
  EXPECT_EQ(&first, &metrics.counter("a_total", "Help.", {{"reason", "x"}}));
  EXPECT_NE(&first, &other);
}

TEST(Metrics, TextIsWhatPrometheusReads) {
  Metrics metrics;
  metrics.counter("heliograph_b_total", "Second.", {{"reason", "say \"no\"\n"}}).add(3);
  auto& times = metrics.histogram("heliograph_a_seconds", "First.", kBounds);
  times.record(0.1);
  times.record(0.5);
  times.record(7.0);
  EXPECT_EQ(metrics_text(metrics.snapshot()),
            "# HELP heliograph_a_seconds First.\n"
            "# TYPE heliograph_a_seconds histogram\n"
            "heliograph_a_seconds_count 3\n"
            "heliograph_a_seconds_sum 7.6\n"
            "heliograph_a_seconds_bucket{le=\"0.1\"} 1\n"
            "heliograph_a_seconds_bucket{le=\"1\"} 2\n"
            "heliograph_a_seconds_bucket{le=\"+Inf\"} 3\n"
            "# HELP heliograph_b_total Second.\n"
            "# TYPE heliograph_b_total counter\n"
            "heliograph_b_total{reason=\"say \\\"no\\\"\\n\"} 3\n");
}

TEST(Metrics, TimesAreSecondsAndNeverNegative) {
  Metrics metrics;
  auto& times = metrics.histogram("t_seconds", "Help.", kBounds);
  times.record(std::chrono::milliseconds{250});
  times.record(std::chrono::milliseconds{-5});
  EXPECT_EQ(times.sum(), 0.25);
  EXPECT_EQ(times.count(0), 1U);
  EXPECT_EQ(times.count(1), 1U);
}

TEST(Metrics, MistakesInTheCodeAreToldAtOnce) {
  Metrics metrics;
  metrics.counter("a_total", "Help.");
  EXPECT_THROW(metrics.histogram("a_total", "Help.", kBounds), std::logic_error);
  EXPECT_THROW(metrics.counter("no name", "Help."), std::logic_error);
  EXPECT_THROW(metrics.counter("b_total", "Help.", {{"le", "1"}}), std::logic_error);
  EXPECT_THROW(metrics.counter("b_total", "Help.", {{"a-b", "1"}}), std::logic_error);
}

TEST(Metrics, WhatCannotStandInThePageIsLeftOut) {
  const MetricLabels labels{{"x", "1"}, {"y", "2"}};
  const MetricLabels turned{{"y", "2"}, {"x", "1"}};
  std::vector<Family> families;
  families.push_back({"good", "A\nb.", MetricKind::kGauge, {{labels, 1}, {turned, 2}}});
  families.push_back({"good", "Again.", MetricKind::kCounter, {{{}, 3}}});
  families.push_back({"bad name", "Help.", MetricKind::kGauge, {{{}, 4}}});
  families.push_back({"empty", "Help.", MetricKind::kGauge, {}});
  EXPECT_EQ(metrics_text(families),
            "# HELP good A b.\n# TYPE good gauge\ngood{x=\"1\",y=\"2\"} 1\n");
}

TEST(Metrics, NothingIsLostBetweenThreadsWhileOthersRead) {
  Metrics metrics;
  constexpr int kRounds = 20'000;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&metrics] {
      auto& counter = metrics.counter("c_total", "Help.");
      auto& histogram = metrics.histogram("h", "Help.", kBounds);
      for (int n = 0; n < kRounds; ++n) {
        counter.add();
        histogram.record(0.5);
      }
    });
  }
  for (int i = 0; i < 50; ++i) EXPECT_FALSE(metrics_text(metrics.snapshot()).size() == 1);
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(metrics.counter("c_total", "Help.").value(), 4U * kRounds);
  const auto& histogram = metrics.histogram("h", "Help.", kBounds);
  EXPECT_EQ(histogram.count(1), 4U * kRounds);
  EXPECT_EQ(histogram.sum(), 0.5 * 4 * kRounds);
}

TEST(ProcessFigures, AreThoseOfThisProcess) {
  std::map<std::string, double> values;
  for (const auto& family : process_figures()) {
    values[family.name] = family.samples.at(0).value;
  }
  EXPECT_GE(values.at("process_resident_memory_bytes"), 1e6);
  EXPECT_GE(values.at("process_virtual_memory_bytes"), values["process_resident_memory_bytes"]);
  EXPECT_GE(values.at("process_open_fds"), 3);
  EXPECT_GE(values.at("process_max_fds"), values["process_open_fds"]);
  EXPECT_EQ(values.at("process_threads"), 1);
  EXPECT_GE(values.at("process_cpu_seconds_total"), 0);
  const auto now =
      std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch());
  EXPECT_LE(values.at("process_start_time_seconds"), now.count() + 1);
  EXPECT_GE(values.at("process_start_time_seconds"), now.count() - 3600);
}

}  // namespace
}  // namespace heliograph::telemetry
