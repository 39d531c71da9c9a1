// Metrics: what the parts count, so that operators see rates, errors and times. What is a state
// (a depth, a circuit) is not counted here but asked for when somebody looks.
//
// A part asks for its counters once, keeps the references and adds to them. Adding: any thread, a
// few relaxed atomic operations, never a lock, so that it may stand on the way of every message.
// Asking: any thread, takes a lock. Cardinality is bounded by whoever asks: a label's values come
// from the configuration or from a list in the code, never from a message or a client.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace heliograph::ports {

// On a cache line of its own: neighbours are added to by other threads.
class alignas(64) Counter {
 public:
  void add(std::uint64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

class alignas(64) Histogram {
 public:
  // `bounds`: upper ones, growing; what is above the last is counted all the same.
  explicit Histogram(std::span<const double> bounds)
      : bounds_(bounds.begin(), bounds.end()),
        counts_(std::make_unique<std::atomic<std::uint64_t>[]>(bounds.size() + 1)) {}

  void record(double value) {
    const auto bound = std::ranges::lower_bound(bounds_, value);
    counts_[static_cast<std::size_t>(bound - bounds_.begin())].fetch_add(1,
                                                                         std::memory_order_relaxed);
    sum_.fetch_add(value, std::memory_order_relaxed);
  }
  // In seconds. Clocks that went back make no negative time.
  void record(std::chrono::nanoseconds time) {
    record(std::max(0.0, std::chrono::duration<double>(time).count()));
  }

  const std::vector<double>& bounds() const { return bounds_; }
  // At or below bounds()[i] and above the one before; i == bounds().size(): above the last.
  std::uint64_t count(std::size_t i) const { return counts_[i].load(std::memory_order_relaxed); }
  double sum() const { return sum_.load(std::memory_order_relaxed); }

 private:
  const std::vector<double> bounds_;
  const std::unique_ptr<std::atomic<std::uint64_t>[]> counts_;
  std::atomic<double> sum_{0};
};

using MetricLabels = std::vector<std::pair<std::string, std::string>>;

class Metrics {
 public:
  virtual ~Metrics() = default;
  // The same name and labels give the same object, which lives as long as this. Names as Prometheus
  // has them: "heliograph_..._total", "heliograph_..._seconds". One name has one help and one kind;
  // throws std::logic_error for another kind, or a name or label that Prometheus does not take.
  virtual Counter& counter(std::string_view name, std::string_view help,
                           const MetricLabels& labels = {}) = 0;
  virtual Histogram& histogram(std::string_view name, std::string_view help,
                               std::span<const double> bounds, const MetricLabels& labels = {}) = 0;
};

// For those who were handed none: what is added is read by nobody.
class NoMetrics final : public Metrics {
 public:
  Counter& counter(std::string_view, std::string_view, const MetricLabels&) override {
    return counter_;
  }
  Histogram& histogram(std::string_view, std::string_view, std::span<const double>,
                       const MetricLabels&) override {
    return histogram_;
  }

 private:
  Counter counter_;
  Histogram histogram_{std::span<const double>{}};
};

// `given`, or one that nobody reads.
inline Metrics& metrics_or_none(Metrics* given) {
  static NoMetrics none;
  return given != nullptr ? *given : none;
}

// Seconds, for what should be done within milliseconds: commits, permits, requests.
inline constexpr std::array kShortTimes{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                        0.05,   0.1,     0.25,   0.5,   1.0,    2.5,   5.0,  10.0};
// Seconds, for what waits for others: providers, limits, the queue, receipts.
inline constexpr std::array kLongTimes{0.001, 0.0025, 0.005, 0.01,   0.025,   0.05,   0.1,
                                       0.25,  0.5,    1.0,   2.5,    5.0,     10.0,   30.0,
                                       60.0,  300.0,  900.0, 3600.0, 14400.0, 86400.0};

}  // namespace heliograph::ports
