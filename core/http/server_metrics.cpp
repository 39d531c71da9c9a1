#include "core/http/server_metrics.h"

#include <string>

namespace heliograph::http {

ServerMetrics::ServerMetrics(ports::Metrics& metrics)
    : metrics_(metrics),
      times_(metrics.histogram("heliograph_http_request_seconds",
                               "From a request's last byte to its answer, waiting included.",
                               ports::kShortTimes)) {}

void ServerMetrics::answered(unsigned status) {
  if (status >= kCodes) return;
  auto& known = codes_[status];
  ports::Counter* counter = known.load(std::memory_order_acquire);
  if (counter == nullptr) {
    counter = &metrics_.counter("heliograph_http_responses_total",
                                "Answers by status code, refused framing included.",
                                {{"code", std::to_string(status)}});
    known.store(counter, std::memory_order_release);
  }
  counter->add();
}

}  // namespace heliograph::http
