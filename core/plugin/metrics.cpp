#include "core/plugin/metrics.h"

#include <algorithm>
#include <cmath>

namespace heliograph::plugin {
namespace {

// Powers of four around a millisecond: seconds from 61 us to 64 s, and counts alike.
constexpr std::array<double, 11> kBounds{0.000061, 0.000244, 0.000977, 0.0039, 0.0156, 0.0625,
                                         0.25,     1.0,      4.0,      16.0,   64.0};

void add_to(std::atomic<double>& sum, double value) {
  auto seen = sum.load(std::memory_order_relaxed);
  while (!sum.compare_exchange_weak(seen, seen + value, std::memory_order_relaxed)) {
  }
}

}  // namespace

struct InstanceMetrics::Metric {
  explicit Metric(MetricDescription given) : description(std::move(given)) {}
  MetricValue read() const;
  const MetricDescription description;
  std::atomic<double> value{0};
  std::atomic<std::uint64_t> count{0};
  std::array<std::atomic<std::uint64_t>, kBounds.size()> buckets{};
};

InstanceMetrics::InstanceMetrics(MetricsRegistry& registry, std::string plugin,
                                 std::string instance)
    : shown_(registry.shown_), plugin_(std::move(plugin)), instance_(std::move(instance)) {
  const std::lock_guard lock(shown_->mutex);
  shown_->instances.push_back(this);
}

InstanceMetrics::~InstanceMetrics() { retire(); }

void InstanceMetrics::retire() {
  const std::lock_guard lock(shown_->mutex);
  std::erase(shown_->instances, this);
}

std::uint32_t InstanceMetrics::add(MetricDescription description) {
  if (description.name.empty() || description.kind > MetricKind::kHistogram) return 0;
  description.labels.insert(description.labels.begin(),
                            {{"plugin", plugin_}, {"instance", instance_}});
  for (std::uint32_t id = 1; id <= count_; ++id) {
    if (by_id_.at(id - 1).load()->description == description) return id;
  }
  if (count_ >= kMetricsMax) return 0;
  const std::lock_guard lock(shown_->mutex);
  auto& metric = metrics_.emplace_back(std::move(description));
  by_id_.at(count_).store(&metric, std::memory_order_release);
  return ++count_;
}

void InstanceMetrics::record(std::uint32_t id, double value) {
  if (id == 0 || id > kMetricsMax || !std::isfinite(value)) return;
  auto* metric = by_id_.at(id - 1).load(std::memory_order_acquire);
  if (metric == nullptr) return;
  metric->count.fetch_add(1, std::memory_order_relaxed);
  if (metric->description.kind == MetricKind::kGauge) {
    metric->value.store(value, std::memory_order_relaxed);
    return;
  }
  add_to(metric->value, value);
  if (metric->description.kind != MetricKind::kHistogram) return;
  const auto bound = std::ranges::lower_bound(kBounds, value);
  if (bound == kBounds.end()) return;
  metric->buckets.at(static_cast<std::size_t>(bound - kBounds.begin())).fetch_add(1);
}

MetricValue InstanceMetrics::Metric::read() const {
  MetricValue read{
      .description = description, .value = value.load(), .count = count.load(), .buckets = {}};
  if (description.kind != MetricKind::kHistogram) return read;
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < kBounds.size(); ++i) {
    below += buckets.at(i).load();
    read.buckets.emplace_back(kBounds.at(i), below);
  }
  return read;
}

MetricsRegistry::MetricsRegistry() = default;
MetricsRegistry::~MetricsRegistry() = default;

std::vector<MetricValue> MetricsRegistry::snapshot() const {
  const std::lock_guard lock(shown_->mutex);
  std::vector<MetricValue> values;
  for (const InstanceMetrics* instance : shown_->instances) {
    for (const auto& metric : instance->metrics_) values.push_back(metric.read());
  }
  return values;
}

}  // namespace heliograph::plugin
