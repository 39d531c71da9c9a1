// Distributor: chooses one of the providers that could carry a message. The pipeline's view of a
// strategy plugin's instance.
//
// Threads: [loop]; pick() is on the hot path (budget 20 us). The handle guards its plugin: an index
// that is excluded or out of range, or an error, is counted as misbehaviour and replaced by the
// first candidate that fits.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/model/attempt.h"
#include "core/model/message.h"
#include "core/ports/clock.h"

namespace heliograph::ports {

enum class CandidateState : std::uint8_t { kUp, kProbing, kDown, kDraining };  // as HG_CAND_*

struct Candidate {
  model::ProviderKey provider{};
  std::string name;
  CandidateState state = CandidateState::kUp;
  std::uint32_t weight = 1;  // 0: never picked
  std::uint32_t priority = 0;
  std::uint64_t cost_micros = 0;
};

// Routing rules by their place in the configuration; negative: none.
using RouteIndex = std::int16_t;
inline constexpr RouteIndex kNoRoute = -1;

struct PickRequest {
  const model::WorkItem* item = nullptr;
  MonoTime now{};
  std::span<const std::uint64_t> excluded;   // bit i: candidates[i] must not be chosen
  std::span<const std::uint32_t> in_flight;  // one per candidate
  RouteIndex route = kNoRoute;               // whose strategy is asked
};

struct Pick {
  std::size_t index = 0;        // into the last on_candidates()
  std::uint64_t token = 0;      // given back in on_result()
  bool guided = true;           // false: the handle's fallback chose; no on_result() is wanted
  RouteIndex route = kNoRoute;  // whose strategy has chosen
};

class Distributor {
 public:
  virtual ~Distributor() = default;
  virtual void on_candidates(std::span<const Candidate> candidates) = 0;
  // nullopt: none fits.
  virtual std::optional<Pick> pick(const PickRequest& request) = 0;
  // Exactly once for each guided pick, in any order; NOT_TRIED undoes the strategy's step.
  virtual void on_result(const Pick& pick, model::ProviderKey provider, model::Outcome outcome,
                         std::chrono::nanoseconds latency) = 0;
};

}  // namespace heliograph::ports
