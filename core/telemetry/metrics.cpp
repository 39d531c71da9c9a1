#include "core/telemetry/metrics.h"

#include <prometheus/check_names.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <optional>
#include <set>
#include <stdexcept>

namespace heliograph::telemetry {
namespace {

bool is_usable(std::string_view name, const ports::MetricLabels& labels) {
  std::set<std::string_view> seen;
  for (const auto& [label, value] : labels) {
    if (!prometheus::CheckLabelName(label) || label == "le" || !seen.insert(label).second)
      return false;
  }
  return prometheus::CheckMetricName(std::string(name));
}

// The serializer writes it as it is.
std::string one_line(std::string help) {
  std::ranges::replace_if(help, [](char c) { return c == '\n' || c == '\r' || c == '\\'; }, ' ');
  return help;
}

prometheus::MetricType type_of(MetricKind kind) {
  switch (kind) {
    case MetricKind::kCounter:
      return prometheus::MetricType::Counter;
    case MetricKind::kHistogram:
      return prometheus::MetricType::Histogram;
    case MetricKind::kGauge:
      break;
  }
  return prometheus::MetricType::Gauge;
}

prometheus::ClientMetric metric_of(MetricKind kind, const Sample& sample) {
  prometheus::ClientMetric metric;
  for (const auto& [name, value] : sample.labels) metric.label.push_back({name, value});
  metric.counter.value = sample.value;
  metric.gauge.value = sample.value;
  if (kind != MetricKind::kHistogram) return metric;
  metric.histogram.sample_count = sample.count;
  metric.histogram.sample_sum = sample.value;
  for (const auto& [bound, count] : sample.buckets)
    metric.histogram.bucket.push_back({count, bound});
  return metric;
}

Sample sample_of(const ports::Histogram& histogram) {
  Sample sample;
  for (std::size_t i = 0; i < histogram.bounds().size(); ++i) {
    sample.count += histogram.count(i);
    sample.buckets.emplace_back(histogram.bounds()[i], sample.count);
  }
  sample.count += histogram.count(histogram.bounds().size());
  sample.value = histogram.sum();
  return sample;
}

std::optional<prometheus::MetricFamily> family_of(const Family& family) {
  prometheus::MetricFamily out{family.name, one_line(family.help), type_of(family.kind), {}};
  std::set<ports::MetricLabels> seen;
  for (const Sample& sample : family.samples) {
    auto key = sample.labels;
    std::ranges::sort(key);
    if (!is_usable(family.name, sample.labels) || !seen.insert(std::move(key)).second) continue;
    out.metric.push_back(metric_of(family.kind, sample));
  }
  if (out.metric.empty()) return std::nullopt;
  std::ranges::sort(out.metric, {}, &prometheus::ClientMetric::label);
  return out;
}

}  // namespace

struct Metrics::Series {
  ports::Counter counter;
  std::unique_ptr<ports::Histogram> histogram;
};

struct Metrics::Entry {
  std::string help;
  MetricKind kind{};
  std::map<ports::MetricLabels, Series> series;
};

Metrics::Metrics() = default;
Metrics::~Metrics() = default;

// The caller holds the lock.
Metrics::Series& Metrics::series(std::string_view name, std::string_view help, MetricKind kind,
                                 const ports::MetricLabels& labels) {
  if (!is_usable(name, labels))
    throw std::logic_error("no name or label of a metric: " + std::string(name));
  auto entry = entries_.find(name);
  if (entry == entries_.end())
    entry = entries_.emplace(std::string(name), Entry{std::string(help), kind, {}}).first;
  if (entry->second.kind != kind)
    throw std::logic_error("a metric of two kinds: " + std::string(name));
  return entry->second.series[labels];
}

ports::Counter& Metrics::counter(std::string_view name, std::string_view help,
                                 const ports::MetricLabels& labels) {
  const std::lock_guard lock(mutex_);
  return series(name, help, MetricKind::kCounter, labels).counter;
}

ports::Histogram& Metrics::histogram(std::string_view name, std::string_view help,
                                     std::span<const double> bounds,
                                     const ports::MetricLabels& labels) {
  const std::lock_guard lock(mutex_);
  auto& histogram = series(name, help, MetricKind::kHistogram, labels).histogram;
  if (!histogram) histogram = std::make_unique<ports::Histogram>(bounds);
  return *histogram;
}

std::vector<Family> Metrics::snapshot() const {
  const std::lock_guard lock(mutex_);
  std::vector<Family> families;
  for (const auto& [name, entry] : entries_) {
    Family family{name, entry.help, entry.kind, {}};
    for (const auto& [labels, series] : entry.series) {
      Sample sample;
      if (series.histogram) {
        sample = sample_of(*series.histogram);
      } else {
        sample.value = static_cast<double>(series.counter.value());
      }
      sample.labels = labels;
      family.samples.push_back(std::move(sample));
    }
    families.push_back(std::move(family));
  }
  return families;
}

std::string metrics_text(const std::vector<Family>& families) {
  std::map<std::string, prometheus::MetricFamily> by_name;
  for (const Family& family : families) {
    auto made = family_of(family);
    if (made) by_name.try_emplace(family.name, *std::move(made));
  }
  std::vector<prometheus::MetricFamily> out;
  for (auto& [name, family] : by_name) out.push_back(std::move(family));
  return prometheus::TextSerializer{}.Serialize(out);
}

}  // namespace heliograph::telemetry
