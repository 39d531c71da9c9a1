#include "core/plugin/metrics.h"

#include <algorithm>
#include <cmath>
#include <ranges>
#include <utility>

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
  const MetricDescription description;
  std::atomic<double> value{0};
  std::atomic<std::uint64_t> count{0};
  std::array<std::atomic<std::uint64_t>, kBounds.size()> buckets{};

  MetricValue read() const;
};

struct InstanceMetrics::All {
  std::mutex mutex;
  std::vector<std::shared_ptr<Metrics>> live;
  std::vector<MetricValue> past;  // counters and histograms of instances that ended
  std::vector<Labels> owners;     // of each InstanceMetrics that has not ended

  void add_past(const MetricValue& value);  // the lock is held
};

InstanceMetrics::InstanceMetrics(MetricsRegistry& registry, std::string plugin,
                                 std::string instance)
    : all_(registry.all_),
      labels_({{"plugin", std::move(plugin)}, {"instance", std::move(instance)}}),
      metrics_(std::make_shared<Metrics>()) {
  const std::lock_guard lock(all_->mutex);
  all_->owners.push_back(labels_);
}

InstanceMetrics::~InstanceMetrics() { end(); }

std::uint32_t InstanceMetrics::add(MetricDescription description) {
  if (description.name.empty() || description.kind > MetricKind::kHistogram) return 0;
  description.labels.insert(description.labels.begin(), labels_.begin(), labels_.end());
  const std::lock_guard lock(all_->mutex);
  if (ended_) return 0;
  if (std::ranges::find(all_->live, metrics_) == all_->live.end()) all_->live.push_back(metrics_);
  for (std::uint32_t id = 1; id <= count_; ++id) {
    if (by_id_.at(id - 1).load()->description == description) return id;
  }
  if (count_ >= kMetricsMax) return 0;
  auto& metric = metrics_->emplace_back(std::move(description));
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

MetricsRegistry::MetricsRegistry() : all_(std::make_shared<InstanceMetrics::All>()) {}
MetricsRegistry::~MetricsRegistry() = default;

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

void InstanceMetrics::end() {
  const std::lock_guard lock(all_->mutex);
  if (std::exchange(ended_, true)) return;
  std::erase(all_->live, metrics_);
  all_->owners.erase(std::ranges::find(all_->owners, labels_));
  if (std::ranges::find(all_->owners, labels_) != all_->owners.end()) {
    for (const auto& metric : *metrics_) {
      if (metric.description.kind != MetricKind::kGauge) all_->add_past(metric.read());
    }
    return;
  }
  std::erase_if(all_->past, [this](const MetricValue& value) {
    return std::ranges::equal(value.description.labels | std::views::take(2), labels_);
  });
}

void InstanceMetrics::All::add_past(const MetricValue& value) {
  const auto same = std::ranges::find(past, value.description, &MetricValue::description);
  if (same == past.end()) {
    past.push_back(value);
    return;
  }
  same->value += value.value;
  same->count += value.count;
  for (std::size_t i = 0; i < value.buckets.size(); ++i) {
    same->buckets.at(i).second += value.buckets[i].second;
  }
}

std::vector<MetricValue> MetricsRegistry::snapshot() const {
  const std::lock_guard lock(all_->mutex);
  auto values = all_->past;
  for (const auto& metrics : all_->live) {
    for (const auto& metric : *metrics) values.push_back(metric.read());
  }
  return values;
}

}  // namespace heliograph::plugin
