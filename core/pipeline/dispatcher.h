// Dispatcher: gives each waiting message that is due a provider.
//
// pump() is the one place where decisions start: it serves parked and stalled messages first, then
// takes messages from the scheduler as long as some provider can take one, then asks the store for
// pages, then sets one timer for the next moment at which time alone changes something. Every event
// - a hint, a page, a free slot, a circuit - only asks for a pump, which runs once per turn of the
// loop. A message that nobody can take costs nothing until something changes. [loop]
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/pipeline/alive.h"
#include "core/pipeline/attempt_runner.h"
#include "core/pipeline/parking.h"
#include "core/pipeline/pipeline.h"
#include "core/pipeline/provider_board.h"
#include "core/pipeline/route_book.h"
#include "core/pipeline/scheduler.h"
#include "core/pipeline/stalled_jobs.h"

namespace heliograph::pipeline {

// Hears what happens to providers while messages are dispatched.
class ProviderWatcher {
 public:
  virtual ~ProviderWatcher() = default;
  virtual void on_circuit(std::size_t provider) = 0;  // opened, half-open or closed
  virtual void on_slot_free(std::size_t provider) = 0;
};

class Dispatcher final : public AttemptOwner {
 public:
  Dispatcher(const PipelineSettings& settings, const PipelinePorts& ports, ports::Log& log,
             ProviderBoard& board, DispatchClasses& classes, const RouteBook& routes,
             ProviderWatcher& watcher);

  void ask_pump();
  // Providers were enabled, disabled, reset or quarantined: tells the distributor and looks at
  // everything again.
  void providers_changed();
  void offer(model::WorkItem item);
  // Now and then: ends messages in memory that nobody takes, forgets queues that are not used.
  void tidy();
  void note_waiting(const ports::QueueKey& key, ports::QueuePosition position);
  AttemptRunner& runner() { return runner_; }

  PipelineStats stats() const;  // [any thread] as of the last pump; without hints_dropped

  // Nothing new begins from now on; `done` once nothing is between begin and record, or at
  // `deadline`.
  void drain(ports::MonoTime deadline, base::Task done);

  // AttemptOwner
  void on_returned(Job& job) override;
  void on_left(Job& job, const std::optional<Scheduler::Waits>& waits) override;
  void on_slot_free(std::size_t provider) override;
  void on_circuit(std::size_t provider) override;

 private:
  enum class Placed : std::uint8_t {
    kAway,     // begun, parked or ended
    kStalled,  // none of its providers can take it now
    kFull,     // its pick has neither slot nor room to park: its class waits with it
  };
  void pump();
  void look();
  void advance_health();
  void leave_parking();
  void start_parked(std::size_t provider);
  void end_parked(std::size_t provider);
  void unpark(Job& job);
  void serve_stalled();
  void feed();
  void read_pages();
  void end_expired();
  void arm();
  void check_drained();
  void publish();

  Placed place(Job& job);
  Placed place_at(Job& job, const Choice& choice);
  void set_aside(Job& job, Placed how);
  void postpone_or_stall(Job& job);
  bool is_mixed(const Job& job) const;
  ProviderMask providers_of(Job& job);
  ProviderMask set_of(Job& job) const;
  std::optional<Choice> choose_probe(const Job& job, ProviderMask providers) const;
  std::optional<Choice> choose(const Job& job, ProviderMask candidates);
  void forget_pick(const Choice& choice);
  ports::MonoTime mono_at(model::TimePoint due) const;

  const PipelinePorts& ports_;
  ProviderBoard& board_;
  const RouteBook& routes_;
  ProviderWatcher& watcher_;
  const std::size_t stalled_max_;
  Scheduler scheduler_;
  AttemptRunner runner_;
  Parking parking_;
  StalledJobs stalled_;
  bool pump_asked_ = false;
  bool providers_changed_ = false;
  std::vector<const ClassInfo*> full_;  // classes that wait until the next pump
  std::vector<std::uint32_t> in_flight_;
  std::vector<model::MessageId> expired_;
  std::optional<ports::TimerId> timer_;
  ports::MonoTime timer_at_ = ports::MonoTime::max();
  struct {
    std::atomic<std::uint64_t> in_memory{0}, in_flight{0}, begun{0}, finished{0}, not_tried{0};
  } published_;
  bool draining_ = false;
  base::Task drained_;
  Alive alive_;
};

}  // namespace heliograph::pipeline
