// The meters of all keys under one rule, found by name.
//
// Keys may be as many as there are clients, so memory is bounded: every new key looks at a few old
// ones and drops what has become idle (an idle meter and a new one behave alike), so that no sweep
// ever holds up the strand. A table full of busy keys takes no more.
//
// Not thread-safe: one strand owns it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "plugins/limiters/memory/meter.h"
#include "plugins/limiters/memory/rule.h"

namespace heliograph::plugins::memory {

class KeyTable {
 public:
  KeyTable(const Rule& rule, std::size_t keys_max) : rule_(rule), keys_max_(keys_max) {}

  [[nodiscard]] const Rule& rule() const noexcept { return rule_; }
  [[nodiscard]] std::size_t size() const noexcept { return index_.size(); }

  // The meter of `key`, nullptr when it has none. Valid until the next find_or_add().
  Meter* find(std::string_view key) {
    const auto found = index_.find(key);
    return found == index_.end() ? nullptr : &*slots_[found->second].meter;
  }

  // The slot of `key`'s meter, made if need be; nothing when keys_max keys are busy. What was
  // handed out at this `now` keeps its slot, so a call with several keys may collect them one by
  // one.
  std::optional<std::size_t> find_or_add(std::string_view key, std::uint64_t now) {
    const auto found = index_.find(key);
    std::size_t slot = 0;
    if (found != index_.end()) {
      slot = found->second;
    } else {
      drop_idle(now, index_.size() < keys_max_ ? kLookedAt : kLookedAtWhenFull);
      if (index_.size() >= keys_max_) return std::nullopt;
      slot = add(key);
    }
    slots_[slot].used_at = now;
    return slot;
  }

  Meter& at(std::size_t slot) { return *slots_[slot].meter; }

  // Carries every meter on under `rule`.
  void convert(std::uint64_t now, const Rule& rule) {
    for (Slot& slot : slots_) {
      if (slot.meter) slot.meter->convert(now, rule_, rule);
    }
    rule_ = rule;
  }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>{}(text);
    }
  };
  // Two per new key drop keys faster than they can be made.
  static constexpr int kLookedAt = 2;
  static constexpr int kLookedAtWhenFull = 64;

  using Index = std::unordered_map<std::string, std::size_t, Hash, std::equal_to<>>;

  struct Slot {
    std::optional<Meter> meter;        // none: the slot is free
    const std::string* key = nullptr;  // the index's own copy; nodes do not move
    std::uint64_t used_at = 0;
  };

  std::size_t add(std::string_view key) {
    std::size_t slot = slots_.size();
    if (free_.empty()) {
      slots_.emplace_back();
    } else {
      slot = free_.back();
      free_.pop_back();
    }
    const auto [position, added] = index_.emplace(std::string(key), slot);
    slots_[slot].meter.emplace(rule_.algorithm);
    slots_[slot].key = &position->first;
    return slot;
  }

  void drop_idle(std::uint64_t now, int count) {
    for (int looked = 0; looked < count && !slots_.empty(); ++looked) {
      cursor_ = (cursor_ + 1) % slots_.size();
      Slot& slot = slots_[cursor_];
      if (!slot.meter || slot.used_at == now || !slot.meter->idle(now, rule_)) continue;
      index_.erase(index_.find(*slot.key));
      slot.meter.reset();
      slot.key = nullptr;
      free_.push_back(cursor_);
    }
  }

  Rule rule_;
  std::size_t keys_max_;
  Index index_;
  std::vector<Slot> slots_;
  std::vector<std::size_t> free_;
  std::size_t cursor_ = 0;
};

}  // namespace heliograph::plugins::memory
