#include "core/pipeline/provider_desk.h"

#include <algorithm>
#include <utility>

namespace heliograph::pipeline {

ProviderDesk::ProviderDesk(const PipelinePorts& ports, ports::Log& log, ProviderBoard& board)
    : ports_(ports), log_(log), board_(board), counted_since_(ports.clock.wall()) {}

void ProviderDesk::restore(const std::vector<ports::ProviderState>& states) {
  for (const ports::ProviderState& state : states) {
    const auto i = board_.find(state.key);
    if (!i) continue;
    ProviderEntry& entry = board_[*i];
    // What the configuration disables stays so; what an operator disabled does too.
    entry.operator_enabled = state.enabled;
    entry.enabled = entry.settings.enabled && state.enabled;
    if (!state.enabled) log_.info("provider stays disabled", {{"provider", entry.settings.id}});
    if (state.health.empty()) continue;  // never saved
    if (!entry.health.restore(state.health, ports_.clock.wall()))
      log_.warn("saved health not understood", {{"provider", entry.settings.id}});
  }
}

void ProviderDesk::on_circuit(std::size_t provider) {
  const ProviderEntry& entry = board_[provider];
  const auto level =
      entry.health.circuit() == Circuit::kOpen ? ports::LogLevel::kWarn : ports::LogLevel::kInfo;
  log_.log(level, "circuit changed",
           {{"provider", entry.settings.id},
            {"circuit", to_string(entry.health.circuit())},
            {"reason", entry.health.reason()}});
  save(provider);
}

void ProviderDesk::save(std::size_t provider, base::Task done) {
  ProviderEntry& entry = board_[provider];
  const ports::ProviderState state{entry.key, entry.settings.id, entry.operator_enabled,
                                   entry.health.to_text(ports_.clock.wall())};
  ports_.store.save_provider_state(state, ports_.loop,
                                   alive_.guard([done = std::move(done)](bool) mutable {
                                     if (done) done();
                                   }));
}

void ProviderDesk::save_all() {
  for (std::size_t i = 0; i < board_.size(); ++i) {
    const Health::Counts counts = board_[i].health.counts(ports_.clock.wall());
    const bool idle = counts.successes + counts.failures + counts.throttles == 0;
    if (!idle || !board_[i].health.closed()) save(i);
  }
}

ProviderStatus ProviderDesk::status(std::size_t provider) {
  return board_.status(provider, ports_.clock.wall(), ports_.clock.mono());
}

std::vector<ProviderStatus> ProviderDesk::list() {
  std::vector<ProviderStatus> all;
  for (std::size_t i = 0; i < board_.size(); ++i) all.push_back(status(i));
  return all;
}

Distribution ProviderDesk::distribution(bool reset) {
  if (reset) {
    board_.reset_sends();
    counted_since_ = ports_.clock.wall();
    log_.info("distribution counts reset");
  }
  Distribution out;
  out.providers = list();
  out.dispatch_limit = board_.dispatch_limit(ports_.clock.mono());
  out.since = counted_since_;
  if (const auto last = board_.last_pick()) out.last_pick = board_[*last].settings.id;
  return out;
}

void ProviderDesk::set_enabled(std::size_t provider, bool enabled) {
  board_[provider].enabled = enabled;
  board_[provider].operator_enabled = enabled;
  log_.info(enabled ? "provider enabled" : "provider disabled",
            {{"provider", board_[provider].settings.id}});
  dispatcher_->providers_changed();
}

void ProviderDesk::act(const std::string& name, ProviderAction action, Answer done) {
  const auto i = board_.find(name);
  if (!i) return done(std::nullopt);
  ProviderEntry& entry = board_[*i];
  switch (action) {
    case ProviderAction::kReset:
      entry.health.reset();
      log_.info("provider health reset", {{"provider", name}});
      dispatcher_->providers_changed();
      break;
    case ProviderAction::kResetStats:
      entry.health.reset_counts();
      entry.outcomes = {};
      break;
    case ProviderAction::kEnable:
      set_enabled(*i, true);
      break;
    case ProviderAction::kDisable:
    case ProviderAction::kDrain:
      set_enabled(*i, false);
      break;
  }
  const bool drain = action == ProviderAction::kDrain;
  save(*i, [this, i = *i, drain, done = std::move(done)]() mutable {
    if (!drain) return done(status(i));
    drains_.push_back({i, std::move(done)});
    check_drains();
  });
}

void ProviderDesk::quarantine(std::size_t provider, std::string reason) {
  log_.error("provider quarantined",
             {{"provider", board_[provider].settings.id}, {"reason", reason}});
  board_[provider].quarantined = std::move(reason);
  dispatcher_->providers_changed();
}

void ProviderDesk::check_drains() {
  for (std::size_t k = 0; k < drains_.size();) {
    // Enabled again meanwhile: whoever waits for the drain is told so instead of waiting for good.
    const ProviderEntry& entry = board_[drains_[k].provider];
    if (entry.in_flight > 0 && !entry.enabled) {
      ++k;
      continue;
    }
    Drain drain = std::move(drains_[k]);
    drains_.erase(drains_.begin() + static_cast<std::ptrdiff_t>(k));
    drain.done(status(drain.provider));
  }
}

}  // namespace heliograph::pipeline
