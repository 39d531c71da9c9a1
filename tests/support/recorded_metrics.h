// RecordedMetrics: what a part counts, for tests to look at by name and labels.
#pragma once

#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "core/ports/metrics.h"

namespace heliograph::test {

class RecordedMetrics final : public ports::Metrics {
 public:
  ports::Counter& counter(std::string_view name, std::string_view,
                          const ports::MetricLabels& labels = {}) override {
    const std::lock_guard lock(mutex_);
    return counters_[{std::string(name), labels}];
  }
  ports::Histogram& histogram(std::string_view name, std::string_view,
                              std::span<const double> bounds,
                              const ports::MetricLabels& labels = {}) override {
    const std::lock_guard lock(mutex_);
    return histograms_.try_emplace({std::string(name), labels}, bounds).first->second;
  }

  // Of a series that nobody has asked for: 0.
  std::uint64_t count(const std::string& name, const ports::MetricLabels& labels = {}) {
    const std::lock_guard lock(mutex_);
    const auto found = counters_.find({name, labels});
    return found == counters_.end() ? 0 : found->second.value();
  }
  // How often, and the sum.
  std::pair<std::uint64_t, double> recorded(const std::string& name,
                                            const ports::MetricLabels& labels = {}) {
    const std::lock_guard lock(mutex_);
    const auto found = histograms_.find({name, labels});
    if (found == histograms_.end()) return {0, 0.0};
    std::uint64_t times = 0;
    for (std::size_t i = 0; i <= found->second.bounds().size(); ++i)
      times += found->second.count(i);
    return {times, found->second.sum()};
  }

 private:
  using Key = std::pair<std::string, ports::MetricLabels>;
  std::mutex mutex_;
  std::map<Key, ports::Counter> counters_;
  std::map<Key, ports::Histogram> histograms_;
};

}  // namespace heliograph::test
