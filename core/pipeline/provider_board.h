// Provider board: the state of every provider - usable, healthy, busy, paused, limited - and the
// questions the dispatcher asks about them. Bit i of every mask is provider i in the order of the
// configuration. [loop]
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/config/config.h"
#include "core/pipeline/dispatch_classes.h"
#include "core/pipeline/health.h"
#include "core/pipeline/permit_forecast.h"
#include "core/pipeline/pipeline.h"
#include "core/ports/clock.h"
#include "core/ports/distributor.h"
#include "core/ports/provider.h"

namespace heliograph::pipeline {

inline constexpr std::size_t kProvidersMax = 64;

struct ProviderEntry {
  ProviderEntry(ProviderSlot slot, model::ProviderKey provider_key, const config::Health& limits);

  config::Provider settings;
  ports::Provider* handle;  // nullptr: its plugin could not be loaded
  model::ProviderKey key;
  std::string quarantined;  // why; empty: it is not
  bool enabled;
  bool operator_enabled = true;  // false: disabled over the API, which outlives a restart
  Health health;

  std::optional<std::uint32_t> announced;  // the window that the plugin named last
  std::uint32_t max_in_flight;             // the smaller of it and the configured one
  std::uint32_t in_flight = 0;  // window slots taken: from before the begin to the result
  std::uint32_t inherited = 0;  // of them, those that the pipeline before began and has to end
  std::uint32_t parked = 0;     // messages waiting beside their pick
  // The window is full and a parked message has waited in vain: not a candidate until a slot is
  // free.
  bool clogged = false;
  ports::MonoTime paused_until{};  // throttled
  ports::MonoTime busy_until{};    // it said so
  std::optional<PermitForecast> forecast;
  // A permit older than this when its send begins is given back: half of the guard of the tightest
  // limit, whose other half is for the way to the provider.
  std::chrono::nanoseconds permit_age_max = std::chrono::nanoseconds::max();

  std::array<std::uint64_t, 6> outcomes{};
  std::optional<model::TimePoint> last_used;
  std::uint64_t sends = 0;  // both since the last reset_sends()
  std::uint64_t picks = 0;

  // [loop] The plugin's word on how much it takes at a time; the configuration may allow less.
  void announce(std::uint32_t window);
  bool usable() const { return handle != nullptr && enabled && quarantined.empty(); }
  bool slot_free() const { return in_flight < max_in_flight; }
  bool dedupes() const { return handle != nullptr && handle->traits().dedupes; }
  bool receipts() const {
    return handle != nullptr && handle->traits().receipts && settings.receipts;
  }
};

class ProviderBoard {
 public:
  // `keys`: the store's numbers of the providers, in order. Throws std::invalid_argument for more
  // than kProvidersMax.
  ProviderBoard(const PipelineSettings& settings, std::vector<ProviderSlot> slots,
                const std::vector<model::ProviderKey>& keys);

  // Takes over what `before`, the board of the pipeline that ran until now, knows of the providers
  // that are on both: health, what an operator said, statistics, pauses, what was granted under the
  // same limit; and where it is the same instance still, its window, the attempts it has in hand,
  // and a quarantine.
  void inherit(ProviderBoard& before, model::TimePoint wall);

  std::size_t size() const { return entries_.size(); }
  ProviderEntry& operator[](std::size_t i) { return entries_[i]; }
  const ProviderEntry& operator[](std::size_t i) const { return entries_[i]; }
  std::optional<std::size_t> find(model::ProviderKey key) const;
  std::optional<std::size_t> find(const std::string& name) const;
  ProviderMask bits(const std::vector<model::ProviderKey>& keys) const;

  // Those that may carry a class: its channel's, or the pinned one. A weight of 0 keeps a provider
  // for pinned messages.
  ProviderMask carriers(const ports::DispatchClass& meaning) const;
  // Usable with a closed circuit: what "all excluded" is measured by. A paused or limited one is
  // available later, an unhealthy one is not.
  ProviderMask eligible() const;
  // What the distributor may choose from now. A full window does not keep a provider out.
  ProviderMask pickable() const { return pickable_; }
  // Of these, the ones with a free slot or room to park.
  ProviderMask open() const { return open_; }
  // Half-open, with a slot for a probe; `any`: whatever message.
  ProviderMask probing(bool any) const { return any ? any_probe_ : probe_; }
  // Healthy and able to take something within a moment: worth reading messages for.
  ProviderMask soon() const { return soon_; }
  // Recomputes the masks above. Cheap; called before and after every placement.
  void look(ports::MonoTime now, model::TimePoint wall);
  // The earliest moment a provider of `mask` can take something; max(): nobody knows.
  ports::MonoTime available_at(ProviderMask mask, ports::MonoTime now);
  // The next moment at which time alone makes a provider pickable or wants a probe.
  ports::MonoTime next_change(ports::MonoTime now, model::TimePoint wall);

  // Permits. `cost` of both limits is wanted at once or not at all.
  bool permit_fits(std::size_t i, std::uint16_t parts, ports::MonoTime now);
  std::size_t permit_keys(std::size_t i, std::uint16_t parts,
                          std::array<ports::LimitKey, 2>& keys) const;
  void want_permit(std::size_t i, std::uint16_t parts);
  void unwant_permit(std::size_t i, std::uint16_t parts);
  void permit_granted(std::size_t i, std::uint16_t parts, ports::MonoTime now);
  void permit_refunded(std::size_t i, std::uint16_t parts, ports::MonoTime granted_at);
  // `key`: of the denied one in permit_keys(); nullopt: unknown, the provider's.
  void permit_denied(std::size_t i, std::optional<std::uint32_t> key, ports::MonoTime until);

  void set_window(std::size_t i, std::uint32_t max_in_flight);
  std::vector<ports::Candidate> candidates() const;
  ProviderStatus status(std::size_t i, model::TimePoint wall, ports::MonoTime now);
  // An attempt with provider `i` ended; `picked`: the distributor had chosen it.
  void count_send(std::size_t i, bool picked);
  void reset_sends();
  std::optional<std::size_t> last_pick() const { return last_pick_; }
  std::optional<LimitUse> dispatch_limit(ports::MonoTime now);

 private:
  ports::MonoTime takes_at(ProviderEntry& entry, ports::MonoTime now);
  template <class Use>
  void each_forecast(std::size_t i, Use use);

  std::vector<ProviderEntry> entries_;
  std::optional<PermitForecast> dispatch_;  // of the whole gateway
  std::optional<config::Limit> dispatch_rule_;
  std::optional<std::size_t> last_pick_;
  ProviderMask pickable_ = 0;
  ProviderMask open_ = 0;
  ProviderMask soon_ = 0;
  ProviderMask probe_ = 0;
  ProviderMask any_probe_ = 0;
};

}  // namespace heliograph::pipeline
