// Accept limits: how many messages may be submitted, by the whole gateway and by each client.
//
// Only accepted messages count: a permit is taken before the store is asked and given back when the
// store did not accept (or found a replay). Thread-safe: every API thread uses the one instance.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "core/config/config.h"
#include "core/model/client.h"
#include "core/pipeline/intake.h"
#include "core/pipeline/limit_use.h"
#include "core/pipeline/rate_meter.h"
#include "core/ports/clock.h"

namespace heliograph::pipeline {

class AcceptLimits {
 public:
  explicit AcceptLimits(const config::Limits& limits);

  // Takes one permit of every limit that applies, or none and says how long to wait.
  // `client_too`: false for requests that share one client (facades). `state` (if given) gets the
  // tightest limit.
  std::optional<RateLimited> admit(const model::Client& client, bool client_too,
                                   ports::MonoTime now, LimitState* state) {
    return admit_some(client, client_too, 1, now, state).limited;
  }
  struct Grant {
    std::uint64_t messages = 0;
    std::optional<RateLimited> limited;  // where that is less than was wanted: when the next fits
  };
  // As many of `wanted` as fit now. 0: only `state` is wanted.
  Grant admit_some(const model::Client& client, bool client_too, std::uint64_t wanted,
                   ports::MonoTime now, LimitState* state);
  void give_back(model::ClientId client, bool client_too, std::uint64_t messages = 1);
  std::optional<LimitUse> total_use(ports::MonoTime now);  // nullopt: there is no limits.total

 private:
  struct ClientMeter {
    double rate = 0;
    double burst = 0;
    RateMeter meter;
  };
  ClientMeter* client_meter(const model::Client& client, ports::MonoTime now);
  void forget_idle(ports::MonoTime now);

  const std::optional<config::ClientRate> default_rate_;
  const std::optional<config::Limit> total_rule_;
  std::uint64_t total_window_s_ = 1;
  std::mutex mutex_;
  std::optional<RateMeter> total_;
  std::unordered_map<std::int64_t, ClientMeter> clients_;
};

}  // namespace heliograph::pipeline
