// Metrics that plugins register: values kept here, read as a whole by whoever renders them.
//
// Registration: [control thread], inside create(). Adding: any thread, lock-free. Bounded: an
// instance may have 200 metrics; more are ignored (id 0).
#pragma once

#include <heliograph/abi/host.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
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

// The metrics of one instance, by the ids the plugin was given.
class InstanceMetrics {
 public:
  InstanceMetrics(MetricsRegistry& registry, std::string plugin, std::string instance)
      : registry_(registry), plugin_(std::move(plugin)), instance_(std::move(instance)) {}
  std::uint32_t add(MetricDescription description);
  void record(std::uint32_t id, double value);

 private:
  friend class MetricsRegistry;
  static constexpr std::size_t kMetricsMax = 200;
  struct Metric;
  MetricsRegistry& registry_;
  const std::string plugin_;
  const std::string instance_;
  std::array<std::atomic<Metric*>, kMetricsMax> by_id_{};
  std::uint32_t count_ = 0;
};

class MetricsRegistry {
 public:
  MetricsRegistry();
  ~MetricsRegistry();
  std::vector<MetricValue> snapshot() const;

 private:
  friend class InstanceMetrics;
  mutable std::mutex mutex_;
  std::deque<InstanceMetrics::Metric> metrics_;  // never moved: plugins' threads add to them
};

}  // namespace heliograph::plugin
