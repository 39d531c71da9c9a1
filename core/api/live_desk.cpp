#include "core/api/live_desk.h"

#include <algorithm>

namespace heliograph::api {

std::optional<Latency> latency_of(std::vector<std::chrono::milliseconds> times) {
  if (times.empty()) return std::nullopt;
  std::ranges::sort(times);
  const auto rank = [&](std::size_t percent) { return times[(times.size() - 1) * percent / 100]; };
  return Latency{
      .messages = times.size(), .median = rank(50), .p95 = rank(95), .max = times.back()};
}

std::optional<LiveDesk::Seat> LiveDesk::take_seat() {
  if (++streams_ <= kStreamsMax) return Seat(*this);
  --streams_;
  return std::nullopt;
}

std::optional<LiveDesk::Making> LiveDesk::begin_making() {
  if (making_.exchange(true)) return std::nullopt;
  return Making(*this);
}

std::shared_ptr<const std::string> LiveDesk::snapshot(ports::MonoTime now) const {
  const std::lock_guard lock(mutex_);
  return snapshot_ && now - snapshot_at_ < kSnapshotAge ? snapshot_ : nullptr;
}

std::shared_ptr<const LiveBackground> LiveDesk::background(ports::MonoTime now) const {
  const std::lock_guard lock(mutex_);
  return background_ && now - background_at_ < kBackgroundAge ? background_ : nullptr;
}

void LiveDesk::keep(ports::MonoTime now, std::shared_ptr<const std::string> snapshot) {
  const std::lock_guard lock(mutex_);
  snapshot_ = std::move(snapshot);
  snapshot_at_ = now;
}

void LiveDesk::keep(ports::MonoTime now, std::shared_ptr<const LiveBackground> background) {
  const std::lock_guard lock(mutex_);
  background_ = std::move(background);
  background_at_ = now;
}

}  // namespace heliograph::api
