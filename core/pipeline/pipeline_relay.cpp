#include "core/pipeline/pipeline_relay.h"

#include <future>
#include <utility>

#include "core/base/assert.h"
#include "core/pipeline/provider_desk.h"

namespace heliograph::pipeline {

namespace {

// More sends than a process makes.
constexpr int kGenerationShift = 48;

PipelineStats sum(PipelineStats a, const PipelineStats& b) {
  a.in_memory += b.in_memory;
  a.in_flight += b.in_flight;
  a.begun += b.begun;
  a.finished += b.finished;
  a.not_tried += b.not_tried;
  a.hints_dropped += b.hints_dropped;
  return a;
}

// What it holds in memory waits in the store, and the one that serves counts it.
PipelineStats without_waiting(PipelineStats stats) {
  stats.in_memory = stats.in_flight;
  return stats;
}

}  // namespace

void PipelineRelay::start(std::unique_ptr<Pipeline> first) {
  {
    const std::scoped_lock lock(mutex_);
    HG_ASSERT(!serving_);
    serving_ = std::move(first);
  }
  serving_->start();
}

// ---- exchange ----

std::uint64_t PipelineRelay::tickets_after() const {
  const std::scoped_lock lock(mutex_);
  return serving_ ? (generation_ + 1) << kGenerationShift : 0;
}

template <class Work>
void PipelineRelay::on_loop(Work work) {
  auto done = std::make_shared<std::promise<void>>();
  auto finished = done->get_future();
  loop_.post([done, work = std::move(work)]() mutable {
    work();
    done->set_value();
  });
  finished.get();
}

void PipelineRelay::exchange(Exchange exchange) {
  Pipeline::Reading reading = listen(std::move(exchange.next));
  on_loop([&] { swap(std::move(reading), std::move(exchange.in_turn)); });
}

Pipeline::Reading PipelineRelay::listen(std::unique_ptr<Pipeline> next) {
  next->prepare();
  {
    const std::scoped_lock lock(mutex_);
    HG_ASSERT(serving_ && !next_ && !retired_);
    next_ = std::move(next);
  }
  try {
    // After it has begun to hear: what is committed later reaches it as a hint.
    return next_->read();
  } catch (...) {
    drop_next();
    throw;
  }
}

// On the loop, where what it has posted may still come.
void PipelineRelay::drop_next() {
  on_loop([this] {
    std::unique_ptr<Pipeline> gone;
    const std::scoped_lock lock(mutex_);
    gone = std::move(next_);
  });
}

void PipelineRelay::swap(Pipeline::Reading reading, base::Task in_turn) {
  if (in_turn) in_turn();
  Pipeline::Handover handover{.before = *serving_, .drained = [this] {
                                // Not here, in the midst of it.
                                loop_.post(alive_.guard([this] { end_retired(); }));
                              }};
  next_->take_over(std::move(handover), std::move(reading));
  const std::scoped_lock lock(mutex_);
  retired_ = std::move(serving_);
  serving_ = std::move(next_);
  ++generation_;
}

void PipelineRelay::end_retired() {
  std::unique_ptr<Pipeline> gone;
  {
    const std::scoped_lock lock(mutex_);
    gone = std::move(retired_);
    ended_ = sum(ended_, without_waiting(gone->stats()));
  }
  gone.reset();
  retired_changed_.notify_all();
  if (draining_ > 0) one_drained();
}

std::optional<std::uint64_t> PipelineRelay::retiring() const {
  const std::scoped_lock lock(mutex_);
  if (!retired_) return std::nullopt;
  return retired_->stats().in_flight;
}

bool PipelineRelay::wait_retired(std::chrono::nanoseconds at_most) {
  std::unique_lock lock(mutex_);
  return retired_changed_.wait_for(lock, at_most, [this] { return !retired_; });
}

// ---- the end ----

void PipelineRelay::drain(ports::MonoTime deadline, base::Task done) {
  drained_ = std::move(done);
  draining_ = retired_ ? 2 : 1;
  serving_->drain(deadline, [this] { one_drained(); });
  loop_.run_at(deadline, alive_.guard([this] {
    if (drained_) std::exchange(drained_, {})();
  }));
}

void PipelineRelay::one_drained() {
  if (--draining_ == 0 && drained_) std::exchange(drained_, {})();
}

PipelineStats PipelineRelay::stats() const {
  const std::scoped_lock lock(mutex_);
  PipelineStats all = ended_;
  if (serving_) all = sum(all, serving_->stats());
  if (retired_) all = sum(all, without_waiting(retired_->stats()));
  return all;
}

// ---- from the store's writer ----

void PipelineRelay::on_waiting(std::vector<model::WorkItem> items) {
  const std::scoped_lock lock(mutex_);
  if (next_) next_->on_waiting(items);
  serving_->on_waiting(std::move(items));
}

void PipelineRelay::on_settled(std::span<const model::MessageId> ids) {
  const std::scoped_lock lock(mutex_);
  serving_->on_settled(ids);
}

void PipelineRelay::on_fatal(const std::string& what) {
  Pipeline* serving = nullptr;
  {
    const std::scoped_lock lock(mutex_);
    serving = serving_.get();
  }
  serving->on_fatal(what);  // may not return
}

// ---- from the providers ----

Pipeline& PipelineRelay::of(ports::SendTicket ticket) {
  const auto generation = static_cast<std::uint64_t>(ticket) >> kGenerationShift;
  return retired_ && generation + 1 == generation_ ? *retired_ : *serving_;
}

void PipelineRelay::on_send_result(model::ProviderKey provider, ports::SendTicket ticket,
                                   model::AttemptResult result) {
  of(ticket).on_send_result(provider, ticket, std::move(result));
}

void PipelineRelay::on_begin_missed(model::ProviderKey provider, ports::SendTicket ticket) {
  of(ticket).on_begin_missed(provider, ticket);
}

void PipelineRelay::on_window(model::ProviderKey provider, std::uint32_t max_in_flight) {
  serving_->on_window(provider, max_in_flight);
}

void PipelineRelay::on_quarantine(model::ProviderKey provider, std::string reason) {
  if (retired_) retired_->on_quarantine(provider, reason);
  serving_->on_quarantine(provider, std::move(reason));
}

void PipelineRelay::on_report(model::ProviderKey provider, ports::ProviderReport report,
                              base::UniqueFunction<void(bool)> done) {
  serving_->on_report(provider, std::move(report), std::move(done));
}

// ---- from operators ----

// Chosen on the loop: what is said to a pipeline that has just been replaced would be lost.
void PipelineRelay::providers(ports::Executor& where,
                              ports::Done<std::vector<ProviderStatus>> done) {
  loop_.post(alive_.guard([this, &where, done = std::move(done)]() mutable {
    where.post([done = std::move(done), list = serving_->desk().list()]() mutable {
      done(std::move(list));
    });
  }));
}

void PipelineRelay::act(std::string provider, ProviderAction action, ports::Executor& where,
                        ports::Done<std::optional<ProviderStatus>> done) {
  auto answer = [&where, done = std::move(done)](std::optional<ProviderStatus> status) mutable {
    where.post([done = std::move(done), status = std::move(status)]() mutable {
      done(std::move(status));
    });
  };
  loop_.post(alive_.guard(
      [this, provider = std::move(provider), action, answer = std::move(answer)]() mutable {
        serving_->desk().act(provider, action, std::move(answer));
      }));
}

void PipelineRelay::distribution(bool reset, ports::Executor& where,
                                 ports::Done<Distribution> done) {
  loop_.post(alive_.guard([this, reset, &where, done = std::move(done)]() mutable {
    where.post([done = std::move(done), counts = serving_->desk().distribution(reset)]() mutable {
      done(std::move(counts));
    });
  }));
}

}  // namespace heliograph::pipeline
