#include "plugins/distributors/least_failure/balancer.h"

#include <algorithm>
#include <utility>

namespace heliograph::plugins::least_failure {

using distributors::SmoothChoice;
using distributors::SmoothEntry;
using distributors::Split;

void Balancer::rebuild(const sdk::Candidates& candidates) {
  const std::vector<SmoothEntry> old_entries(roster_.entries().begin(), roster_.entries().end());
  const std::vector<Provider> old_providers = std::move(providers_);
  roster_.rebuild(candidates);
  change_.reset();
  groups_.clear();
  providers_.assign(roster_.entries().size(), Provider{});
  std::size_t first = 0;
  for (const std::span<SmoothEntry> entries : roster_.groups()) {
    const Group group{entries, std::span(providers_).subspan(first, entries.size())};
    for (std::size_t i = 0; i < group.size(); ++i) {
      const hg_candidate& candidate = candidates[entries[i].index];
      group.providers[i].name = sdk::to_view(candidate.name);
      group.providers[i].up = candidate.state == HG_CAND_UP || candidate.state == HG_CAND_PROBING;
    }
    rest(group);
    keep_shares(group, old_entries, old_providers);
    groups_.push_back(group);
    first += entries.size();
  }
}

// Resting shares: the weights' parts of the whole.
void Balancer::rest(const Group& group) {
  std::int64_t weights = 0;
  for (const SmoothEntry& entry : group.entries) weights += entry.configured;
  Split split(kWhole, weights);
  for (std::size_t i = 0; i < group.size(); ++i) {
    group.providers[i].resting = split.next(group.entries[i].configured);
    group.entries[i].weight = group.providers[i].resting;
  }
}

void Balancer::keep_shares(const Group& group, std::span<const SmoothEntry> old_entries,
                           std::span<const Provider> old_providers) {
  bool same = true;
  std::int64_t old_sum = 0;
  std::vector<const SmoothEntry*> known(group.size(), nullptr);
  for (std::size_t i = 0; i < group.size(); ++i) {
    const auto found = std::ranges::find(old_entries, group.entries[i].id, &SmoothEntry::id);
    if (found == old_entries.end()) {
      same = false;
      continue;
    }
    known[i] = &*found;
    Provider& provider = group.providers[i];
    const Provider& old = old_providers[static_cast<std::size_t>(found - old_entries.begin())];
    same = same && old.resting == provider.resting && found->priority == group.entries[i].priority;
    old_sum += found->weight;
    provider.results = old.results;
    provider.results_since_change = old.results_since_change;
    provider.changed_at_ns = old.changed_at_ns;
  }
  if (!same || old_sum != kWhole) return;
  for (std::size_t i = 0; i < group.size(); ++i) group.entries[i].weight = known[i]->weight;
}

SmoothChoice Balancer::choose(const sdk::PickRequest& request) {
  now_ns_ = std::max(now_ns_, request.raw().now_mono_ns);
  if (next_at_ns_ == 0) next_at_ns_ = now_ns_ + settings_.interval_ns;
  if (now_ns_ >= next_at_ns_) rebalance(now_ns_);
  return roster_.choose(request);
}

void Balancer::hear(const sdk::PickResult& result) {
  if (result.outcome == HG_NOT_TRIED) {
    roster_.undo(result.candidate_id, result.token);
    return;
  }
  if (result.outcome == HG_REJECTED || result.outcome == HG_THROTTLED) return;
  const SmoothEntry* const entry = roster_.find(result.candidate_id);
  if (entry == nullptr) return;
  Provider& provider = providers_[static_cast<std::size_t>(entry - roster_.entries().data())];
  provider.results.add(result.outcome != HG_SENT, now_ns_, settings_.half_life_ns);
  ++provider.results_since_change;
}

void Balancer::rebalance(std::uint64_t now_ns) {
  next_at_ns_ = now_ns + settings_.interval_ns;
  for (Provider& provider : providers_) provider.results.fade(now_ns, settings_.half_life_ns);
  // Groups take turns at being first: there is one change at a time in all.
  change_.reset();
  for (std::size_t i = 0; i < groups_.size() && !change_; ++i) {
    const Group& group = groups_[(turn_of_group_ + i) % groups_.size()];
    take_from_worst(group);
    if (!change_) give_back(group);
  }
  if (!groups_.empty()) turn_of_group_ = (turn_of_group_ + 1) % groups_.size();
}

bool Balancer::measured(const Provider& provider) const {
  return provider.results.volume() >= static_cast<double>(settings_.min_volume);
}

bool Balancer::clearly_better(const Provider& one, const Provider& other) const {
  return one.results.rate() + settings_.margin <= other.results.rate();
}

// Whoever carries load, is up, and is not known to be nearly as bad. With too few results nothing
// is known: the step is small, and its results are the next evidence.
bool Balancer::can_take_from(const Group& group, std::size_t i, std::size_t loser) const {
  const Provider& provider = group.providers[i];
  if (i == loser || !provider.up || provider.resting == 0) return false;
  return !measured(provider) || clearly_better(provider, group.providers[loser]);
}

std::optional<std::size_t> Balancer::worst(const Group& group) const {
  std::optional<std::size_t> found;
  for (std::size_t i = 0; i < group.size(); ++i) {
    const Provider& provider = group.providers[i];
    // New evidence since its last change, else one burst of failures would be punished many times.
    const bool evidence =
        measured(provider) && provider.results_since_change >= settings_.min_volume;
    const bool movable = group.entries[i].weight > std::min(settings_.floor, provider.resting);
    if (!provider.up || !evidence || !movable) continue;
    if (!found || provider.results.rate() > group.providers[*found].results.rate()) found = i;
  }
  return found;
}

void Balancer::take_from_worst(const Group& group) {
  const std::optional<std::size_t> loser = worst(group);
  if (!loser || group.providers[*loser].results.rate() < settings_.margin) return;
  std::int64_t receivers = 0;
  for (std::size_t i = 0; i < group.size(); ++i) {
    if (can_take_from(group, i, *loser)) receivers += group.providers[i].resting;
  }
  if (receivers == 0) return;
  const std::int64_t from = group.entries[*loser].weight;
  const std::int64_t floor = std::min(settings_.floor, group.providers[*loser].resting);
  const std::int64_t amount = std::min(settings_.step, from - floor);
  Split split(amount, receivers);
  for (std::size_t i = 0; i < group.size(); ++i) {
    if (!can_take_from(group, i, *loser)) continue;
    const std::int64_t gain = split.next(group.providers[i].resting);
    group.entries[i].weight += gain;
    group.entries[*loser].weight -= gain;
  }
  changed(group, *loser, from);
}

std::optional<std::size_t> Balancer::furthest_below_rest(const Group& group) const {
  std::optional<std::size_t> found;
  std::int64_t most = 0;
  for (std::size_t i = 0; i < group.size(); ++i) {
    const Provider& provider = group.providers[i];
    const std::int64_t below = provider.resting - group.entries[i].weight;
    const bool left_alone = now_ns_ - provider.changed_at_ns >= settings_.recovery_delay_ns;
    if (below <= most || !left_alone || !provider.up) continue;
    const bool still_bad =
        measured(provider) && std::ranges::any_of(group.providers, [&](const Provider& other) {
          return &other != &provider && other.up && measured(other) &&
                 clearly_better(other, provider);
        });
    if (still_bad) continue;
    most = below;
    found = i;
  }
  return found;
}

void Balancer::give_back(const Group& group) {
  const std::optional<std::size_t> winner = furthest_below_rest(group);
  if (!winner) return;
  const auto above_rest = [&](std::size_t i) {
    return std::max<std::int64_t>(0, group.entries[i].weight - group.providers[i].resting);
  };
  std::int64_t surplus = 0;
  for (std::size_t i = 0; i < group.size(); ++i) surplus += above_rest(i);
  const std::int64_t from = group.entries[*winner].weight;
  const std::int64_t below = group.providers[*winner].resting - from;
  const std::int64_t amount = std::min({settings_.recovery_step, below, surplus});
  Split split(amount, surplus);
  for (std::size_t i = 0; i < group.size(); ++i) {
    const std::int64_t part = split.next(above_rest(i));
    group.entries[i].weight -= part;
    group.entries[*winner].weight += part;
  }
  changed(group, *winner, from);
}

void Balancer::changed(const Group& group, std::size_t i, std::int64_t from) {
  Provider& provider = group.providers[i];
  provider.changed_at_ns = now_ns_;
  provider.results_since_change = 0;
  change_ = Change{provider.name, from, group.entries[i].weight, provider.results.rate()};
}

std::optional<Change> Balancer::take_change() { return std::exchange(change_, std::nullopt); }

std::int64_t Balancer::share(std::uint64_t candidate_id) {
  const SmoothEntry* const entry = roster_.find(candidate_id);
  return entry == nullptr ? 0 : entry->weight;
}

}  // namespace heliograph::plugins::least_failure
