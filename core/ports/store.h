// Store: where messages live until nobody needs them. The one source of truth; memory holds hints
// only.
//
// Promises
//  - An Accepted that is not a replay has been committed and synced: the message, its credit hold
//  and its idempotency record, or
//    none of them.
//  - A status only moves forward (model::can_change). A hold is resolved at most once. Both by
//  conditional update.
//  - An attempt is recorded as begun before its message is handed to a provider.
//  - A failed commit is fatal (StoreEvents::on_fatal), except for a full disk: then accepts are
//  Overloaded and everything else
//    goes on in the space kept free for it.
//
// Threads: write operations may be called from any thread, return at once and never block. `done`
// is posted to `where` after the commit; the completions of one transaction are posted together, in
// the order of the calls. Operations of one transaction run in this order: results and receipts,
// then begins, then accepts. An operation given up because the store stops destroys its `done`
// uncalled. Accepts are refused (Overloaded) when their queue is full; the others are bounded by
// their callers.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "core/base/unique_function.h"
#include "core/model/receipt.h"
#include "core/ports/executor.h"
#include "core/ports/store_types.h"

namespace heliograph::ports {

template <class T>
using Done = base::UniqueFunction<void(T)>;

// Told by the store's writer. Implementations must be quick and must not call back into the store.
class StoreEvents {
 public:
  virtual ~StoreEvents() = default;
  // [writer thread] Messages that a transaction has made waiting (accepted or requeued), in the
  // order of their ids, after its commit. A hint: losing it loses no message, only the moment's
  // notice.
  virtual void on_waiting(std::vector<model::WorkItem> items) = 0;
  // [writer thread] Messages that a transaction has brought to model::is_settled(), after its
  // commit.
  virtual void on_settled(std::span<const model::MessageId> ids) { static_cast<void>(ids); }
  // [writer thread] The store can no longer promise anything: stop the process. Nothing of the
  // failed transaction was acknowledged.
  virtual void on_fatal(const std::string& what) = 0;
};

class Store {
 public:
  virtual ~Store() = default;

  // `message.validity` counts from acceptance, or from `send_at` where that is later. The id, the
  // due time of a message due now and the order are given by the writer.
  virtual void accept(AcceptCommand command, Executor& where, Done<AcceptResult> done) = 0;

  // Several at once, in one transaction and in their order: credit goes to the first that fit.
  virtual void accept_batch(AcceptBatchCommand command, Executor& where,
                            Done<AcceptBatchResult> done) = 0;

  // Begun: the message is SENDING and carries attempt_number + 1.
  virtual void begin_attempt(const BeginAttempt& command, Executor& where,
                             Done<BeginResult> done) = 0;
  virtual void finish_attempt(FinishAttempt command, Executor& where, Done<FinishResult> done) = 0;

  // One result for each receipt, in order; all of them in one transaction.
  virtual void apply_receipts(std::vector<model::Receipt> receipts, Executor& where,
                              Done<std::vector<ReceiptOutcome>> done) = 0;

  // `client`: whose message it must be; nullopt for an operator. Another client's message is
  // NotFound.
  virtual void cancel(std::optional<model::ClientId> client, model::MessageId id, Executor& where,
                      Done<CancelResult> done) = 0;
  // FAILED_PERM, EXPIRED or UNKNOWN -> QUEUED in the next cycle, with a new hold, a full budget of
  // attempts and `validity` anew.
  virtual void requeue(std::optional<model::ClientId> client, model::MessageId id,
                       std::chrono::milliseconds validity, Executor& where,
                       Done<RequeueResult> done) = 0;

  // Waiting messages of `ids` whose validity is over at `now`: EXPIRED and released, doubtful ones
  // UNKNOWN with the hold kept. The number changed.
  virtual void expire(std::vector<model::MessageId> ids, model::TimePoint now, Executor& where,
                      Done<std::size_t> done) = 0;
  // The same for whatever is found among at most `limit` live rows from `from_row` on.
  virtual void expire_overdue(model::TimePoint now, std::int64_t from_row, std::size_t limit,
                              Executor& where, Done<SweepResult> done) = 0;
  // Holds older than the hold timeout: captured where sent, released where never sent, UNKNOWN as
  // configured.
  virtual void settle_overdue_holds(model::TimePoint now, std::size_t limit, Executor& where,
                                    Done<SweepResult> done) = 0;
  // Erases what its retention is over for: texts and numbers, old idempotency records, parked
  // receipts. At most `limit` rows.
  virtual void erase_old(model::TimePoint now, std::size_t limit, Executor& where,
                         Done<SweepResult> done) = 0;

  virtual void save_provider_state(ProviderState state, Executor& where, Done<bool> done) = 0;

  // ---- reads, on the reader threads; as fresh as the last commit before the call ----
  virtual void page(const PageRequest& request, Executor& where, Done<Page> done) = 0;

  // ---- at start, before any of the above; blocking, one thread; throw std::runtime_error with a
  // sentence ----
  virtual model::ProviderKey intern_provider(const std::string& name) = 0;
  virtual model::ClassId intern_class(model::Channel channel,
                                      std::optional<model::ProviderKey> pinned,
                                      const std::string& route = {}) = 0;
  virtual std::map<model::ClientId, std::string> client_names() = 0;
  virtual std::vector<DispatchClass> classes() = 0;
  virtual std::vector<ProviderState> provider_states() = 0;
  virtual std::vector<QueueHead> queue_heads() = 0;  // all queues with a waiting message
  virtual std::vector<model::WorkItem>
  interrupted() = 0;  // SENDING rows: a crash left them in doubt
  virtual std::string provider_name(model::ProviderKey key) = 0;  // "" when unknown

  // Starts the writer; `events` outlives the store's stop().
  virtual void start(StoreEvents& events) = 0;
  // Completes what is queued, checkpoints, ends the threads. Blocking; afterwards every operation
  // is dropped.
  virtual void stop() = 0;
};

}  // namespace heliograph::ports
