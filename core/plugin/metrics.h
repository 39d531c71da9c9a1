// Metrics that plugins register: values kept here, read as a whole by whoever renders them.
//
// Registration: [control thread], inside create(). Adding: any thread, lock-free. Bounded: an
// instance may have 200 metrics; more are ignored (id 0). They go with the instance: what is no
// more has no series, however often an instance is replaced.
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

class InstanceMetrics;
class MetricsRegistry;

// What a registry and its instances have in common; a stray thread may keep an instance longer than
// the host its registry.
struct ShownMetrics {
  std::mutex mutex;
  std::vector<InstanceMetrics*> instances;  // the oldest first
};

// The metrics of one instance, by the ids the plugin was given.
class InstanceMetrics {
 public:
  InstanceMetrics(MetricsRegistry& registry, std::string plugin, std::string instance);
  ~InstanceMetrics();
  InstanceMetrics(const InstanceMetrics&) = delete;
  InstanceMetrics& operator=(const InstanceMetrics&) = delete;
  std::uint32_t add(MetricDescription description);
  void record(std::uint32_t id, double value);
  // [any] The plugin's instance is no more: nothing of it is shown. A stray thread may still call
  // record() until this object is gone.
  void retire();

 private:
  friend class MetricsRegistry;
  static constexpr std::size_t kMetricsMax = 200;
  struct Metric;
  const std::shared_ptr<ShownMetrics> shown_;
  const std::string plugin_;
  const std::string instance_;
  std::deque<Metric> metrics_;  // under the lock of shown_; never moved: record() adds to them
  std::array<std::atomic<Metric*>, kMetricsMax> by_id_{};
  std::uint32_t count_ = 0;
};

class MetricsRegistry {
 public:
  MetricsRegistry();
  ~MetricsRegistry();
  std::vector<MetricValue> snapshot() const;  // [any]

 private:
  friend class InstanceMetrics;
  const std::shared_ptr<ShownMetrics> shown_ = std::make_shared<ShownMetrics>();
};

}  // namespace heliograph::plugin
