#include "core/plugin/local_window.h"

#include <algorithm>

namespace heliograph::plugin {
namespace {

constexpr int kSlices = 128;
// All instances are back at the backend within this time of the first: the shipped plugin tries
// once a second at least, and a look-up and a greeting take another.
constexpr std::chrono::seconds kAllBack{2};

std::uint64_t units_of(const ports::LimitKey& key, std::uint32_t items) {
  return std::uint64_t{std::max(key.cost, 1U)} * items;
}

}  // namespace

LocalWindow::LocalWindow(std::span<const ports::LimitRule> rules, std::uint32_t instances) {
  for (const auto& rule : rules) {
    Window window{.length = rule.window,
                  .limit = rule.limit / instances,
                  .used = 0,
                  .binds_until = {},
                  .succeeds_until = {},
                  .slices = {}};
    if (rule.algorithm == ports::LimitAlgorithm::kTokenBucket) {
      // A window of the same rate that never lets more through at once than the burst.
      const auto burst = rule.burst > 0 ? std::min(rule.burst, rule.limit) : rule.limit;
      window.limit = std::max<std::uint64_t>(1, burst / instances);
      const auto windows =
          static_cast<double>(window.limit) * instances / static_cast<double>(rule.limit);
      window.length = std::chrono::nanoseconds{
          static_cast<std::int64_t>(static_cast<double>(rule.window.count()) * windows)};
    }
    windows_.push_back(std::move(window));
  }
}

void LocalWindow::Window::expire(ports::MonoTime now) {
  while (!slices.empty() && slices.front().latest + length <= now) {
    used -= slices.front().units;
    slices.pop_front();
  }
}

void LocalWindow::Window::add(std::uint64_t units, ports::MonoTime now) {
  if (slices.empty() || now - slices.back().begun > length / kSlices) {
    slices.push_back({.begun = now, .latest = now, .units = 0});
  }
  slices.back().latest = now;
  slices.back().units += units;
  used += units;
}

std::chrono::nanoseconds LocalWindow::Window::wait(std::uint64_t units, ports::MonoTime now) const {
  auto left = used;
  for (const auto& slice : slices) {
    if (left + units <= limit) break;
    left -= slice.units;
    if (left + units <= limit || &slice == &slices.back()) return slice.latest + length - now;
  }
  return length;
}

ports::LimitAnswer LocalWindow::judge(std::span<const ports::LimitKey> keys,
                                      std::uint32_t min_items, std::uint32_t max_items,
                                      ports::MonoTime now) {
  auto granted = std::uint64_t{max_items};
  ports::LimitAnswer answer;
  for (std::uint32_t i = 0; i < keys.size(); ++i) {
    auto& window = windows_.at(keys[i].rule);
    window.expire(now);
    const auto free = window.limit - std::min(window.limit, window.used);
    granted = std::min(granted, free / units_of(keys[i], 1));
    if (granted < min_items) {
      answer.denied_key = i;
      answer.retry_after = window.wait(units_of(keys[i], min_items), now);
      return answer;
    }
  }
  answer.granted = static_cast<std::uint32_t>(granted);
  return answer;
}

ports::LimitAnswer LocalWindow::acquire(std::span<const ports::LimitKey> keys,
                                        std::uint32_t min_items, std::uint32_t max_items,
                                        ports::MonoTime now) {
  const auto answer = judge(keys, min_items, max_items, now);
  if (answer.granted == 0) return answer;
  record(keys, answer.granted, now);
  for (const auto& key : keys) {
    auto& window = windows_.at(key.rule);
    window.binds_until = now + window.length + kAllBack;
  }
  return answer;
}

bool LocalWindow::binds(std::span<const ports::LimitKey> keys, ports::MonoTime now) const {
  return std::ranges::any_of(
      keys, [&](const auto& key) { return now < windows_.at(key.rule).binds_until; });
}

void LocalWindow::record(std::span<const ports::LimitKey> keys, std::uint32_t items,
                         ports::MonoTime now) {
  for (const auto& key : keys) {
    auto& window = windows_.at(key.rule);
    window.expire(now);
    window.add(units_of(key, items), now);
  }
}

void LocalWindow::take_over(const LocalWindow& before,
                            std::span<const std::optional<std::uint32_t>> places) {
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (!places[i]) continue;
    const auto& old = before.windows_.at(i);
    auto& window = windows_.at(*places[i]);
    window.used = old.used;
    window.slices = old.slices;
    window.binds_until = old.binds_until;
    window.succeeds_until = old.succeeds_until;
  }
}

void LocalWindow::bind(ports::MonoTime now) {
  for (auto& window : windows_) {
    if (window.used > 0) window.succeeds_until = now + window.length;
  }
}

bool LocalWindow::succeeds(std::span<const ports::LimitKey> keys, ports::MonoTime now) const {
  return std::ranges::any_of(
      keys, [&](const auto& key) { return now < windows_.at(key.rule).succeeds_until; });
}

void LocalWindow::give_back(std::span<const ports::LimitKey> keys, std::uint32_t items) {
  for (const auto& key : keys) {
    auto& window = windows_.at(key.rule);
    auto left = units_of(key, items);
    for (auto& slice : window.slices) {
      if (left == 0) break;
      const auto taken = std::min(left, slice.units);
      slice.units -= taken;
      window.used -= taken;
      left -= taken;
    }
  }
}

}  // namespace heliograph::plugin
