// Memory store: the port Store without a database, for tests of the pipeline. What is queued is
// done at pump(), as one transaction; what was done survives a "crash" (forget_queued), what was
// queued does not. It keeps the promises the pipeline relies on and checks what the pipeline owes:
// a finish without its begin fails the test.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/ports/clock.h"
#include "core/ports/store.h"

namespace heliograph::test {

struct StoredMessage {
  model::WorkItem item;  // its status and numbers as stored
  model::FailReason reason = model::FailReason::kNone;
  model::HoldAction hold = model::HoldAction::kKeep;  // kKeep: open
  int resolutions = 0;                                // of the hold: never above 1
  std::string provider_message_id;
  std::vector<model::Outcome> outcomes;  // of the attempts recorded
  std::string content = {};
};

class MemoryStore : public ports::Store {
 public:
  explicit MemoryStore(ports::Clock& clock) : clock_(clock) {}

  std::size_t pump();  // the number of operations done
  bool queued() const { return !queue_.empty(); }
  void forget_queued();
  // Called whenever an operation has been queued.
  std::function<void()> on_queued = [] {};

  const StoredMessage& at(model::MessageId id) const { return rows_.at(id.row()); }
  const std::map<std::int64_t, StoredMessage>& rows() const { return rows_; }
  std::map<model::ProviderKey, ports::ProviderState>& states() { return states_; }
  std::uint64_t pages_read = 0;
  std::uint64_t begins = 0;
  bool hints = true;  // false: on_waiting() is not called

  // ports::Store
  void accept(ports::AcceptCommand command, ports::Executor& where,
              ports::Done<ports::AcceptResult> done) override;
  void accept_batch(ports::AcceptBatchCommand command, ports::Executor& where,
                    ports::Done<ports::AcceptBatchResult> done) override;
  void begin_attempt(const ports::BeginAttempt& command, ports::Executor& where,
                     ports::Done<ports::BeginResult> done) override;
  void finish_attempt(ports::FinishAttempt command, ports::Executor& where,
                      ports::Done<ports::FinishResult> done) override;
  void apply_receipts(std::vector<model::Receipt> receipts, ports::Executor& where,
                      ports::Done<std::vector<ports::ReceiptOutcome>> done) override;
  void cancel(std::optional<model::ClientId> client, model::MessageId id, ports::Executor& where,
              ports::Done<ports::CancelResult> done) override;
  void requeue(std::optional<model::ClientId> client, model::MessageId id,
               std::chrono::milliseconds validity, ports::Executor& where,
               ports::Done<ports::RequeueResult> done) override;
  void expire(std::vector<model::MessageId> ids, model::TimePoint now, ports::Executor& where,
              ports::Done<std::size_t> done) override;
  void expire_overdue(model::TimePoint now, std::int64_t from_row, std::size_t limit,
                      ports::Executor& where, ports::Done<ports::SweepResult> done) override;
  void settle_overdue_holds(model::TimePoint now, std::size_t limit, ports::Executor& where,
                            ports::Done<ports::SweepResult> done) override;
  void erase_old(model::TimePoint now, std::size_t limit, ports::Executor& where,
                 ports::Done<ports::SweepResult> done) override;
  void save_provider_state(ports::ProviderState state, ports::Executor& where,
                           ports::Done<bool> done) override;
  void page(const ports::PageRequest& request, ports::Executor& where,
            ports::Done<ports::Page> done) override;
  model::ProviderKey intern_provider(const std::string& name) override;
  model::ClassId intern_class(model::Channel channel, std::optional<model::ProviderKey> pinned,
                              const std::string& route = {}) override;
  std::map<model::ClientId, std::string> client_names() override { return names; }
  std::map<model::ClientId, std::string> names;  // of clients, for rules that name them
  std::vector<ports::DispatchClass> classes() override { return classes_; }
  std::vector<ports::ProviderState> provider_states() override;
  std::vector<ports::QueueHead> queue_heads() override;
  std::vector<model::WorkItem> interrupted() override;
  std::string provider_name(model::ProviderKey key) override;
  void start(ports::StoreEvents& events) override { events_ = &events; }
  void stop() override { events_ = nullptr; }

 private:
  template <class T>
  void queue(ports::Executor& where, ports::Done<T> done, std::function<T()> work);
  ports::AcceptResult do_accept(const ports::AcceptCommand& command);
  ports::BeginResult do_begin(const ports::BeginAttempt& command);
  ports::FinishResult do_finish(const ports::FinishAttempt& command);
  ports::ReceiptOutcome do_receipt(const model::Receipt& receipt);
  bool do_expire(StoredMessage& row, model::TimePoint now);
  ports::Page do_page(const ports::PageRequest& request);
  void resolve(StoredMessage& row, model::HoldAction action);

  ports::Clock& clock_;
  ports::StoreEvents* events_ = nullptr;
  std::map<std::int64_t, StoredMessage> rows_;
  std::vector<std::string> providers_;
  std::vector<ports::DispatchClass> classes_;
  std::map<model::ProviderKey, ports::ProviderState> states_;
  std::vector<model::Receipt> parked_;
  std::int64_t last_row_ = 0;
  std::deque<base::Task> queue_;
  std::vector<model::WorkItem> waiting_now_;
};

}  // namespace heliograph::test
