// What the server counts of its answers. Any thread.
#pragma once

#include <array>
#include <atomic>
#include <chrono>

#include "core/ports/metrics.h"

namespace heliograph::http {

class ServerMetrics {
 public:
  explicit ServerMetrics(ports::Metrics& metrics);

  // An answer with this status code, whoever made it.
  void answered(unsigned status);
  // A request that a handler has worked on, from its last byte to its answer.
  void handled(std::chrono::nanoseconds took) { times_.record(took); }

 private:
  static constexpr std::size_t kCodes = 600;
  ports::Counter& counter_of(unsigned status);

  ports::Metrics& metrics_;
  ports::Histogram& times_;
  // Made when a code is answered first: there are too many to show those that never are. Only the
  // faults are there from the start, for alerts ask how they grow.
  std::array<std::atomic<ports::Counter*>, kCodes> codes_{};
};

}  // namespace heliograph::http
