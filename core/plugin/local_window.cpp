#include "core/plugin/local_window.h"

#include <algorithm>

namespace heliograph::plugin {
namespace {

constexpr int kSlices = 128;

std::uint64_t units_of(const ports::LimitKey& key, std::uint32_t items) {
  return std::uint64_t{std::max(key.cost, 1U)} * items;
}

}  // namespace

LocalWindow::LocalWindow(std::span<const ports::LimitRule> rules, double share) {
  for (const auto& rule : rules) {
    const auto part = static_cast<std::uint64_t>(static_cast<double>(rule.limit) * share);
    windows_.push_back({.length = rule.window,
                        .limit = std::max<std::uint64_t>(part, 1),
                        .used = 0,
                        .slices = {}});
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

ports::LimitAnswer LocalWindow::acquire(std::span<const ports::LimitKey> keys,
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
  record(keys, answer.granted, now);
  return answer;
}

void LocalWindow::record(std::span<const ports::LimitKey> keys, std::uint32_t items,
                         ports::MonoTime now) {
  for (const auto& key : keys) {
    auto& window = windows_.at(key.rule);
    window.expire(now);
    window.add(units_of(key, items), now);
  }
}

void LocalWindow::give_back(std::span<const ports::LimitKey> keys, std::uint32_t items) {
  for (const auto& key : keys) {
    auto& window = windows_.at(key.rule);
    auto left = units_of(key, items);
    for (auto slice = window.slices.rbegin(); slice != window.slices.rend() && left > 0; ++slice) {
      const auto taken = std::min(left, slice->units);
      slice->units -= taken;
      window.used -= taken;
      left -= taken;
    }
  }
}

}  // namespace heliograph::plugin
