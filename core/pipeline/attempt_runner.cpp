#include "core/pipeline/attempt_runner.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/base/assert.h"
#include "core/pipeline/message_log.h"
#include "core/pipeline/retry_policy.h"

namespace heliograph::pipeline {

namespace {

using model::Outcome;
using std::chrono::ceil;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

// A limiter that has not answered by then has failed (its handle says so and decides).
constexpr milliseconds kPermitWaitMax{1'000};
// A denial without a time: long enough not to spin, short enough not to be felt.
constexpr milliseconds kDeniedPause{20};
// A busy provider is asked again after its next completion or window, at the latest after this.
constexpr milliseconds kBusyPause{100};
constexpr int kAgedPermitsMax = 3;
constexpr milliseconds kLateTold{1'000};  // a slow backend is late for every message: said once

OutcomeRules outcome_rules(const PipelineSettings& settings) {
  return {
      settings.retry, settings.in_doubt,
      model::parse_capture_on(settings.billing.capture_on).value_or(model::CaptureOn::kDelivered)};
}

Ending ending_of(const ports::FinishAttempt& command) {
  return {.outcome = command.result.outcome,
          .due = command.due,
          .round = command.round,
          .excluded = command.excluded,
          .dispatch_class = command.dispatch_class,
          .doubtful = command.doubtful,
          .possible_duplicate = command.possible_duplicate};
}

// Frees it too: it can be a megabyte, and the message may wait again for long.
void drop_content(Job& job) {
  if (!job.content.empty()) std::string().swap(job.content);
}

}  // namespace

AttemptRunner::AttemptRunner(const PipelineSettings& settings, const PipelinePorts& ports,
                             ports::Log& log, ProviderBoard& board, const DispatchClasses& classes,
                             const RouteBook& routes, AttemptOwner& owner)
    : rules_(outcome_rules(settings)),
      ports_(ports),
      log_(log),
      board_(board),
      classes_(classes),
      routes_(routes),
      owner_(owner),
      spans_(ports.tracer, ports.clock),
      metrics_(ports::metrics_or_none(ports.metrics)),
      last_ticket_(settings.tickets_after) {
  for (std::size_t i = 0; i < board.size(); ++i) metrics_of(i);  // seen before the first attempt
}

model::TimePoint AttemptRunner::wall_at(ports::MonoTime at) const {
  if (at == ports::MonoTime::max()) return model::kNever;
  return ports_.clock.wall() + ceil<milliseconds>(at - ports_.clock.mono());
}

// ---- begin ----

void AttemptRunner::begin(Job& job, const Choice& choice) {
  ProviderEntry& entry = board_[choice.provider];
  if (choice.probe) entry.health.begin_probe(ports_.clock.wall());
  log_picked(log_, job.item, entry.settings.id, choice);
  board_.want_permit(choice.provider, job.item.parts);
  start(job, choice, &AttemptRunner::acquire);
}

void AttemptRunner::start(Job& job, const Choice& choice, void (AttemptRunner::*then)(Job&)) {
  job.choice = choice;
  job.stage = Stage::kBeginning;
  job.started_at = ports_.clock.wall();
  job.permits_aged = 0;
  spans_.attempt_begins(job);
  ++board_[choice.provider].in_flight;
  ++active_;
  ++begun_;
  const ports::BeginAttempt command{.id = job.item.id,
                                    .attempt_number = job.item.attempt_number,
                                    .cycle = job.item.cycle,
                                    .provider = board_[choice.provider].key,
                                    .started_at = job.started_at,
                                    .with_content = job.item.rich && then != &AttemptRunner::undo};
  auto done = alive_.guard([this, &job, then](ports::BeginResult result) {
    job.content = std::move(result.content);
    if (result.begun) return (this->*then)(job);
    // Cancelled, expired or moved since it was read.
    if (then == &AttemptRunner::acquire) board_.unwant_permit(job.choice.provider, job.item.parts);
    tell_distributor(job, Outcome::kNotTried, {});
    free_slot(job);
    --active_;
    owner_.on_left(job, std::nullopt);
  });
  ports_.store.begin_attempt(command, ports_.loop, std::move(done));
}

void AttemptRunner::postpone(Job& job, std::size_t provider, model::TimePoint due) {
  job.item.due = due;
  Choice choice;
  choice.provider = provider;
  start(job, choice, &AttemptRunner::undo);
}

// ---- permit ----

void AttemptRunner::acquire(Job& job) {
  const std::size_t provider = job.choice.provider;
  if (retiring_) {
    board_.unwant_permit(provider, job.item.parts);
    return undo(job);
  }
  job.keys_count = board_.permit_keys(provider, job.item.parts, job.keys);
  job.begin_by = ports::MonoTime::max();
  if (job.keys_count == 0 || ports_.limiter == nullptr) {
    job.granted_at = ports_.clock.mono();
    board_.permit_granted(provider, job.item.parts, job.granted_at);
    return send(job);
  }
  job.stage = Stage::kPermit;
  const ports::MonoTime now = job.asked_at = ports_.clock.mono();
  job.begin_by = now + board_[provider].permit_age_max;
  const ports::LimitRequest request{.keys = std::span(job.keys).first(job.keys_count),
                                    .min_items = 1,
                                    .max_items = 1,
                                    .now = now,
                                    .deadline = now + kPermitWaitMax};
  auto later =
      alive_.guard([this, &job](const ports::LimitAnswer& answer) { on_permit(job, answer); });
  const auto answer = ports_.limiter->acquire(request, std::move(later));
  if (answer) on_permit(job, *answer);
}

void AttemptRunner::on_permit(Job& job, const ports::LimitAnswer& answer) {
  const std::size_t provider = job.choice.provider;
  const ports::MonoTime now = ports_.clock.mono();
  metrics_.permit(metrics_of(provider), answer.granted > 0, now - job.asked_at);
  if (answer.granted == 0) {
    const nanoseconds pause = std::max<nanoseconds>(
        answer.retry_after,
        answer.retry_after.count() > 0 ? nanoseconds{1} : nanoseconds{kDeniedPause});
    board_.unwant_permit(provider, job.item.parts);
    board_.permit_denied(provider, answer.denied_key, now + pause);
    return undo(job);
  }
  job.grant = answer.grant;
  if (retiring_) {
    ports_.limiter->refund(job.grant, std::span(job.keys).first(job.keys_count), 1);
    board_.unwant_permit(provider, job.item.parts);
    return undo(job);
  }
  if (now > job.begin_by) return take_permit_again(job, "limiter answers too late");
  job.granted_at = now;
  board_.permit_granted(provider, job.item.parts, now);
  send(job);
}

// A permit that is old when the message leaves lets it come too close to the next one: it is given
// back and taken again, and after some tries the message waits. Its place in the forecast is
// wanted.
void AttemptRunner::take_permit_again(Job& job, std::string_view what) {
  const std::size_t provider = job.choice.provider;
  ports_.limiter->refund(job.grant, std::span(job.keys).first(job.keys_count), 1);
  metrics_of(provider).refunded->add();
  if (++job.permits_aged < kAgedPermitsMax) return acquire(job);
  const ports::MonoTime now = ports_.clock.mono();
  if (now >= late_told_until_) {
    late_told_until_ = now + kLateTold;
    log_.warn(what, {{"provider", board_[provider].settings.id}});
  }
  board_.unwant_permit(provider, job.item.parts);
  board_.permit_denied(provider, std::nullopt, now + kDeniedPause);
  undo(job);
}

// ---- send ----

void AttemptRunner::send(Job& job) {
  ProviderEntry& entry = board_[job.choice.provider];
  if (!entry.usable() || job.item.expires_at <= ports_.clock.wall()) return give_up_permit(job);
  const ports::MonoTime now = ports_.clock.mono();
  const ports::SendTicket ticket{++last_ticket_};
  const ports::SendRequest request{
      .ticket = ticket,
      .item = &job.item,
      .content = job.content,
      .attempt_number = static_cast<std::uint16_t>(job.item.attempt_number + 1),
      .resend = job.item.doubtful && job.item.last_provider == entry.key,
      .deadline = now + entry.settings.timeout,
      .begin_by = job.begin_by,
      .trace = spans_.send_begins(job)};
  job.stage = Stage::kSending;
  job.sent_at = now;
  if (entry.handle->send(request)) {
    log_sent(log_, job.item, entry.settings.id);
    sending_.emplace(last_ticket_, &job);
    return;
  }
  entry.busy_until = now + kBusyPause;
  give_up_permit(job);
}

void AttemptRunner::give_up_permit(Job& job) {
  if (job.keys_count > 0) {
    metrics_of(job.choice.provider).refunded->add();
    board_.permit_refunded(job.choice.provider, job.item.parts, job.granted_at);
    if (ports_.limiter != nullptr)
      ports_.limiter->refund(job.grant, std::span(job.keys).first(job.keys_count), 1);
  }
  undo(job);
}

void AttemptRunner::undo(Job& job) {
  ++not_tried_;
  metrics_of(job.choice.provider).not_tried->add();
  tell_distributor(job, Outcome::kNotTried, {});
  free_slot(job);
  ports::FinishAttempt command = undo_attempt(job.item);
  command.result.outcome = Outcome::kNotTried;
  record(job, std::move(command), true);
}

void AttemptRunner::tell_distributor(Job& job, Outcome outcome, nanoseconds latency) {
  const std::size_t provider = job.choice.provider;
  if (job.choice.picked) {
    ports_.distributor.on_result(job.choice.pick, board_[provider].key, outcome, latency);
    job.choice.picked = false;
  }
  if (outcome != Outcome::kNotTried || !job.choice.probe) return;
  model::AttemptResult none;
  none.outcome = outcome;
  board_[provider].health.record(none, job.item.client, true, ports_.clock.wall());
}

void AttemptRunner::free_slot(Job& job) {
  ProviderEntry& entry = board_[job.choice.provider];
  --entry.in_flight;
  if (entry.slot_free()) entry.clogged = false;
  owner_.on_slot_free(job.choice.provider);
}

// ---- outcome ----

Job* AttemptRunner::take_sending(model::ProviderKey provider, ports::SendTicket ticket) {
  const auto found = sending_.find(static_cast<std::uint64_t>(ticket));
  if (found == sending_.end() || board_[found->second->choice.provider].key != provider) {
    log_.warn("result of an unknown send");
    return nullptr;
  }
  Job* job = found->second;
  sending_.erase(found);
  return job;
}

void AttemptRunner::on_begin_missed(model::ProviderKey provider, ports::SendTicket ticket) {
  Job* job = take_sending(provider, ticket);
  if (job == nullptr) return;
  HG_ASSERT(job->begin_by != ports::MonoTime::max());
  board_.permit_refunded(job->choice.provider, job->item.parts, job->granted_at);
  board_.want_permit(job->choice.provider, job->item.parts);
  take_permit_again(*job, "permits are too old before sends begin");
}

void AttemptRunner::on_send_result(model::ProviderKey provider, ports::SendTicket ticket,
                                   model::AttemptResult result) {
  Job* const found = take_sending(provider, ticket);
  if (found == nullptr) return;
  Job& job = *found;
  // NOT_TRIED is not a provider's to say; taken for what it may hide.
  if (result.outcome == Outcome::kNotTried) result.outcome = Outcome::kUnknown;
  const nanoseconds latency = ports_.clock.mono() - job.sent_at;
  spans_.send_ended(job, board_[job.choice.provider].settings.id, result);
  note_result(job, result);
  metrics_.ended(metrics_of(job.choice.provider), job.item,
                 {result.outcome, ports_.clock.wall(), latency});
  tell_distributor(job, result.outcome, latency);
  const AttemptEnd end = end_of(job.item, job.choice.provider, std::move(result), false);
  OutcomeDecision decision = decide_outcome(rules_, end);
  decision.command.result = end.result;
  free_slot(job);
  finish(job, std::move(decision));
}

void AttemptRunner::note_result(Job& job, const model::AttemptResult& result) {
  const std::size_t provider = job.choice.provider;
  ProviderEntry& entry = board_[provider];
  const model::TimePoint wall = ports_.clock.wall();
  entry.busy_until = {};
  entry.last_used = wall;
  ++entry.outcomes[static_cast<std::size_t>(result.outcome)];
  board_.count_send(provider, job.choice.picked);
  pause(provider, result);
  if (entry.health.record(result, job.item.client, job.choice.probe, wall))
    owner_.on_circuit(provider);
}

// Retry-After binds the provider, whichever message it came with.
void AttemptRunner::pause(std::size_t provider, const model::AttemptResult& result) {
  const bool throttled = result.outcome == Outcome::kThrottled;
  const bool asked = result.outcome == Outcome::kRetry && result.retry_after.count() > 0;
  if (!throttled && !asked) return;
  ProviderEntry& entry = board_[provider];
  const milliseconds delay = clamp_retry_after(result.retry_after);
  const ports::MonoTime until = ports_.clock.mono() + delay;
  if (until <= entry.paused_until) return;
  entry.paused_until = until;
  log_.warn("provider asks to slow down",
            {{"provider", entry.settings.id}, {"pause_ms", fmt::to_string(delay.count())}});
}

AttemptEnd AttemptRunner::end_of(const model::WorkItem& item, std::optional<std::size_t> provider,
                                 model::AttemptResult result, bool counted_already) {
  const ClassInfo* info = classes_.find(item.dispatch_class);
  const ProviderMask own = provider ? ProviderMask{1} << *provider : 0;
  const ProviderMask others = (info == nullptr ? 0 : routes_.providers_of(*info, item)) &
                              ~board_.bits(item.excluded) & ~own;
  const bool throttled = result.outcome == Outcome::kThrottled;
  AttemptEnd end;
  end.item = &item;
  end.result = std::move(result);
  end.attempts_made =
      static_cast<std::uint16_t>(item.attempts + (counted_already || throttled ? 0 : 1));
  end.alternative = (others & board_.eligible()) != 0;
  end.now = ports_.clock.wall();
  end.available_at =
      wall_at(board_.available_at(throttled ? others | own : others, ports_.clock.mono()));
  end.provider_class = item.dispatch_class;
  end.draw = ports_.random.unit();
  if (!provider) return end;
  const ProviderEntry& entry = board_[*provider];
  end.provider = entry.key;
  end.provider_dedupes = entry.dedupes();
  end.receipts = entry.receipts();
  end.provider_class = classes_.pinned_to(item.channel, entry.key).value_or(item.dispatch_class);
  return end;
}

void AttemptRunner::finish(Job& job, OutcomeDecision decision) {
  log_outcome(log_, job.item, board_[job.choice.provider].settings.id, decision.command);
  record(job, std::move(decision.command), decision.again_at_once);
}

void AttemptRunner::record(Job& job, ports::FinishAttempt command, bool again) {
  drop_content(job);
  job.stage = Stage::kFinishing;
  command.id = job.item.id;
  command.attempt_number = static_cast<std::uint16_t>(job.item.attempt_number + 1);
  command.cycle = job.item.cycle;
  command.provider = board_[job.choice.provider].key;
  command.started_at = job.started_at;
  command.finished_at = ports_.clock.wall();
  job.ending = ending_of(command);
  auto done = alive_.guard(
      [this, &job, again](const ports::FinishResult& result) { on_recorded(job, again, result); });
  ports_.store.finish_attempt(std::move(command), ports_.loop, std::move(done));
}

void AttemptRunner::on_recorded(Job& job, bool again, const ports::FinishResult& result) {
  --active_;
  ++finished_;
  spans_.attempt_ended(job, board_[job.choice.provider].settings.id);
  // Not applied: the row is not in this attempt any more. Another status than ours: a receipt that
  // had come early has already moved it on.
  if (!result.applied || !model::is_waiting(result.status))
    return owner_.on_left(job, std::nullopt);
  Ending& ending = job.ending;
  model::WorkItem& item = job.item;
  item.status = result.status;
  item.due = ending.due;
  item.round = ending.round;
  item.excluded = std::move(ending.excluded);
  item.doubtful = ending.doubtful;
  item.possible_duplicate = ending.possible_duplicate;
  if (ending.outcome != Outcome::kNotTried) {
    ++item.attempt_number;
    item.last_provider = board_[job.choice.provider].key;
    if (ending.outcome != Outcome::kThrottled) ++item.attempts;
  }
  if (again && item.due <= ports_.clock.wall()) return owner_.on_returned(job);
  owner_.on_left(job,
                 Scheduler::Waits{{item.lane, item.client, ending.dispatch_class}, job.position()});
}

}  // namespace heliograph::pipeline
