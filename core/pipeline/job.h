// Job: a message in memory, on its way from the queue through an attempt and out again. Owned by
// the scheduler; the dispatcher and the attempt runner pass it on by reference. [loop]
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/model/attempt.h"
#include "core/model/message.h"
#include "core/pipeline/dispatch_classes.h"
#include "core/ports/clock.h"
#include "core/ports/distributor.h"
#include "core/ports/limiter.h"
#include "core/ports/store_types.h"

namespace heliograph::pipeline {

struct WaitingQueue;

enum class Stage : std::uint8_t {
  kReady,      // in its queue
  kTaken,      // out of the queue, being placed
  kStalled,    // its providers are busy; others of its queue may pass it
  kParked,     // picked a provider whose window is full
  kBeginning,  // the store is recording the attempt
  kPermit,     // the limiter is thinking
  kSending,    // in the provider's hands
  kFinishing,  // the store is recording the outcome
  kExpiring,   // the store is ending it
};

// A provider chosen for a message.
struct Choice {
  std::size_t provider = 0;
  ports::Pick pick;
  bool picked = false;  // by the distributor, which wants to hear how it ended
  bool probe = false;   // in the slot of a half-open circuit
};

// How an attempt ended, as far as the message goes on in memory from there.
struct Ending {
  model::Outcome outcome = model::Outcome::kUnknown;
  model::TimePoint due{};
  std::uint16_t round = 0;
  std::vector<model::ProviderKey> excluded;
  model::ClassId dispatch_class{};
  bool doubtful = false;
  bool possible_duplicate = false;
};

struct Job {
  model::WorkItem item;
  // The row was read again, in a later state than `item`, while an attempt with the older one was
  // still under way.
  std::optional<model::WorkItem> newer;
  WaitingQueue* queue = nullptr;
  Stage stage = Stage::kReady;
  RouteIndex route = kNoRoute;  // of the placement at hand

  Choice choice;
  ports::MonoTime parked_until{};
  ports::MonoTime asked_at{};    // for the permit
  ports::MonoTime granted_at{};  // the permit
  ports::MonoTime begin_by{};    // until then the permit is fresh; max(): it needed none
  ports::MonoTime sent_at{};
  model::TimePoint started_at{};
  std::array<ports::LimitKey, 2> keys{};
  std::size_t keys_count = 0;
  std::uint64_t grant = 0;
  int permits_aged = 0;
  Ending ending;
  model::TraceContext attempt_trace;
  model::TraceContext send_trace;
  ports::MonoTime begun_at{};
  std::string content;  // of a rich item, from the attempt's beginning to its end

  ports::QueuePosition position() const { return {item.due, item.id.row()}; }
};

// Later state of the same message: the numbers only grow.
inline bool is_newer(const model::WorkItem& a, const model::WorkItem& b) {
  if (a.cycle != b.cycle) return a.cycle > b.cycle;
  return a.attempt_number > b.attempt_number;
}

}  // namespace heliograph::pipeline
