#include "core/pipeline/outcome.h"

#include <algorithm>

#include "core/pipeline/in_doubt.h"
#include "core/pipeline/retry_policy.h"

namespace heliograph::pipeline {

namespace {

using model::FailReason;
using model::HoldAction;
using model::InDoubt;
using model::Outcome;
using model::Status;
using ports::FinishAttempt;

class Decider {
 public:
  Decider(const OutcomeRules& rules, const AttemptEnd& end)
      : rules_(rules), end_(end), item_(*end.item) {
    out_.command = undo_attempt(item_);
    out_.command.receipts = end.receipts;
    policy_ = doubt_policy(item_.in_doubt, rules.in_doubt.policy, end.provider_dedupes);
    // A send after a doubtful one may have been the second that reached the recipient, unless the
    // provider itself drops it.
    const bool tried =
        end.result.outcome == Outcome::kSent || end.result.outcome == Outcome::kUnknown;
    if (item_.doubtful && tried && !dropped_by_provider()) out_.command.possible_duplicate = true;
  }

  OutcomeDecision run() {
    switch (end_.result.outcome) {
      case Outcome::kSent:
        sent();
        break;
      case Outcome::kRejected:
        rejected();
        break;
      case Outcome::kRetry:
      case Outcome::kRefused:
        failed();
        break;
      case Outcome::kThrottled:
        throttled();
        break;
      case Outcome::kUnknown:
        unknown();
        break;
      case Outcome::kNotTried:
        break;  // the undoing is what out_ holds already
    }
    return std::move(out_);
  }

 private:
  FinishAttempt& command() { return out_.command; }

  void sent() {
    command().status = Status::kSent;
    command().doubtful = false;
    const bool final_now = !end_.receipts || rules_.capture_on == model::CaptureOn::kSent;
    command().hold = final_now ? HoldAction::kCapture : HoldAction::kKeep;
  }

  void rejected() {
    // What this provider says of the message says nothing about the attempt that is in doubt,
    // unless that was the same send to it.
    if (item_.doubtful && !dropped_by_provider()) return stay_unknown();
    finish(Status::kFailedPerm, FailReason::kRejected);
  }

  void finish(Status status, FailReason reason) {
    command().status = status;
    command().reason = reason;
    command().doubtful = false;
    command().hold = HoldAction::kRelease;
  }

  void stay_unknown() {
    command().status = Status::kUnknown;
    command().doubtful = true;
    command().hold = HoldAction::kKeep;
  }

  // No further send: true when the message has been ended.
  bool ended(bool in_doubt) {
    const bool exhausted = end_.attempts_made >= rules_.retry.max_attempts;
    const bool expired = item_.expires_at <= end_.now;
    if (!exhausted && !expired) return false;
    if (in_doubt) {
      stay_unknown();
    } else if (exhausted) {
      finish(Status::kFailedPerm, FailReason::kAttemptsExhausted);
    } else {
      finish(Status::kExpired, FailReason::kExpired);
    }
    return true;
  }

  // Waits until `due`, or until its validity is over: whoever pages it then ends it.
  void wait_until(model::TimePoint due) {
    command().status = Status::kFailedTemp;
    command().due = std::min(due, item_.expires_at);
  }

  // Another try as soon as a provider can take it.
  void wait_for_provider(Status status) {
    const bool soon = end_.available_at <= end_.now + kStayInMemory;
    // Nobody knows when: it waits in the store as due, and is read when a provider is there again.
    const bool unforeseeable = end_.available_at == model::kNever;
    command().status = status;
    command().due =
        soon || unforeseeable ? end_.now : std::min(end_.available_at, item_.expires_at);
    out_.again_at_once = soon;
  }

  void next_round() {
    command().excluded.clear();
    command().round = static_cast<std::uint16_t>(item_.round + 1);
    wait_until(end_.now + std::max(backoff(rules_.retry, command().round, end_.draw),
                                   end_.result.retry_after.count() > 0
                                       ? clamp_retry_after(end_.result.retry_after)
                                       : std::chrono::milliseconds{0}));
  }

  void exclude_provider() {
    auto& excluded = command().excluded;
    if (std::ranges::find(excluded, end_.provider) == excluded.end())
      excluded.push_back(end_.provider);
  }

  // Pinned by its client, or by the doubt about an attempt here (resolve_same).
  bool bound_to_provider() const {
    return item_.pinned.has_value() || item_.dispatch_class == end_.provider_class;
  }
  // The doubtful attempt was at this very provider, and it drops a second send of the same message.
  bool dropped_by_provider() const { return end_.provider_dedupes && bound_to_provider(); }

  void failed() {
    if (ended(item_.doubtful)) return;
    if (bound_to_provider() || !end_.alternative) return next_round();
    exclude_provider();
    wait_for_provider(Status::kFailedTemp);
  }

  void throttled() {
    if (item_.expires_at > end_.now) return wait_for_provider(command().status);
    if (item_.doubtful) return stay_unknown();
    finish(Status::kExpired, FailReason::kExpired);
  }

  void unknown() {
    if (policy_ == InDoubt::kAtMostOnce) return stay_unknown();
    if (ended(true)) return;
    command().doubtful = true;
    if (policy_ == InDoubt::kResolveSame) {
      command().dispatch_class = end_.provider_class;
      next_round();
      return;
    }
    // A receipt may still say what became of it; meanwhile nobody sends it again.
    if (item_.pinned || !end_.alternative) {
      command().excluded.clear();
    } else {
      exclude_provider();
    }
    wait_until(end_.now + rules_.in_doubt.wait);
  }

  const OutcomeRules& rules_;
  const AttemptEnd& end_;
  const model::WorkItem& item_;
  InDoubt policy_{};
  OutcomeDecision out_;
};

}  // namespace

OutcomeDecision decide_outcome(const OutcomeRules& rules, const AttemptEnd& end) {
  return Decider(rules, end).run();
}

FinishAttempt undo_attempt(const model::WorkItem& item) {
  FinishAttempt command;
  command.status = item.status == Status::kFailedTemp ? Status::kFailedTemp : Status::kQueued;
  command.due = item.due;
  command.round = item.round;
  command.excluded = item.excluded;
  command.dispatch_class = item.dispatch_class;
  command.doubtful = item.doubtful;
  command.possible_duplicate = item.possible_duplicate;
  return command;
}

}  // namespace heliograph::pipeline
