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
  bool healthy() const { return enabled && quarantined.empty() && circuit == Circuit::kClosed; }
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
};

}  // namespace heliograph::pipeline
