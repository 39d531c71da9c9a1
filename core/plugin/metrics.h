// Metrics that plugins register: values kept here, read as a whole by whoever renders them.
//
// Registration: [control thread], inside create(). Adding: any thread, lock-free. Bounded: an
// instance may have 200 metrics; more are ignored (id 0). What an instance that has ended counted
// goes on being counted while there is one of its plugin and name, its successor after a reload, so
// that no counter falls; its gauges are gone. When the last of them has ended, what they counted is
// gone too: a removed provider leaves no series behind.
#pragma once

#include <heliograph/abi/host.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace heliograph::plugin {

enum class MetricKind : std::uint8_t { kCounter, kGauge, kHistogram };  // as HG_METRIC_*

struct MetricDescription {
  MetricKind kind = MetricKind::kCounter;
  std::string name;
  std::string help;
  std::string unit;
  std::vector<std::pair<std::string, std::string>> labels;  // plugin and instance first
  bool operator==(const MetricDescription&) const = default;
};

struct MetricValue {
  MetricDescription description;
  double value = 0;  // counter, gauge, or the histogram's sum
  std::uint64_t count = 0;
  std::vector<std::pair<double, std::uint64_t>> buckets;  // upper bound, cumulative count
};

class MetricsRegistry;

// The metrics of one instance, by the ids the plugin was given. May outlive the registry.
class InstanceMetrics {
 public:
  InstanceMetrics(MetricsRegistry& registry, std::string plugin, std::string instance);
  ~InstanceMetrics();
  InstanceMetrics(const InstanceMetrics&) = delete;
  InstanceMetrics& operator=(const InstanceMetrics&) = delete;
  std::uint32_t add(MetricDescription description);
  void record(std::uint32_t id, double value);
  // [control thread] The plugin is destroyed: what a thread of its own still adds is not read. Its
  // successor is there already. Idempotent.
  void end();

 private:
  friend class MetricsRegistry;
  static constexpr std::size_t kMetricsMax = 200;
  struct Metric;
  struct All;
  using Metrics = std::deque<Metric>;  // never moved: plugins' threads add to them
  using Labels = std::vector<std::pair<std::string, std::string>>;
  const std::shared_ptr<All> all_;  // the registry's as well: either may be gone first
  const Labels labels_;             // plugin and instance
  const std::shared_ptr<Metrics> metrics_;
  std::array<std::atomic<Metric*>, kMetricsMax> by_id_{};
  std::uint32_t count_ = 0;
  bool ended_ = false;
};

class MetricsRegistry {
 public:
  MetricsRegistry();
  ~MetricsRegistry();
  // One entry a metric and instance, and one for what ended instances counted in it.
  std::vector<MetricValue> snapshot() const;

 private:
  friend class InstanceMetrics;
  const std::shared_ptr<InstanceMetrics::All> all_;
};

}  // namespace heliograph::plugin
