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

// The dispatcher of the pipeline that has taken over, to the one that only ends what it began.
class Heir {
 public:
  virtual ~Heir() = default;
  // It waits in the store, there.
  virtual void note_waiting(const ports::QueueKey& key, ports::QueuePosition position) = 0;
  // One attempt less is in the hands of this very instance.
  virtual void on_slot_freed(const ports::Provider* instance) = 0;
};

class Dispatcher final : public AttemptOwner, public Heir {
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
  void note_waiting(const ports::QueueKey& key, ports::QueuePosition position) override;
  void on_slot_freed(const ports::Provider* instance) override;
  AttemptRunner& runner() { return runner_; }

  PipelineStats stats() const;  // [any thread] as of the last pump; without hints_dropped

  // Nothing new begins from now on; `done` once nothing is between begin and record, or at
  // `deadline`.
  void drain(ports::MonoTime deadline, base::Task done);

  // Nothing new begins, attempts without a permit are undone, and the rest ends here: `heir` is
  // told of each message that waits again. `done` once nothing is under way. `heir` outlives this.
  void retire(Heir& heir, base::Task done);

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
  struct Moment {
    ports::MonoTime mono;
    model::TimePoint wall;
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
  void arm(const Moment& began);
  void check_drained();
  void publish();
  void hand_on(Job& job, const std::optional<Scheduler::Waits>& waits);

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
  Heir* heir_ = nullptr;  // set: another dispatcher has taken over
  Alive alive_;
};

}  // namespace heliograph::pipeline
