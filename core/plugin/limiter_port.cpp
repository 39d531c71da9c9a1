#include "core/plugin/limiter_port.h"

#include <algorithm>

#include "core/plugin/limiter_handle.h"

namespace heliograph::plugin {

std::optional<ports::LimitAnswer> LimiterPort::acquire(
    const ports::LimitRequest& request, base::UniqueFunction<void(ports::LimitAnswer)> done) {
  if (closed_) return LimiterHandle::held_answer();
  return handle_.acquire(request, std::move(done));
}

void LimiterPort::refund(std::uint64_t grant, std::span<const ports::LimitKey> keys,
                         std::uint32_t items) {
  if (!translates_) return handle_.refund(*this, grant, keys, items);
  std::vector<ports::LimitKey> translated;
  for (const auto& key : keys) {
    const auto place = places_.at(key.rule);
    // What a grant took was at most the limit of its time.
    const auto cost = std::min<std::uint64_t>(key.cost, limits_.at(key.rule));
    if (place) translated.push_back({.rule = *place, .cost = static_cast<std::uint32_t>(cost)});
  }
  if (!translated.empty()) handle_.refund(*this, grant, translated, items);
}

void LimiterPort::close(std::vector<std::optional<std::uint32_t>> places,
                        std::vector<std::uint64_t> limits) {
  closed_ = true;
  translates_ = true;
  places_ = std::move(places);
  limits_ = std::move(limits);
}

void LimiterPort::moved(const std::vector<std::optional<std::uint32_t>>& places) {
  for (auto& place : places_) {
    if (place) place = places.at(*place);
  }
}

}  // namespace heliograph::plugin
