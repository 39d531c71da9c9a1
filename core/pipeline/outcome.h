// Outcome: what becomes of a message after an attempt - delivered, tried elsewhere at once, later,
// never again, or left in doubt.
//
// Pure: everything it depends on comes in with AttemptEnd, the answer is the command for the store.
// The rules:
//  - SENT resolves the message; it is final where no receipt will come.
//  - REJECTED is the message's own fault: no retry anywhere.
//  - RETRY and REFUSED: certainly not sent. Another eligible provider not tried in this round gets
//    it at once; when there is none the exclusions are cleared, a new round begins and the message
//    waits for the backoff.
//  - THROTTLED: certainly not sent, not counted; the provider is paused, the message goes elsewhere
//    or waits for the earliest moment.
//  - UNKNOWN: may have been sent; the in-doubt policy decides, and unless it is at_least_once no
//    other provider ever sees the message.
//  - max_attempts counts sends, the first included. A message in doubt that must not be tried any
//    more ends UNKNOWN with its hold kept, any other FAILED_PERM or EXPIRED with its hold released.
// Thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "core/config/config.h"
#include "core/model/attempt.h"
#include "core/model/message.h"
#include "core/ports/store_types.h"

namespace heliograph::pipeline {

struct OutcomeRules {
  config::Retry retry;
  config::InDoubt in_doubt;
  model::CaptureOn capture_on = model::CaptureOn::kDelivered;
};

// An attempt that has ended and what surrounds it.
struct AttemptEnd {
  const model::WorkItem* item = nullptr;  // as it was read, before the attempt
  model::AttemptResult result;
  model::ProviderKey provider{};
  std::uint16_t attempts_made = 0;  // sends of this cycle, this one included if it counts
  bool provider_dedupes = false;
  bool receipts = false;     // SENT is not final here
  bool alternative = false;  // an eligible provider not excluded after this attempt
  model::TimePoint now{};
  // The earliest moment at which a provider that may carry the message next can take it; `now` when
  // one can already, kNever when nobody can say (all disabled or unhealthy).
  model::TimePoint available_at{};
  model::ClassId provider_class{};  // the class pinned to `provider`, for the channel
  double draw = 0;                  // in [0, 1), for the jitter
};

struct OutcomeDecision {
  ports::FinishAttempt command;  // id, numbers, provider, times and result are the caller's to fill
  // The message stays in memory and is placed again once the command is committed.
  bool again_at_once = false;
};

OutcomeDecision decide_outcome(const OutcomeRules& rules, const AttemptEnd& end);

// The undoing of an attempt that was begun but not tried (no permit, a busy provider): the message
// waits as before.
ports::FinishAttempt undo_attempt(const model::WorkItem& item);

// A due time nearer than this is not worth a way through the store: the message stays in memory.
inline constexpr std::chrono::milliseconds kStayInMemory{50};

}  // namespace heliograph::pipeline
