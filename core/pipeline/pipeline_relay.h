// Pipeline relay: the pipeline as everybody else sees it, whichever is serving. A reload that
// changes providers, limits or routes puts a new Pipeline in the place of the one that serves; what
// that one has begun it ends itself, and results find their way by their tickets.
//
// Life: construct -> start() -> (work, exchange()...) -> drain() -> destruction on the loop's
// thread or after it has ended. Everything handed in outlives the relay.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/base/unique_function.h"
#include "core/pipeline/alive.h"
#include "core/pipeline/pipeline.h"
#include "core/ports/provider.h"

namespace heliograph::pipeline {

class PipelineRelay final : public ports::StoreEvents,
                            public ports::ProviderEvents,
                            public ProviderAdmin {
 public:
  explicit PipelineRelay(ports::Loop& loop) : loop_(loop) {}

  // The first one. Where Pipeline::start() may be called, which it does.
  void start(std::unique_ptr<Pipeline> first);

  // What PipelineSettings::tickets_after of the next one has to be. [any thread]
  std::uint64_t tickets_after() const;
  struct Exchange {
    std::unique_ptr<Pipeline> next;
    base::Task in_turn;  // [loop] just before it serves, in the same turn; must not throw
  };
  // [any thread but the loop's, one at a time] Puts `next` in the place of the one that serves and
  // returns once it does. Blocking, for reads of the store; throws what the store throws, and
  // nothing has changed then. Only while no earlier one is left: retiring() has nothing.
  void exchange(Exchange exchange);
  // The same in its two steps, for who runs the loop himself. Between them nothing has changed.
  Pipeline::Reading listen(std::unique_ptr<Pipeline> next);
  void swap(Pipeline::Reading reading, base::Task in_turn);  // [loop]
  // Attempts that an earlier pipeline still has to end; nullopt: there is none. [any thread]
  std::optional<std::uint64_t> retiring() const;
  // [any thread but the loop's] Waits until there are none. False: not in that time.
  bool wait_retired(std::chrono::nanoseconds at_most);

  // [loop] All pipelines: as Pipeline::drain().
  void drain(ports::MonoTime deadline, base::Task done);
  PipelineStats stats() const;  // of all there were, [any thread]

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
  // ProviderAdmin, [any thread]
  void providers(ports::Executor& where, ports::Done<std::vector<ProviderStatus>> done) override;
  void act(std::string provider, ProviderAction action, ports::Executor& where,
           ports::Done<std::optional<ProviderStatus>> done) override;
  void distribution(bool reset, ports::Executor& where, ports::Done<Distribution> done) override;

 private:
  Pipeline& of(ports::SendTicket ticket);
  void end_retired();
  void one_drained();
  void drop_next();
  template <class Work>
  void on_loop(Work work);

  ports::Loop& loop_;

  mutable std::mutex mutex_;  // guards the pointers, which only the loop changes
  std::condition_variable retired_changed_;
  std::unique_ptr<Pipeline> serving_;
  std::unique_ptr<Pipeline> next_;     // hears already what waits
  std::unique_ptr<Pipeline> retired_;  // ends what it began
  std::uint64_t generation_ = 0;
  PipelineStats ended_;  // of those that are gone

  int draining_ = 0;  // [loop] how many have not said that they are drained
  base::Task drained_;
  Alive alive_;
};

}  // namespace heliograph::pipeline
