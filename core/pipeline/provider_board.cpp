#include "core/pipeline/provider_board.h"

#include <algorithm>
#include <stdexcept>

namespace heliograph::pipeline {

namespace {

// Reading ahead for a provider that is limited for less than this keeps its limit fully used.
constexpr std::chrono::milliseconds kSoon{200};

std::chrono::nanoseconds permit_age_max(const PipelineSettings& settings,
                                        const config::Provider& provider) {
  constexpr std::chrono::milliseconds kLeast{
      1};  // a limiter that answers at once is never too late
  auto least = std::chrono::nanoseconds::max();
  for (const auto* limit : {&settings.limits.dispatch, &provider.limit}) {
    if (!*limit) continue;
    const auto half = limit_guard(settings.limiter, (*limit)->window) / 2;
    least = std::min(least, std::max<std::chrono::nanoseconds>(half, kLeast));
  }
  return least;
}

constexpr ProviderMask bit(std::size_t i) { return ProviderMask{1} << i; }

std::uint32_t first_window(const config::Provider& settings, const ports::Provider* handle) {
  const std::uint32_t own = handle == nullptr ? 0 : handle->traits().max_in_flight;
  return own == 0 ? settings.max_in_flight : std::min(own, settings.max_in_flight);
}

std::uint32_t channel_bits(const config::Provider& settings) {
  std::uint32_t bits = 0;
  for (const model::Channel channel : settings.channels)
    bits |= static_cast<std::uint32_t>(channel);
  return bits;
}

}  // namespace

ProviderEntry::ProviderEntry(ProviderSlot slot, model::ProviderKey provider_key,
                             const config::Health& limits)
    : settings(std::move(slot.settings)),
      handle(slot.provider),
      key(provider_key),
      quarantined(slot.provider == nullptr
                      ? (slot.failure.empty() ? "its plugin is not loaded" : slot.failure)
                      : ""),
      enabled(settings.enabled),
      health(limits),
      max_in_flight(first_window(settings, handle)) {}

void ProviderEntry::announce(std::uint32_t window) {
  announced = window;
  max_in_flight = std::min(window, settings.max_in_flight);
}

ProviderBoard::ProviderBoard(const PipelineSettings& settings, std::vector<ProviderSlot> slots,
                             const std::vector<model::ProviderKey>& keys) {
  if (slots.size() > kProvidersMax) throw std::invalid_argument("more than 64 providers");
  std::vector<config::Provider> providers;
  for (const ProviderSlot& slot : slots) providers.push_back(slot.settings);
  const auto rules = limit_rules(settings, providers);
  std::uint32_t next_rule = 0;
  if (settings.limits.dispatch) {
    dispatch_rule_ = settings.limits.dispatch;
    dispatch_.emplace(rules[0], 0, settings.limits.dispatch->unit == "parts");
    next_rule = 1;
  }
  entries_.reserve(slots.size());
  for (std::size_t i = 0; i < slots.size(); ++i) {
    ProviderEntry& entry = entries_.emplace_back(std::move(slots[i]), keys[i], settings.health);
    entry.permit_age_max = permit_age_max(settings, entry.settings);
    if (!entry.settings.limit) continue;
    entry.forecast.emplace(rules[next_rule], next_rule, entry.settings.limit->unit == "parts");
    ++next_rule;
  }
}

void ProviderBoard::inherit(ProviderBoard& before, model::TimePoint wall) {
  for (ProviderEntry& entry : entries_) {
    const auto found = before.find(entry.key);
    if (!found) continue;
    ProviderEntry& old = before[*found];
    entry.operator_enabled = old.operator_enabled;
    entry.enabled = entry.settings.enabled && old.operator_enabled;
    entry.health.restore(old.health.to_text(wall), wall);
    entry.outcomes = old.outcomes;
    entry.last_used = old.last_used;
    entry.sends = old.sends;
    entry.picks = old.picks;
    entry.paused_until = old.paused_until;
    if (entry.forecast && old.forecast) entry.forecast->inherit(*old.forecast);
    if (entry.handle == nullptr || entry.handle != old.handle) continue;
    entry.quarantined = old.quarantined;
    entry.busy_until = old.busy_until;
    if (old.announced) entry.announce(*old.announced);
    entry.in_flight = entry.inherited = old.in_flight;
  }
  if (dispatch_ && before.dispatch_) dispatch_->inherit(*before.dispatch_);
}

std::optional<std::size_t> ProviderBoard::find(model::ProviderKey key) const {
  for (std::size_t i = 0; i < entries_.size(); ++i)
    if (entries_[i].key == key) return i;
  return std::nullopt;
}

std::optional<std::size_t> ProviderBoard::find(const std::string& name) const {
  for (std::size_t i = 0; i < entries_.size(); ++i)
    if (entries_[i].settings.id == name) return i;
  return std::nullopt;
}

ProviderMask ProviderBoard::bits(const std::vector<model::ProviderKey>& keys) const {
  ProviderMask mask = 0;
  for (const model::ProviderKey key : keys)
    if (const auto i = find(key)) mask |= bit(*i);
  return mask;
}

ProviderMask ProviderBoard::carriers(const ports::DispatchClass& meaning) const {
  ProviderMask mask = 0;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const ProviderEntry& entry = entries_[i];
    if ((channel_bits(entry.settings) & static_cast<std::uint32_t>(meaning.channel)) == 0) continue;
    if (meaning.pinned ? entry.key == *meaning.pinned : entry.settings.weight > 0) mask |= bit(i);
  }
  return mask;
}

ProviderMask ProviderBoard::eligible() const {
  ProviderMask mask = 0;
  for (std::size_t i = 0; i < entries_.size(); ++i)
    if (entries_[i].usable() && entries_[i].health.closed()) mask |= bit(i);
  return mask;
}

ports::MonoTime ProviderBoard::takes_at(ProviderEntry& entry, ports::MonoTime now) {
  if (entry.max_in_flight == 0) return ports::MonoTime::max();
  ports::MonoTime at = std::max({now, entry.paused_until, entry.busy_until});
  if (entry.forecast) at = std::max(at, entry.forecast->when(now, 1));
  if (dispatch_) at = std::max(at, dispatch_->when(now, 1));
  return at;
}

void ProviderBoard::look(ports::MonoTime now, model::TimePoint wall) {
  pickable_ = open_ = soon_ = probe_ = any_probe_ = 0;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    ProviderEntry& entry = entries_[i];
    if (!entry.usable()) continue;
    const ports::MonoTime takes = takes_at(entry, now);
    if (entry.health.closed() && takes <= now + kSoon) soon_ |= bit(i);
    if (takes > now) continue;
    if (entry.health.closed()) {
      if (entry.clogged) continue;
      pickable_ |= bit(i);
      if (entry.slot_free() || entry.parked < entry.max_in_flight) open_ |= bit(i);
    } else if (entry.slot_free() && entry.health.wants_probe(wall)) {
      probe_ |= bit(i);
      if (entry.health.takes_any_probe(wall)) any_probe_ |= bit(i);
    }
  }
}

ports::MonoTime ProviderBoard::available_at(ProviderMask mask, ports::MonoTime now) {
  ports::MonoTime earliest = ports::MonoTime::max();
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    ProviderEntry& entry = entries_[i];
    if ((mask & bit(i)) == 0 || !entry.usable() || !entry.health.closed()) continue;
    earliest = std::min(earliest, takes_at(entry, now));
  }
  return earliest;
}

ports::MonoTime ProviderBoard::next_change(ports::MonoTime now, model::TimePoint wall) {
  ports::MonoTime earliest = ports::MonoTime::max();
  for (ProviderEntry& entry : entries_) {
    if (!entry.usable()) continue;
    const ports::MonoTime at = takes_at(entry, now);
    if (at > now) earliest = std::min(earliest, at);
    const model::TimePoint health = entry.health.next_change(wall);
    if (health != model::kNever) earliest = std::min(earliest, now + (health - wall));
  }
  return earliest;
}

// ---- permits ----

template <class Use>
void ProviderBoard::each_forecast(std::size_t i, Use use) {
  if (dispatch_) use(*dispatch_);
  if (entries_[i].forecast) use(*entries_[i].forecast);
}

bool ProviderBoard::permit_fits(std::size_t i, std::uint16_t parts, ports::MonoTime now) {
  bool fits = true;
  each_forecast(i, [&](PermitForecast& forecast) {
    const ports::MonoTime at = forecast.when(now, forecast.key(parts).cost);
    if (at <= now) return;
    fits = false;
    // Kept for this one: cheaper messages must not take what a long one is waiting for.
    forecast.hold(at);
  });
  return fits;
}

std::size_t ProviderBoard::permit_keys(std::size_t i, std::uint16_t parts,
                                       std::array<ports::LimitKey, 2>& keys) const {
  std::size_t count = 0;
  if (dispatch_) keys[count++] = dispatch_->key(parts);
  if (entries_[i].forecast) keys[count++] = entries_[i].forecast->key(parts);
  return count;
}

void ProviderBoard::want_permit(std::size_t i, std::uint16_t parts) {
  each_forecast(i, [&](PermitForecast& f) { f.want(f.key(parts).cost); });
}

void ProviderBoard::unwant_permit(std::size_t i, std::uint16_t parts) {
  each_forecast(i, [&](PermitForecast& f) { f.unwant(f.key(parts).cost); });
}

void ProviderBoard::permit_granted(std::size_t i, std::uint16_t parts, ports::MonoTime now) {
  each_forecast(i, [&](PermitForecast& f) { f.granted(now, f.key(parts).cost); });
}

void ProviderBoard::permit_refunded(std::size_t i, std::uint16_t parts,
                                    ports::MonoTime granted_at) {
  each_forecast(i, [&](PermitForecast& f) { f.refunded(granted_at, f.key(parts).cost); });
}

void ProviderBoard::permit_denied(std::size_t i, std::optional<std::uint32_t> key,
                                  ports::MonoTime until) {
  if (dispatch_ && (key == 0u || !entries_[i].forecast)) {
    dispatch_->denied(until);
  } else if (entries_[i].forecast) {
    entries_[i].forecast->denied(until);
  }
}

// ---- what is told and shown ----

void ProviderBoard::set_window(std::size_t i, std::uint32_t max_in_flight) {
  ProviderEntry& entry = entries_[i];
  entry.announce(max_in_flight);
  if (entry.slot_free()) entry.clogged = false;
  entry.busy_until = {};
}

std::vector<ports::Candidate> ProviderBoard::candidates() const {
  std::vector<ports::Candidate> list;
  for (const ProviderEntry& entry : entries_) {
    auto state = ports::CandidateState::kUp;
    if (entry.health.circuit() == Circuit::kHalfOpen) state = ports::CandidateState::kProbing;
    if (entry.health.circuit() == Circuit::kOpen || !entry.quarantined.empty())
      state = ports::CandidateState::kDown;
    if (!entry.enabled) state = ports::CandidateState::kDraining;
    list.push_back({.provider = entry.key,
                    .name = entry.settings.id,
                    .state = state,
                    .weight = entry.settings.weight,
                    .priority = entry.settings.priority,
                    .cost_micros = entry.settings.cost_micros});
  }
  return list;
}

ProviderStatus ProviderBoard::status(std::size_t i, model::TimePoint wall, ports::MonoTime now) {
  ProviderEntry& entry = entries_[i];
  const Health::Counts counts = entry.health.counts(wall);
  ProviderStatus status;
  status.id = entry.settings.id;
  status.channels = entry.settings.channels;
  status.weight = entry.settings.weight;
  status.enabled = entry.enabled;
  status.draining = !entry.enabled && entry.in_flight > 0;
  status.quarantined = entry.quarantined;
  status.circuit = entry.health.circuit();
  status.retry_at = entry.health.retry_at();
  status.reason = entry.health.reason();
  status.window_successes = counts.successes;
  status.window_failures = counts.failures;
  status.window_throttles = counts.throttles;
  status.window_timeouts = counts.timeouts;
  status.in_flight = entry.in_flight;
  status.max_in_flight = entry.max_in_flight;
  const ports::MonoTime until = std::max(
      entry.paused_until, entry.forecast ? entry.forecast->when(now, 1) : ports::MonoTime{});
  if (until > now)
    status.paused_until = wall + std::chrono::ceil<std::chrono::milliseconds>(until - now);
  status.outcomes = entry.outcomes;
  status.last_used = entry.last_used;
  if (entry.forecast) status.limit = entry.forecast->use(*entry.settings.limit, now);
  status.sends = entry.sends;
  status.picks = entry.picks;
  return status;
}

void ProviderBoard::count_send(std::size_t i, bool picked) {
  ++entries_[i].sends;
  if (!picked) return;
  ++entries_[i].picks;
  last_pick_ = i;
}

void ProviderBoard::reset_sends() {
  for (ProviderEntry& entry : entries_) entry.sends = entry.picks = 0;
  last_pick_.reset();
}

std::optional<LimitUse> ProviderBoard::dispatch_limit(ports::MonoTime now) {
  if (!dispatch_) return std::nullopt;
  return dispatch_->use(*dispatch_rule_, now);
}

}  // namespace heliograph::pipeline
