#include "core/pipeline/retry_policy.h"

#include <algorithm>
#include <cmath>

namespace heliograph::pipeline {

std::chrono::milliseconds backoff(const config::Retry& retry, unsigned round, double unit) {
  const double exponent = round <= 1 ? 0.0 : static_cast<double>(round - 1);
  const double min = static_cast<double>(retry.min_delay.count());
  const double max = static_cast<double>(retry.max_delay.count());
  const double delay = std::min(max, min * std::pow(retry.factor, exponent));
  const double drawn = retry.full_jitter ? delay * unit : delay;
  return std::chrono::milliseconds{std::llround(drawn)};
}

std::chrono::milliseconds clamp_retry_after(std::chrono::milliseconds given) {
  return std::clamp(given, std::chrono::milliseconds{1'000}, std::chrono::milliseconds{3'600'000});
}

}  // namespace heliograph::pipeline
