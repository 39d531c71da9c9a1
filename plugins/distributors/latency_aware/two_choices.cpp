#include "plugins/distributors/latency_aware/two_choices.h"

#include <algorithm>
#include <utility>

#include "plugins/distributors/latency_aware/turn_token.h"

namespace heliograph::plugins::latency_aware {

using distributors::SmoothChoice;
using distributors::SmoothEntry;

namespace {

// How often drifting values are computed anew; a result counts at once.
constexpr std::uint64_t kRefreshNs = 100'000'000;

}  // namespace

// ---- a new snapshot ----

void TwoChoices::rebuild(const sdk::Candidates& candidates) {
  const std::vector<SmoothEntry> old_entries(roster_.entries().begin(), roster_.entries().end());
  const std::vector<Provider> old_providers = std::move(providers_);
  roster_.rebuild(candidates);
  providers_.assign(roster_.entries().size(), Provider{});
  for (std::size_t i = 0; i < providers_.size(); ++i) {
    const auto found = std::ranges::find(old_entries, roster_.entries()[i].id, &SmoothEntry::id);
    if (found != old_entries.end())
      providers_[i] = old_providers[static_cast<std::size_t>(found - old_entries.begin())];
  }
  groups_.clear();
  std::size_t first = 0;
  for (const std::span<SmoothEntry> entries : roster_.groups()) {
    groups_.push_back({entries, std::span(providers_).subspan(first, entries.size())});
    weigh(groups_.back());
    first += entries.size();
  }
  refresh();
}

void TwoChoices::weigh(const Group& group) {
  double sum = 0;
  double members = 0;
  for (const SmoothEntry& entry : group.entries) {
    sum += entry.configured;
    members += entry.configured > 0 ? 1 : 0;
  }
  for (std::size_t i = 0; i < group.entries.size(); ++i)
    if (group.entries[i].configured > 0)
      group.providers[i].relative = group.entries[i].configured * members / sum;
}

// ---- what is expected of each ----

void TwoChoices::refresh() {
  refresh_at_ns_ = now_ns_ + kRefreshNs;
  for (const Group& group : groups_) refresh(group);
}

// Neutral is the mean of what is known, so silence makes all alike in the end.
void TwoChoices::refresh(const Group& group) {
  double sum = 0;
  double known = 0;
  for (const Provider& provider : group.providers) {
    if (!provider.latency.known()) continue;
    sum += provider.latency.value(now_ns_, provider.neutral_ns, settings_);
    known += 1;
  }
  for (Provider& provider : group.providers) {
    provider.neutral_ns = known > 0 ? sum / known : kUnknownNs;
    expect(provider);
  }
}

void TwoChoices::expect(Provider& provider) {
  provider.expected_ns = provider.latency.value(now_ns_, provider.neutral_ns, settings_) +
                         provider.latency.penalty(now_ns_, settings_);
}

double TwoChoices::outstanding(const Group& group, std::size_t i, const sdk::PickRequest& request) {
  const std::uint32_t in_flight = request.in_flight(group.entries[i].index);
  return std::max(group.providers[i].outstanding, in_flight);
}

// How much more is outstanding at `own` than at `other`, by weight. A difference that one message
// more would turn around counts as none: with few in flight it would drown the weights.
double TwoChoices::pressure(const Group& group, std::size_t own, std::size_t other,
                            const sdk::PickRequest& request) {
  const double mine = outstanding(group, own, request);
  const double theirs = outstanding(group, other, request);
  const double my_weight = group.providers[own].relative;
  const double their_weight = group.providers[other].relative;
  const double more = (1 + mine / my_weight) / (1 + (theirs + 1) / their_weight);
  if (more > 1) return more;
  return std::min(1.0, (1 + (mine + 1) / my_weight) / (1 + theirs / their_weight));
}

// ---- one message ----

std::optional<sdk::Choice> TwoChoices::choose(const sdk::PickRequest& request) {
  now_ns_ = std::max(now_ns_, request.raw().now_mono_ns);
  if (now_ns_ >= refresh_at_ns_) refresh();
  for (const Group& group : groups_) {
    const std::optional<sdk::Choice> choice = choose_in(group, request);
    if (choice) return choice;
  }
  return std::nullopt;
}

// One of the pool besides the first, all alike.
template <typename InPool>
std::optional<std::size_t> TwoChoices::other(const Group& group, std::size_t first,
                                             InPool in_pool) {
  std::uint32_t others = 0;
  for (std::size_t i = 0; i < group.entries.size(); ++i)
    if (i != first && in_pool(group.entries[i])) ++others;
  if (others == 0) return std::nullopt;
  std::uint32_t left = others == 1 ? 0 : dice_.below(others);
  for (std::size_t i = 0; i < group.entries.size(); ++i) {
    if (i == first || !in_pool(group.entries[i])) continue;
    if (left-- == 0) return i;
  }
  return std::nullopt;
}

// The load is latency times what is outstanding. A turn is kept with the square of how much less
// loaded the other one is.
bool TwoChoices::gives_up(const Group& group, std::size_t own, std::size_t other,
                          const sdk::PickRequest& request) {
  const double slower = group.providers[own].expected_ns / group.providers[other].expected_ns;
  const double loaded = slower * pressure(group, own, other, request);
  if (!(loaded > 1)) return false;
  return dice_.fraction() >= std::max(settings_.floor, 1 / (loaded * loaded));
}

// Those whose window is full take part only when that goes for all.
std::optional<sdk::Choice> TwoChoices::choose_in(const Group& group,
                                                 const sdk::PickRequest& request) {
  const SmoothEntry* const begin = group.entries.data();
  const auto eligible = [&](const SmoothEntry& entry) {
    return entry.configured > 0 && !request.excluded(entry.index);
  };
  const auto has_room = [&](const SmoothEntry& entry) {
    const Provider& provider = group.providers[static_cast<std::size_t>(&entry - begin)];
    return eligible(entry) && !provider.full.full(now_ns_, request.in_flight(entry.index));
  };
  const bool room = std::ranges::any_of(group.entries, has_room);
  const auto in_pool = [&](const SmoothEntry& entry) {
    return room ? has_room(entry) : eligible(entry);
  };
  SmoothEntry* const entries = group.entries.data();
  const SmoothChoice turn = distributors::choose(entries, entries + group.entries.size(), in_pool);
  if (turn.entry == nullptr) return std::nullopt;
  const auto first = static_cast<std::size_t>(turn.entry - begin);
  std::size_t chosen = first;
  if (const std::optional<std::size_t> second = other(group, first, in_pool)) {
    if (gives_up(group, first, *second, request)) chosen = *second;
  }
  Provider& provider = group.providers[chosen];
  const std::uint32_t index = group.entries[chosen].index;
  ++provider.outstanding;
  provider.full.chosen(request.in_flight(index));
  return sdk::Choice{index, pack({turn.turn, turn.entry->slot})};
}

void TwoChoices::hear(const sdk::PickResult& result) {
  if (result.outcome == HG_NOT_TRIED) {
    const TurnOf turn = unpack(result.token);
    const auto owner = std::ranges::find(roster_.entries(), turn.slot, &SmoothEntry::slot);
    if (owner != roster_.entries().end()) roster_.undo(owner->id, turn.credited);
  }
  Provider* const provider = find(result.candidate_id);
  if (provider == nullptr) return;
  if (provider->outstanding > 0) --provider->outstanding;
  const bool known = provider->latency.known();
  const auto latency = static_cast<double>(result.latency.count());
  switch (result.outcome) {
    case HG_NOT_TRIED:
      return provider->full.not_tried(now_ns_);
    case HG_SENT:
      provider->latency.succeeded(latency, now_ns_, settings_);
      break;
    case HG_RETRY:
    case HG_UNKNOWN:
    case HG_REFUSED:
      provider->latency.failed(latency, now_ns_, settings_);
      break;
    default:
      return;
  }
  // A first answer is also what its group is measured by.
  if (provider->latency.known() != known) return refresh();
  expect(*provider);
}

TwoChoices::Provider* TwoChoices::find(std::uint64_t candidate_id) noexcept {
  const SmoothEntry* const entry = roster_.find(candidate_id);
  if (entry == nullptr) return nullptr;
  return &providers_[static_cast<std::size_t>(entry - roster_.entries().data())];
}

double TwoChoices::expected_ns(std::uint64_t candidate_id) {
  const Provider* const provider = find(candidate_id);
  return provider == nullptr ? 0 : provider->expected_ns;
}

}  // namespace heliograph::plugins::latency_aware
