// Dispatch classes: what the small class number of a waiting message means, and which of today's
// providers may carry its messages. [loop]
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>

#include "core/model/message.h"
#include "core/ports/distributor.h"
#include "core/ports/store_types.h"

namespace heliograph::pipeline {

// Providers as bits: bit i is provider i in the order of the configuration (at most 64).
using ProviderMask = std::uint64_t;

using ports::kNoRoute;
using ports::RouteIndex;
// The class names no rule of today: each of its messages is asked.
inline constexpr RouteIndex kRouteByRules = -2;

struct ClassInfo {
  model::ClassId id{};
  model::Channel channel{};
  std::optional<model::ProviderKey> pinned;
  ProviderMask providers = 0;  // may be empty: its provider is not configured any more
  RouteIndex route = kNoRoute;
};

class DispatchClasses {
 public:
  // `carriers`: the providers that may carry messages of a class.
  using Carriers = std::function<ProviderMask(const ports::DispatchClass&)>;
  // `route_of`: the rule that a class's messages go by; without it none does.
  using RouteOf = std::function<RouteIndex(const ports::DispatchClass&)>;
  explicit DispatchClasses(Carriers carriers, RouteOf route_of = {})
      : carriers_(std::move(carriers)), route_of_(std::move(route_of)) {}

  // The class by its number; added when it is new. References stay valid.
  const ClassInfo& add(const ports::DispatchClass& meaning) {
    auto& slot = classes_[static_cast<std::int32_t>(meaning.id)];
    if (!slot) {
      slot = std::make_unique<ClassInfo>(ClassInfo{meaning.id, meaning.channel, meaning.pinned,
                                                   carriers_(meaning),
                                                   route_of_ ? route_of_(meaning) : kNoRoute});
      if (meaning.pinned) pinned_[{meaning.channel, *meaning.pinned}] = meaning.id;
    }
    return *slot;
  }
  const ClassInfo* find(model::ClassId id) const {
    const auto found = classes_.find(static_cast<std::int32_t>(id));
    return found == classes_.end() ? nullptr : found->second.get();
  }
  // The class of messages that only `provider` may carry; nullopt: never interned.
  std::optional<model::ClassId> pinned_to(model::Channel channel,
                                          model::ProviderKey provider) const {
    const auto found = pinned_.find({channel, provider});
    if (found == pinned_.end()) return std::nullopt;
    return found->second;
  }

 private:
  Carriers carriers_;
  RouteOf route_of_;
  std::map<std::pair<model::Channel, model::ProviderKey>, model::ClassId> pinned_;
  std::unordered_map<std::int32_t, std::unique_ptr<ClassInfo>> classes_;
};

}  // namespace heliograph::pipeline
