// Pumped store: puts a store without threads on the virtual loop. Each operation goes to the store
// at once and is done at its next pump, which is planned a drawn moment later; so what is queued
// meanwhile shares a transaction, as with the real writer.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "core/ports/store.h"
#include "tests/support/virtual_time.h"

namespace heliograph::test {

class PumpedStore final : public ports::Store {
 public:
  PumpedStore(ports::Store& store, std::function<void()> pump, VirtualClock& clock,
              VirtualLoop& loop, SeededRandom& random)
      : store_(store), pump_(std::move(pump)), clock_(clock), loop_(loop), random_(random) {}

  void accept(ports::AcceptCommand command, ports::Executor& where,
              ports::Done<ports::AcceptResult> done) override {
    plan();
    store_.accept(std::move(command), where, std::move(done));
  }
  void accept_batch(ports::AcceptBatchCommand command, ports::Executor& where,
                    ports::Done<ports::AcceptBatchResult> done) override {
    plan();
    store_.accept_batch(std::move(command), where, std::move(done));
  }
  void begin_attempt(const ports::BeginAttempt& command, ports::Executor& where,
                     ports::Done<ports::BeginResult> done) override {
    plan();
    store_.begin_attempt(command, where, std::move(done));
  }
  void finish_attempt(ports::FinishAttempt command, ports::Executor& where,
                      ports::Done<ports::FinishResult> done) override {
    plan();
    store_.finish_attempt(std::move(command), where, std::move(done));
  }
  void apply_receipts(std::vector<model::Receipt> receipts, ports::Executor& where,
                      ports::Done<std::vector<ports::ReceiptOutcome>> done) override {
    plan();
    store_.apply_receipts(std::move(receipts), where, std::move(done));
  }
  void cancel(std::optional<model::ClientId> client, model::MessageId id, ports::Executor& where,
              ports::Done<ports::CancelResult> done) override {
    plan();
    store_.cancel(client, id, where, std::move(done));
  }
  void requeue(std::optional<model::ClientId> client, model::MessageId id,
               std::chrono::milliseconds validity, ports::Executor& where,
               ports::Done<ports::RequeueResult> done) override {
    plan();
    store_.requeue(client, id, validity, where, std::move(done));
  }
  void expire(std::vector<model::MessageId> ids, model::TimePoint now, ports::Executor& where,
              ports::Done<std::size_t> done) override {
    plan();
    store_.expire(std::move(ids), now, where, std::move(done));
  }
  void expire_overdue(model::TimePoint now, std::int64_t from_row, std::size_t limit,
                      ports::Executor& where, ports::Done<ports::SweepResult> done) override {
    plan();
    store_.expire_overdue(now, from_row, limit, where, std::move(done));
  }
  void settle_overdue_holds(model::TimePoint now, std::size_t limit, ports::Executor& where,
                            ports::Done<ports::SweepResult> done) override {
    plan();
    store_.settle_overdue_holds(now, limit, where, std::move(done));
  }
  void erase_old(model::TimePoint now, std::size_t limit, ports::Executor& where,
                 ports::Done<ports::SweepResult> done) override {
    plan();
    store_.erase_old(now, limit, where, std::move(done));
  }
  void save_provider_state(ports::ProviderState state, ports::Executor& where,
                           ports::Done<bool> done) override {
    plan();
    store_.save_provider_state(std::move(state), where, std::move(done));
  }
  void page(const ports::PageRequest& request, ports::Executor& where,
            ports::Done<ports::Page> done) override {
    plan();
    store_.page(request, where, std::move(done));
  }
  model::ProviderKey intern_provider(const std::string& name) override {
    return store_.intern_provider(name);
  }
  model::ClassId intern_class(model::Channel channel, std::optional<model::ProviderKey> pinned,
                              const std::string& route = {}) override {
    return store_.intern_class(channel, pinned, route);
  }
  std::map<model::ClientId, std::string> client_names() override { return store_.client_names(); }
  std::vector<ports::DispatchClass> classes() override { return store_.classes(); }
  std::vector<ports::ProviderState> provider_states() override { return store_.provider_states(); }
  std::vector<ports::QueueHead> queue_heads() override { return store_.queue_heads(); }
  std::vector<model::WorkItem> interrupted() override { return store_.interrupted(); }
  std::string provider_name(model::ProviderKey key) override { return store_.provider_name(key); }
  void start(ports::StoreEvents& events) override { store_.start(events); }
  void stop() override { store_.stop(); }

  // Something was queued at the store by other ways than this object.
  void plan() {
    if (std::exchange(planned_, true)) return;
    // A commit takes 0.2 to 3 ms, now and then a checkpoint makes it 40.
    const std::int64_t us = random_.chance(0.01) ? 40'000 : random_.between(200, 3'000);
    loop_.run_at(clock_.mono() + std::chrono::microseconds{us}, [this] {
      planned_ = false;
      pump_();
    });
  }

 private:
  ports::Store& store_;
  std::function<void()> pump_;
  VirtualClock& clock_;
  VirtualLoop& loop_;
  SeededRandom& random_;
  bool planned_ = false;
};

}  // namespace heliograph::test
