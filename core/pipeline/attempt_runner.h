// Attempt runner: carries one attempt from "begun" to "finished", in the binding order
//
//   window slot -> begin recorded in the store -> permit of the limiter -> send -> outcome recorded
//
// A slot is taken before the begin so that the provider's window is never exceeded; the begin is
// committed before the send so that a crash leaves evidence instead of a guess; the permit is taken
// last so that it is fresh when the bytes leave. Where a step says no (the row is gone, no permit,
// the provider is busy) everything before it is undone, the distributor hears NOT_TRIED and no
// attempt is counted. Nothing here waits: each step goes on when its completion arrives. [loop]
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "core/pipeline/alive.h"
#include "core/pipeline/attempt_spans.h"
#include "core/pipeline/job.h"
#include "core/pipeline/outcome.h"
#include "core/pipeline/pipeline.h"
#include "core/pipeline/pipeline_metrics.h"
#include "core/pipeline/provider_board.h"
#include "core/pipeline/route_book.h"
#include "core/pipeline/scheduler.h"

namespace heliograph::pipeline {

// Whoever handed the job over and takes it back.
class AttemptOwner {
 public:
  virtual ~AttemptOwner() = default;
  // Undone, or failed and free to be tried elsewhere at once: to be placed again.
  virtual void on_returned(Job& job) = 0;
  // It is ended, gone, or waits in the store.
  virtual void on_left(Job& job, const std::optional<Scheduler::Waits>& waits) = 0;
  virtual void on_slot_free(std::size_t provider) = 0;
  // A circuit opened or closed: tell the distributor, save it.
  virtual void on_circuit(std::size_t provider) = 0;
};

class AttemptRunner {
 public:
  // Everything handed in outlives it.
  AttemptRunner(const PipelineSettings& settings, const PipelinePorts& ports, ports::Log& log,
                ProviderBoard& board, const DispatchClasses& classes, const RouteBook& routes,
                AttemptOwner& owner);

  // Takes a window slot of the chosen provider, which has one free, and begins.
  void begin(Job& job, const Choice& choice);
  // Moves the due time of a message that waits for a provider nobody expects soon: recorded as a
  // begin that was not tried, the only conditional way to move a waiting row.
  void postpone(Job& job, std::size_t provider, model::TimePoint due);
  void on_send_result(model::ProviderKey provider, ports::SendTicket ticket,
                      model::AttemptResult result);

  // Nothing was written while the permit was fresh: it is given back and taken again.
  void on_begin_missed(model::ProviderKey provider, ports::SendTicket ticket);

  // Another pipeline takes over: attempts that have no permit yet are undone, the others end here.
  void retire() { retiring_ = true; }

  // An attempt that a crash interrupted: what is to be recorded of it now.
  ports::FinishAttempt decide_interrupted(const model::WorkItem& item);

  // Attempts between their begin and the record of their end.
  std::size_t active() const { return active_; }
  std::uint64_t begun() const { return begun_; }
  std::uint64_t finished() const { return finished_; }
  std::uint64_t not_tried() const { return not_tried_; }

 private:
  void start(Job& job, const Choice& choice, void (AttemptRunner::*then)(Job&));
  void acquire(Job& job);
  void on_permit(Job& job, const ports::LimitAnswer& answer);
  void take_permit_again(Job& job, std::string_view what);
  void send(Job& job);
  void give_up_permit(Job& job);
  void undo(Job& job);
  void tell_distributor(Job& job, model::Outcome outcome, std::chrono::nanoseconds latency);
  void free_slot(Job& job);
  void note_result(Job& job, const model::AttemptResult& result);
  void pause(std::size_t provider, const model::AttemptResult& result);
  AttemptEnd end_of(const model::WorkItem& item, std::optional<std::size_t> provider,
                    model::AttemptResult result, bool counted_already);
  Job* take_sending(model::ProviderKey provider, ports::SendTicket ticket);
  void finish(Job& job, OutcomeDecision decision);
  void record(Job& job, ports::FinishAttempt command, bool again);
  void on_recorded(Job& job, bool again, const ports::FinishResult& result);
  model::TimePoint wall_at(ports::MonoTime at) const;
  AttemptMetrics::Provider& metrics_of(std::size_t provider) {
    return metrics_.of(provider, board_[provider].settings.id);
  }

  const OutcomeRules rules_;
  const PipelinePorts& ports_;
  ports::Log& log_;
  ProviderBoard& board_;
  const DispatchClasses& classes_;
  const RouteBook& routes_;
  AttemptOwner& owner_;
  AttemptSpans spans_;
  AttemptMetrics metrics_;
  ports::MonoTime late_told_until_{};
  std::unordered_map<std::uint64_t, Job*> sending_;  // by ticket
  std::uint64_t last_ticket_;
  bool retiring_ = false;
  std::size_t active_ = 0;
  std::uint64_t begun_ = 0;
  std::uint64_t finished_ = 0;
  std::uint64_t not_tried_ = 0;
  Alive alive_;
};

}  // namespace heliograph::pipeline
