// ProviderAdmin: what operators see of the providers and may do to them. The dispatcher implements
// it on its loop.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/ids.h"
#include "core/model/message.h"
#include "core/pipeline/limit_use.h"
#include "core/ports/store.h"

namespace heliograph::pipeline {

enum class Circuit : std::uint8_t { kClosed, kOpen, kHalfOpen };
std::string_view to_string(Circuit circuit);  // "closed", "open", "half_open"

struct ProviderStatus {
  std::string id;
  std::vector<model::Channel> channels;
  std::uint32_t weight = 0;
  bool enabled = true;
  bool draining = false;
  std::string quarantined;  // why; empty: it is not
  Circuit circuit = Circuit::kClosed;
  std::optional<model::TimePoint> retry_at;  // open: when probing begins
  std::string reason;                        // why it opened
  std::uint64_t window_successes = 0;        // over health.window
  std::uint64_t window_failures = 0;
  std::uint64_t window_throttles = 0;
  std::uint64_t window_timeouts = 0;
  std::uint32_t in_flight = 0;
  std::uint32_t max_in_flight = 0;
  std::optional<model::TimePoint> paused_until;  // throttled or limited
  std::array<std::uint64_t, 6> outcomes{};       // since start, by model::Outcome
  std::optional<model::TimePoint> last_used;
  std::optional<LimitUse> limit;  // nullopt: none is configured
  std::uint64_t sends = 0;        // attempts that ended since Distribution::since
  std::uint64_t picks = 0;  // of these, those the distributor chose: neither pinned nor probes
  bool healthy() const { return enabled && quarantined.empty() && circuit == Circuit::kClosed; }
};

// Where messages went, counted from `since` on.
struct Distribution {
  std::vector<ProviderStatus> providers;  // in the order of the configuration
  std::optional<LimitUse> dispatch_limit;
  model::TimePoint since{};  // start, or the last reset
  std::string last_pick;     // the provider of the last of these picks; empty: none yet
};

enum class ProviderAction : std::uint8_t { kReset, kResetStats, kEnable, kDisable, kDrain };

class ProviderAdmin {
 public:
  virtual ~ProviderAdmin() = default;
  // [any thread] In the order of the configuration.
  virtual void providers(ports::Executor& where, ports::Done<std::vector<ProviderStatus>> done) = 0;
  // kReset forgets health (closes the circuit, empties the ring); kDrain disables and answers once
  // nothing is in flight there. Enabled and disabled survive a restart. nullopt: no such provider.
  virtual void act(std::string provider, ProviderAction action, ports::Executor& where,
                   ports::Done<std::optional<ProviderStatus>> done) = 0;
  // The counts of sends and picks; `reset`: counted anew from now on, answered as they are then.
  virtual void distribution(bool reset, ports::Executor& where, ports::Done<Distribution> done) = 0;
};

}  // namespace heliograph::pipeline
