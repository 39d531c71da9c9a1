// Metrics: the registry behind core/ports/metrics.h, and the page of text that Prometheus reads.
//
// Counters are our own atomics, for the library's histogram takes a lock for each observation;
// names are checked and the text is written by prometheus-cpp. Any thread; text() copies the
// figures under the lock that only the making of new series takes.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/ports/metrics.h"

namespace heliograph::telemetry {

enum class MetricKind : std::uint8_t { kCounter, kGauge, kHistogram };

// One series at one moment.
struct Sample {
  ports::MetricLabels labels{};
  double value = 0;                                         // counter, gauge, a histogram's sum
  std::uint64_t count = 0;                                  // histogram
  std::vector<std::pair<double, std::uint64_t>> buckets{};  // upper bound, cumulative count
};

// All series of one name.
struct Family {
  std::string name;
  std::string help;
  MetricKind kind = MetricKind::kGauge;
  std::vector<Sample> samples{};
};

class Metrics final : public ports::Metrics {
 public:
  Metrics();
  ~Metrics() override;

  ports::Counter& counter(std::string_view name, std::string_view help,
                          const ports::MetricLabels& labels = {}) override;
  ports::Histogram& histogram(std::string_view name, std::string_view help,
                              std::span<const double> bounds,
                              const ports::MetricLabels& labels = {}) override;

  std::vector<Family> snapshot() const;

 private:
  struct Series;
  struct Entry;
  Series& series(std::string_view name, std::string_view help, MetricKind kind,
                 const ports::MetricLabels& labels);

  mutable std::mutex mutex_;
  std::map<std::string, Entry, std::less<>> entries_;
};

// The text format 0.0.4, families and series in the order of their names and labels. Families
// without series are left out. What cannot stand in it - a second family of a name, a series twice,
// a bad name - is left out too, for one bad line makes Prometheus refuse the whole page.
std::string metrics_text(const std::vector<Family>& families);
inline constexpr std::string_view kMetricsContentType = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace heliograph::telemetry
