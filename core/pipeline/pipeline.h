// Pipeline: moves waiting messages from the store through distributor, limiter and provider to
// their end. The actor that owns the dispatch loop: every decision is made on that one thread, so
// nothing here needs a lock.
//
// It is deterministic: clock, randomness, store, loop and plugins are handed in; the simulation
// runs this very class.
//
// Life: construct -> start() -> (work) -> drain() -> destruction, all on the loop's thread or
// before it runs. Everything handed in outlives the pipeline.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/config/config.h"
#include "core/pipeline/inbound_intake.h"
#include "core/pipeline/provider_admin.h"
#include "core/pipeline/settlements.h"
#include "core/ports/clock.h"
#include "core/ports/distributor.h"
#include "core/ports/executor.h"
#include "core/ports/limiter.h"
#include "core/ports/log.h"
#include "core/ports/metrics.h"
#include "core/ports/provider.h"
#include "core/ports/random.h"
#include "core/ports/shared_window.h"
#include "core/ports/store.h"
#include "core/ports/tracer.h"

namespace heliograph::pipeline {

class ProviderDesk;

// One provider as configured, and the handle to it.
struct ProviderSlot {
  config::Provider settings;
  ports::Provider* provider =
      nullptr;          // nullptr: its plugin could not be loaded (required = false)
  std::string failure;  // why
};

struct PipelineSettings {
  config::Queue queue;
  config::Retry retry;
  config::Health health;
  config::InDoubt in_doubt;
  config::Limits limits;
  config::LimiterPlugin limiter;
  config::Billing billing;
  config::Messages messages;
  std::vector<config::Route> routes;
  // Tickets of sends are above it: each pipeline of a process numbers in a range of its own.
  std::uint64_t tickets_after = 0;
};

struct PipelinePorts {
  ports::Clock& clock;
  ports::Random& random;
  ports::Loop& loop;
  ports::Store& store;
  ports::Distributor& distributor;
  ports::Limiter* limiter = nullptr;             // nullptr: no limit is configured
  ports::Log* log = nullptr;                     // nullptr: silent
  ports::SharedWindow* shared_window = nullptr;  // nullptr: health is this gateway's own
  Settlements* settlements = nullptr;            // told what the store has settled
  InboundIntake* inbound = nullptr;              // nullptr: messages that come in are refused
  // A strategy of its own for each of PipelineSettings::routes.
  std::vector<ports::Distributor*> route_distributors{};
  ports::Metrics* metrics = nullptr;  // nullptr: nothing is counted
  ports::Tracer* tracer = nullptr;    // nullptr: nothing is recorded
};

// How much wider than in the contract a window of the limiter is.
std::chrono::nanoseconds limit_guard(const config::LimiterPlugin& limiter,
                                     std::chrono::nanoseconds window);

// The limits of `settings` and `providers` as the limiter is to keep them, guard included; rules[0]
// is the dispatch-wide one when there is one. What the composition root hands to the limiter plugin
// before start().
std::vector<ports::LimitRule> limit_rules(const PipelineSettings& settings,
                                          const std::vector<config::Provider>& providers);

struct PipelineStats {
  std::uint64_t in_memory = 0;  // messages in the window, waiting or in flight
  std::uint64_t in_flight = 0;
  std::uint64_t begun = 0;  // since start
  std::uint64_t finished = 0;
  std::uint64_t not_tried = 0;
  std::uint64_t hints_dropped = 0;  // on_waiting() batches not taken because the loop was behind
};

class Pipeline final : public ports::StoreEvents,
                       public ports::ProviderEvents,
                       public ProviderAdmin {
 public:
  // `on_fatal` is called from the writer's thread when the store fails for good.
  Pipeline(PipelineSettings settings, PipelinePorts ports, std::vector<ProviderSlot> providers,
           base::UniqueFunction<void(const std::string&)> on_fatal);
  ~Pipeline() override;

  // Reads what the store holds (queues, interrupted attempts, provider states), then begins. Before
  // the loop runs and before Store::start(), which the caller does next. Blocking; throws what the
  // store throws.
  void start();
  // What a pipeline that takes over from another has to know of the store.
  struct Reading {
    std::vector<ports::QueueHead> heads;
    std::vector<ports::ProviderState> states;
    std::map<model::ClientId, std::string> clients;
  };
  // Instead of start(), in this order. Blocking, on any thread but the loop's: prepare(), then,
  // while the store tells this pipeline too what waits, read(). Both throw what the store throws.
  void prepare();
  Reading read();
  struct Handover {
    Pipeline& before;
    base::Task drained;  // [loop] `before` has nothing under way any more
  };
  // [loop] From now on this one dispatches. `before` ends the attempts that have a permit and gives
  // back the others; it must not outlive this one. What it knows of the providers goes on here. A
  // limiter that differs has to know what was granted by the one before (plugin::Replacement).
  void take_over(Handover handover, Reading reading);

  // [loop] Begins nothing new; `done` once nothing is in flight. What is in flight at the deadline
  // stays SENDING in the store and is in doubt at the next start.
  void drain(ports::MonoTime deadline, base::Task done);
  PipelineStats stats() const;  // [any thread]

  // ports::StoreEvents, [writer thread]
  void on_waiting(std::vector<model::WorkItem> items) override;
  void on_settled(std::span<const model::MessageId> ids) override;
  void on_fatal(const std::string& what) override;

  // ports::ProviderEvents, [loop]
  void on_send_result(model::ProviderKey provider, ports::SendTicket ticket,
                      model::AttemptResult result) override;
  void on_begin_missed(model::ProviderKey provider, ports::SendTicket ticket) override;
  void on_window(model::ProviderKey provider, std::uint32_t max_in_flight) override;
  void on_quarantine(model::ProviderKey provider, std::string reason) override;
  void on_report(model::ProviderKey provider, ports::ProviderReport report,
                 base::UniqueFunction<void(bool)> done) override;

  ProviderDesk& desk();  // [loop]

  // ProviderAdmin, [any thread]
  void providers(ports::Executor& where, ports::Done<std::vector<ProviderStatus>> done) override;
  void act(std::string provider, ProviderAction action, ports::Executor& where,
           ports::Done<std::optional<ProviderStatus>> done) override;
  void distribution(bool reset, ports::Executor& where, ports::Done<Distribution> done) override;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace heliograph::pipeline
