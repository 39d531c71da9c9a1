#include "core/http/server_metrics.h"

#include <string>

namespace heliograph::http {

ServerMetrics::ServerMetrics(ports::Metrics& metrics)
    : metrics_(metrics),
      times_(metrics.histogram("heliograph_http_request_seconds",
                               "From a request's last byte to its answer, waiting included.",
                               ports::kShortTimes)) {
  for (const unsigned fault : {500U, 503U}) codes_.at(fault) = &counter_of(fault);
}

ports::Counter& ServerMetrics::counter_of(unsigned status) {
  return metrics_.counter("heliograph_http_responses_total",
                          "Answers by status code, refused framing included.",
                          {{"code", std::to_string(status)}});
}

void ServerMetrics::answered(unsigned status) {
  if (status >= kCodes) return;
  auto& known = codes_[status];
  ports::Counter* counter = known.load(std::memory_order_acquire);
  if (counter == nullptr) {
    counter = &counter_of(status);
    known.store(counter, std::memory_order_release);
  }
  counter->add();
}

}  // namespace heliograph::http
