#include "plugins/distributors/lowest_cost/buyer.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace heliograph::plugins::lowest_cost {

using distributors::SmoothEntry;
using distributors::Split;
using distributors::Turn;

namespace {

// Everybody of a group is credited in each turn, excluded or not.
constexpr Turn kAll = ~Turn{0};

}  // namespace

// ---- a new snapshot ----

void Buyer::rebuild(const sdk::Candidates& candidates) {
  const std::vector<SmoothEntry> old_entries(roster_.entries().begin(), roster_.entries().end());
  const std::vector<Provider> old_providers = std::move(providers_);
  roster_.rebuild(candidates);
  change_.reset();
  groups_.clear();
  providers_.assign(roster_.entries().size(), Provider{});
  std::size_t first = 0;
  for (const std::span<SmoothEntry> entries : roster_.groups()) {
    Group group;
    group.entries = entries;
    group.providers = std::span(providers_).subspan(first, entries.size());
    take_over(group, candidates);
    const bool kept = keep_shares(group, old_entries, old_providers);
    price_failures(group);
    find_leader(group);
    aim(group);
    for (std::size_t i = 0; !kept && i < group.size(); ++i)
      group.entries[i].weight = group.providers[i].target;
    groups_.push_back(group);
    first += entries.size();
  }
}

void Buyer::take_over(const Group& group, const sdk::Candidates& candidates) const {
  for (std::size_t i = 0; i < group.size(); ++i) {
    const hg_candidate& candidate = candidates[group.entries[i].index];
    Provider& provider = group.providers[i];
    provider.name = sdk::to_view(candidate.name);
    provider.up = candidate.state == HG_CAND_UP;
    provider.price = static_cast<double>(candidate.cost_micros);
  }
}

// False: who takes part on what terms has changed.
bool Buyer::keep_shares(const Group& group, std::span<const SmoothEntry> old_entries,
                        std::span<const Provider> old_providers) {
  bool same = true;
  std::int64_t old_sum = 0;
  for (std::size_t i = 0; i < group.size(); ++i) {
    SmoothEntry& entry = group.entries[i];
    Provider& provider = group.providers[i];
    const auto found = std::ranges::find(old_entries, entry.id, &SmoothEntry::id);
    if (found == old_entries.end()) {
      same = false;
      continue;
    }
    const Provider& old = old_providers[static_cast<std::size_t>(found - old_entries.begin())];
    same = same && found->configured == entry.configured && found->priority == entry.priority &&
           old.price == provider.price;
    old_sum += found->weight;
    entry.weight = found->weight;
    provider.history = old.history;
    provider.full = old.full;
  }
  return same && old_sum == kWhole;
}

// ---- targets ----

bool Buyer::takes_part(const Group& group, std::size_t i) {
  return group.entries[i].configured > 0;
}

// What a failed attempt costs besides its price is measured by what an attempt elsewhere may cost.
// Where all is free, failures still have a price, or they would not matter.
void Buyer::price_failures(Group& group) const {
  double dearest = 1;
  for (std::size_t i = 0; i < group.size(); ++i)
    if (takes_part(group, i)) dearest = std::max(dearest, group.providers[i].price);
  group.failure_cost = settings_.failure_cost * dearest;
}

// The cheapest of those that are up; when none is, the old leader stays.
void Buyer::find_leader(Group& group) {
  const auto rank = [&](std::size_t i) {
    const Provider& provider = group.providers[i];
    return std::tuple(!takes_part(group, i), !provider.up, provider.cost, provider.price, i);
  };
  for (std::size_t i = 0; i < group.size(); ++i)
    group.providers[i].cost =
        group.providers[i].history.cost(group.providers[i].price, group.failure_cost);
  std::size_t best = 0;
  for (std::size_t i = 1; i < group.size(); ++i)
    if (rank(i) < rank(best)) best = i;
  group.leader = best;
}

void Buyer::aim(const Group& group) const {
  const Provider& leader = group.providers[group.leader];
  const auto shares = [&](std::size_t i) {
    const Provider& provider = group.providers[i];
    return i == group.leader ||
           (takes_part(group, i) && provider.up == leader.up && provider.price <= leader.price &&
            provider.cost <= leader.cost * (1 + settings_.tolerance));
  };
  std::int64_t weights = 0;
  std::int64_t left = kWhole;
  for (std::size_t i = 0; i < group.size(); ++i) {
    Provider& provider = group.providers[i];
    provider.target = 0;
    if (shares(i)) {
      weights += group.entries[i].configured;
    } else if (takes_part(group, i) && provider.price <= leader.price) {
      provider.target = std::min(settings_.floor, left / 2);
      left -= provider.target;
    }
  }
  Split split(left, weights);
  for (std::size_t i = 0; i < group.size(); ++i)
    if (shares(i)) group.providers[i].target = split.next(group.entries[i].configured);
}

// One step towards the targets. What is taken from those above theirs is given to those below.
void Buyer::move(const Group& group) const {
  const auto above = [&](std::size_t i) {
    return std::max<std::int64_t>(0, group.entries[i].weight - group.providers[i].target);
  };
  const auto below = [&](std::size_t i) {
    return std::max<std::int64_t>(0, group.providers[i].target - group.entries[i].weight);
  };
  std::int64_t distance = 0;
  bool trouble = false;
  for (std::size_t i = 0; i < group.size(); ++i) {
    distance += above(i);
    const Provider& provider = group.providers[i];
    trouble = trouble || (above(i) > 0 && (provider.history.rate() > 0 || !provider.up));
  }
  if (distance == 0) return;
  const std::int64_t amount =
      std::min(distance, trouble ? settings_.step : settings_.recovery_step);
  Split losses(amount, distance);
  Split gains(amount, distance);
  for (std::size_t i = 0; i < group.size(); ++i) {
    const std::int64_t loss = losses.next(above(i));
    const std::int64_t gain = gains.next(below(i));
    group.entries[i].weight += gain - loss;
  }
}

void Buyer::rebalance() {
  next_at_ns_ = now_ns_ + settings_.interval_ns;
  for (Provider& provider : providers_) provider.history.judge(now_ns_, settings_);
  for (Group& group : groups_) {
    const std::size_t before = group.leader;
    find_leader(group);
    aim(group);
    move(group);
    for (Provider& provider : group.providers)
      provider.served = std::max(0.0, provider.served - group.served);
    group.served = 0;
    if (group.leader == before) continue;
    const Provider& from = group.providers[before];
    const Provider& to = group.providers[group.leader];
    change_ = Change{from.name, to.name, from.history.rate(), to.history.rate()};
  }
}

// ---- one message ----

std::optional<sdk::Choice> Buyer::choose(const sdk::PickRequest& request) {
  now_ns_ = std::max(now_ns_, request.raw().now_mono_ns);
  if (next_at_ns_ == 0) next_at_ns_ = now_ns_ + settings_.interval_ns;
  if (now_ns_ >= next_at_ns_) rebalance();
  for (Group& group : groups_) {
    const std::optional<sdk::Choice> choice = choose_in(group, request);
    if (choice) return choice;
  }
  return std::nullopt;
}

bool Buyer::eligible(const Group& group, std::size_t i, const sdk::PickRequest& request) {
  return takes_part(group, i) && !request.excluded(group.entries[i].index);
}

bool Buyer::full(const Group& group, std::size_t i, const sdk::PickRequest& request) const {
  return group.providers[i].full.full(now_ns_, request.in_flight(group.entries[i].index));
}

// The cheapest that can take a turn over; a full one only when all are. Equal costs share by
// weight: whoever has taken least is next. At least one must be eligible.
std::size_t Buyer::heir(const Group& group, const sdk::PickRequest& request) const {
  const auto rank = [&](std::size_t i) {
    const Provider& provider = group.providers[i];
    return std::tuple(!eligible(group, i, request), full(group, i, request), !provider.up,
                      provider.cost, std::max(provider.served, group.served));
  };
  std::size_t best = 0;
  for (std::size_t i = 1; i < group.size(); ++i)
    if (rank(i) < rank(best)) best = i;
  return best;
}

std::optional<sdk::Choice> Buyer::choose_in(Group& group, const sdk::PickRequest& request) {
  bool anybody = false;
  for (std::size_t i = 0; i < group.size() && !anybody; ++i) anybody = eligible(group, i, request);
  if (!anybody) return std::nullopt;
  SmoothEntry* const first = group.entries.data();
  const auto everybody = [](const SmoothEntry&) { return true; };
  const SmoothEntry* const turn =
      distributors::choose(first, first + group.size(), everybody).entry;
  auto chosen = static_cast<std::size_t>(turn - first);
  if (!eligible(group, chosen, request) || full(group, chosen, request)) {
    const std::size_t own = chosen;
    chosen = heir(group, request);
    Provider& provider = group.providers[chosen];
    if (chosen != own) {
      group.served = std::max(group.served, provider.served);
      provider.served = group.served + 1.0 / group.entries[chosen].configured;
    }
  }
  const std::uint32_t index = group.entries[chosen].index;
  group.providers[chosen].full.chosen(request.in_flight(index));
  return sdk::Choice{index, turn->id};
}

void Buyer::hear(const sdk::PickResult& result) {
  Provider* const provider = find(result.candidate_id);
  if (result.outcome == HG_NOT_TRIED) {
    roster_.undo(result.token, kAll);
    if (provider == nullptr) return;
    provider->full.not_tried(now_ns_);
    if (result.token == result.candidate_id) return;
    const SmoothEntry* const entry = roster_.find(result.candidate_id);
    provider->served -= 1.0 / std::max(1U, entry->configured);
    return;
  }
  if (provider == nullptr || result.outcome == HG_REJECTED || result.outcome == HG_THROTTLED)
    return;
  provider->history.hear(result.outcome != HG_SENT, now_ns_, settings_);
}

Buyer::Provider* Buyer::find(std::uint64_t candidate_id) noexcept {
  const SmoothEntry* const entry = roster_.find(candidate_id);
  if (entry == nullptr) return nullptr;
  return &providers_[static_cast<std::size_t>(entry - roster_.entries().data())];
}

std::optional<Change> Buyer::take_change() { return std::exchange(change_, std::nullopt); }

std::int64_t Buyer::share(std::uint64_t candidate_id) {
  const SmoothEntry* const entry = roster_.find(candidate_id);
  return entry == nullptr ? 0 : entry->weight;
}

}  // namespace heliograph::plugins::lowest_cost
