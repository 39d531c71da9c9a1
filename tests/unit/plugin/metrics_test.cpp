#include "core/plugin/metrics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <thread>

#include "core/plugin/misbehaviour.h"
#include "tests/unit/plugin/harness.h"

namespace heliograph::plugin {
namespace {

MetricDescription metric(MetricKind kind, const std::string& name) {
  return {.kind = kind, .name = name, .help = {}, .unit = {}, .labels = {}};
}

TEST(Metrics, CounterGaugeHistogram) {
  MetricsRegistry registry;
  InstanceMetrics metrics{registry, "http", "p1"};
  const auto counter = metrics.add(metric(MetricKind::kCounter, "sends"));
  const auto gauge = metrics.add(metric(MetricKind::kGauge, "open"));
  const auto histogram = metrics.add(metric(MetricKind::kHistogram, "seconds"));
  metrics.record(counter, 2);
  metrics.record(counter, 3);
  metrics.record(gauge, 9);
  metrics.record(gauge, 4);
  metrics.record(histogram, 0.2);
  metrics.record(histogram, 100);
  const auto values = registry.snapshot();
  ASSERT_EQ(values.size(), 3U);
  EXPECT_EQ(values[0].value, 5);
  EXPECT_EQ(values[1].value, 4);
  EXPECT_EQ(values[2].value, 100.2);
  EXPECT_EQ(values[2].count, 2U);
  EXPECT_EQ(values[2].buckets.back().second, 1U) << "100 s is above the last bound";
  EXPECT_EQ(values[0].description.labels[0],
            (std::pair<std::string, std::string>{"plugin", "http"}));
}

TEST(Metrics, SameNameAndLabelsIsTheSameMetric) {
  MetricsRegistry registry;
  InstanceMetrics metrics{registry, "http", "p1"};
  const auto first = metrics.add(metric(MetricKind::kCounter, "a"));
  EXPECT_EQ(metrics.add(metric(MetricKind::kCounter, "a")), first);
  EXPECT_NE(metrics.add(metric(MetricKind::kCounter, "b")), first);
  EXPECT_EQ(registry.snapshot().size(), 2U);
}

TEST(Metrics, BoundedAndTolerantOfBadIds) {
  MetricsRegistry registry;
  InstanceMetrics metrics{registry, "http", "p1"};
  for (int i = 0; i < 200; ++i)
    EXPECT_NE(metrics.add(metric(MetricKind::kCounter, std::to_string(i))), 0U);
  EXPECT_EQ(metrics.add(metric(MetricKind::kCounter, "one more")), 0U);
  EXPECT_EQ(metrics.add(metric(MetricKind::kCounter, "")), 0U);
  metrics.record(0, 1);
  metrics.record(201, 1);
  metrics.record(UINT32_MAX, 1);
  metrics.record(1, NAN);
  EXPECT_EQ(registry.snapshot()[0].value, 0);
}

TEST(Metrics, AddingFromManyThreads) {
  MetricsRegistry registry;
  InstanceMetrics metrics{registry, "http", "p1"};
  const auto id = metrics.add(metric(MetricKind::kCounter, "n"));
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) metrics.record(id, 1);
    });
  }
  threads.clear();
  EXPECT_EQ(registry.snapshot()[0].value, 4000);
}

TEST(Metrics, ASuccessorCountsOnAndTheLastOfANameLeavesNothing) {
  MetricsRegistry registry;
  const InstanceMetrics other{registry, "http", "p2"};
  auto before = std::make_unique<InstanceMetrics>(registry, "http", "p1");
  before->record(before->add(metric(MetricKind::kCounter, "sends")), 5);
  auto after = std::make_unique<InstanceMetrics>(registry, "http", "p1");
  before.reset();
  after->record(after->add(metric(MetricKind::kCounter, "sends")), 2);
  double sum = 0;
  for (const auto& value : registry.snapshot()) sum += value.value;
  EXPECT_EQ(sum, 7) << "no counter falls because an instance was replaced";
  after->end();
  EXPECT_TRUE(registry.snapshot().empty()) << "it was removed, and so are its series";
}

TEST(Metrics, AnInstanceMayOutliveTheRegistry) {
  auto registry = std::make_unique<MetricsRegistry>();
  InstanceMetrics metrics{*registry, "http", "p1"};
  registry.reset();
  const auto id = metrics.add(metric(MetricKind::kCounter, "late"));
  metrics.record(id, 1);
  EXPECT_EQ(id, 1U);
}

class SteppedClock final : public ports::Clock {
 public:
  ports::MonoTime mono() const override { return now; }
  model::TimePoint wall() const override { return {}; }
  model::TimePoint real_wall() const override { return {}; }
  ports::MonoTime now{std::chrono::seconds{1}};
};

class CountingLog final : public ports::Log {
 public:
  bool enabled(ports::LogLevel) const override { return true; }
  void write(ports::LogLevel, std::string_view, const ports::LogField*, std::size_t) override {
    ++lines;
  }
  int lines = 0;
};

TEST(Misbehaviour, CountsAllAndLogsAtABoundedRate) {
  SteppedClock clock;
  CountingLog log;
  Misbehaviour misbehaviour{"p1", clock, &log};
  for (int i = 0; i < 1000; ++i) misbehaviour.report(Fault::kDoubleCompletion, "x");
  EXPECT_EQ(misbehaviour.count(Fault::kDoubleCompletion), 1000U);
  EXPECT_EQ(log.lines, 1);
  misbehaviour.report(Fault::kPanic, "another kind has a limit of its own");
  EXPECT_EQ(log.lines, 2);
  clock.now += std::chrono::seconds{11};
  misbehaviour.report(Fault::kDoubleCompletion, "x");
  EXPECT_EQ(log.lines, 3);
  EXPECT_EQ(misbehaviour.total(), 1002U);
  EXPECT_EQ(to_string(Fault::kPanic), "panic");
}

}  // namespace
}  // namespace heliograph::plugin
