#include "core/pipeline/route_book.h"

#include <algorithm>
#include <utility>

#include "core/base/assert.h"

namespace heliograph::pipeline {

RouteBook::RouteBook(const RouteTable& table, const ProviderBoard& board)
    : table_(table), board_(board) {}

RouteIndex RouteBook::route_of(const ports::DispatchClass& meaning) const {
  if (meaning.pinned || table_.empty()) return kNoRoute;
  const auto found = meaning.route.empty() ? std::nullopt : table_.find(meaning.route);
  if (!found) return kRouteByRules;
  // The rule of this name may have become one for other channels.
  const bool fits = (table_.channels(*found) & static_cast<std::uint32_t>(meaning.channel)) != 0;
  return fits ? static_cast<RouteIndex>(*found) : kRouteByRules;
}

ProviderMask RouteBook::carriers(const ports::DispatchClass& meaning) const {
  const RouteIndex route = route_of(meaning);
  if (route == kNoRoute) return board_.carriers(meaning);
  if (route != kRouteByRules) return providers(route, meaning.channel);
  ProviderMask mask = providers(kNoRoute, meaning.channel);
  for (std::size_t i = 0; i < table_.size(); ++i) {
    mask |= providers(static_cast<RouteIndex>(i), meaning.channel);
  }
  return mask;
}

RouteIndex RouteBook::route_for(const model::WorkItem& item) const {
  const auto name = names_.find(item.client);
  const auto found = table_.match({.channel = item.channel,
                                   .to = item.to,
                                   .from = item.from,
                                   .client = name == names_.end() ? "" : name->second,
                                   .metadata_json = item.metadata_json});
  return found ? static_cast<RouteIndex>(*found) : kNoRoute;
}

ProviderMask RouteBook::providers(RouteIndex route, model::Channel channel) const {
  if (route == kNoRoute) return board_.carriers({.id = {}, .channel = channel, .pinned = {}});
  ProviderMask mask = 0;
  for (const RouteMember& member : table_.members(static_cast<std::size_t>(route))) {
    const bool carries = (member.channels & static_cast<std::uint32_t>(channel)) != 0;
    const auto i = board_.find(member.provider);
    if (carries && member.weight > 0 && i) mask |= ProviderMask{1} << *i;
  }
  return mask;
}

// ---- strategies ----

RouteDistributors::RouteDistributors(const RouteTable& table, ports::Distributor& general,
                                     std::vector<ports::Distributor*> of_rules)
    : table_(table), general_(general), of_rules_(std::move(of_rules)) {
  HG_ASSERT(of_rules_.size() == table_.size());
}

ports::Distributor& RouteDistributors::at(RouteIndex route) {
  return route < 0 ? general_ : *of_rules_[static_cast<std::size_t>(route)];
}

void RouteDistributors::on_candidates(std::span<const ports::Candidate> candidates) {
  if (retired_) return;
  general_.on_candidates(candidates);
  for (std::size_t i = 0; i < of_rules_.size(); ++i) {
    const auto members = table_.members(i);
    // All of them, so that an index means the same provider everywhere.
    std::vector<ports::Candidate> own(candidates.begin(), candidates.end());
    for (ports::Candidate& candidate : own) {
      const auto member = std::ranges::find(members, candidate.name, &RouteMember::provider);
      candidate.weight = member == members.end() ? 0 : member->weight;
      if (member != members.end()) candidate.cost_micros = member->cost_micros;
    }
    of_rules_[i]->on_candidates(own);
  }
}

std::optional<ports::Pick> RouteDistributors::pick(const ports::PickRequest& request) {
  if (retired_) return std::nullopt;
  auto pick = at(request.route).pick(request);
  if (pick) pick->route = request.route;
  return pick;
}

void RouteDistributors::on_result(const ports::Pick& pick, model::ProviderKey provider,
                                  model::Outcome outcome, std::chrono::nanoseconds latency) {
  at(pick.route).on_result(pick, provider, outcome, latency);
}

}  // namespace heliograph::pipeline
