#include "core/pipeline/callbacks/pace.h"

#include <algorithm>

namespace heliograph::pipeline {
namespace {

using std::chrono::milliseconds;
using namespace std::chrono_literals;

constexpr std::size_t kFirst = 4;
constexpr int kPatience = 3;  // failures in a row before the first pause
constexpr milliseconds kPauseMin = 1s;
constexpr milliseconds kPauseMax = 60s;
constexpr milliseconds kSlowDown = 5s;
constexpr milliseconds kSlowDownMax = 1h;

}  // namespace

CallbackPace::CallbackPace(std::size_t most) : most_(most), allowed_(std::min(kFirst, most)) {}

void CallbackPace::on_success() {
  failures_ = 0;
  allowed_ = std::min(allowed_ + 1, most_);
}

void CallbackPace::on_failure(ports::MonoTime begun, ports::MonoTime now) {
  if (begun < last_failure_) return;
  last_failure_ = now;
  allowed_ = std::max<std::size_t>(allowed_ / 2, 1);
  if (++failures_ < kPatience) return;
  allowed_ = 1;
  const int doublings = std::min(failures_ - kPatience, 6);
  paused_until_ = std::max(paused_until_, now + std::min(kPauseMin * (1 << doublings), kPauseMax));
}

void CallbackPace::on_slow_down(std::optional<milliseconds> retry_after, ports::MonoTime now) {
  allowed_ = 1;
  const milliseconds pause = std::clamp(retry_after.value_or(kSlowDown), kPauseMin, kSlowDownMax);
  paused_until_ = std::max(paused_until_, now + pause);
}

}  // namespace heliograph::pipeline
