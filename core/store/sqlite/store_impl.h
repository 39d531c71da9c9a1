// StoreImpl: the ports' functions, each turned into an operation for the writer or a reader.
//
// The ports are implemented in five files: store_impl.cpp (life, upkeep), store_writes.cpp,
// store_reads.cpp, store_callbacks.cpp and store_conversations.cpp.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/store/sqlite/committer.h"
#include "core/store/sqlite/engine.h"
#include "core/store/sqlite/lock_file.h"
#include "core/store/sqlite/open_database.h"
#include "core/store/sqlite/operation.h"
#include "core/store/sqlite/queries.h"
#include "core/store/sqlite/reader_pool.h"
#include "core/store/sqlite/writer.h"
#include "core/store/sqlite_store.h"

namespace heliograph::store {

// What a test may put in the place of the world.
struct StoreHooks {
  DiskGuard::Probe free_bytes;  // empty: the file system's
};
std::unique_ptr<SqliteStore> open_store(const SqliteOptions& options, ports::Clock& clock,
                                        ports::Random& random, const StoreHooks& hooks);

class StoreImpl final : public SqliteStore {
 public:
  // `lock` is null for a database in memory.
  StoreImpl(const SqliteOptions& options, ports::Clock& clock, ports::Random& random,
            std::unique_ptr<LockFile> lock, OpenedDatabase opened, DiskGuard::Probe probe);
  ~StoreImpl() override;

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
  std::map<model::ClientId, std::string> client_names() override;
  std::vector<ports::DispatchClass> classes() override;
  std::vector<ports::ProviderState> provider_states() override;
  std::vector<ports::QueueHead> queue_heads() override;
  std::vector<model::WorkItem> interrupted() override;
  std::string provider_name(model::ProviderKey key) override;
  void start(ports::StoreEvents& events) override;
  void stop() override;

  // ports::StoreQueries
  void find_message(std::optional<model::ClientId> client, model::MessageId id,
                    ports::Executor& where,
                    ports::Done<std::optional<model::MessageView>> done) override;
  void list_messages(ports::MessageFilter filter, ports::Executor& where,
                     ports::Done<ports::MessageList> done) override;
  void attempts(std::optional<model::ClientId> client, model::MessageId id, ports::Executor& where,
                ports::Done<std::optional<std::vector<model::AttemptView>>> done) override;
  void events(std::optional<model::ClientId> client, model::MessageId id, ports::Executor& where,
              ports::Done<std::optional<std::vector<model::EventView>>> done) override;
  void ledger(ports::LedgerRequest request, ports::Executor& where,
              ports::Done<ports::LedgerPage> done) override;
  void lanes(ports::Executor& where, ports::Done<ports::LaneDepths> done) override;
  void callback_backlog(ports::Executor& where, ports::Done<ports::CallbackBacklog> done) override;
  void providers_awaiting(std::string provider_message_id, ports::Executor& where,
                          ports::Done<std::vector<std::string>> done) override;
  void count_messages(std::optional<model::ClientId> client,
                      std::optional<model::TimePoint> created_after, ports::Executor& where,
                      ports::Done<ports::MessageCounts> done) override;
  ports::QueueDepth depth() const override;
  ports::RecentEnds recent_ends() const override;
  bool accepting() const override;
  std::string engine_version() const override;

  // ports::StoreClients
  model::Client declare_client(const ports::DeclaredClient& declared) override;
  void find_key(const ports::KeyHash& key, ports::Executor& where,
                ports::Done<std::optional<model::Principal>> done) override;
  std::uint64_t keys_version() const override;
  void balance(model::ClientId client, ports::Executor& where,
               ports::Done<model::Balance> done) override;
  void list_clients(ports::Executor& where,
                    ports::Done<std::vector<ports::ClientSummary>> done) override;
  void add_client(ports::DeclaredClient client, ports::Executor& where,
                  ports::Done<std::optional<model::Client>> done) override;
  void add_key(std::string client_name, ports::KeyHash key, std::uint8_t scopes,
               ports::Executor& where, ports::Done<bool> done) override;
  void revoke_key(ports::KeyHash key, ports::Executor& where, ports::Done<bool> done) override;
  void grant_credit(std::string client_name, std::int64_t cents, std::string note,
                    ports::Executor& where,
                    ports::Done<std::optional<model::Balance>> done) override;
  ports::LedgerCheck check_ledger() override;

  // ports::StoreCallbacks
  void create_callback(ports::NewCallbackEndpoint endpoint, ports::Executor& where,
                       ports::Done<ports::CreateCallbackResult> done) override;
  void update_callback(model::ClientId client, model::CallbackId id, ports::CallbackChanges changes,
                       ports::Executor& where,
                       ports::Done<std::optional<model::CallbackEndpoint>> done) override;
  void remove_callback(model::ClientId client, model::CallbackId id, ports::Executor& where,
                       ports::Done<bool> done) override;
  void rotate_callback_secret(model::ClientId client, model::CallbackId id, std::string secret,
                              model::TimePoint previous_until, ports::Executor& where,
                              ports::Done<std::optional<model::CallbackEndpoint>> done) override;
  void callback_url_secret(model::ClientId client, ports::Executor& where,
                           ports::Done<model::CallbackSecrets> done) override;
  void list_callbacks(model::ClientId client, std::int64_t before_row, std::size_t limit,
                      ports::Executor& where,
                      ports::Done<ports::CallbackEndpointList> done) override;
  void find_callback(model::ClientId client, model::CallbackId id, ports::Executor& where,
                     ports::Done<std::optional<model::CallbackEndpoint>> done) override;
  void message_callbacks(model::MessageId message, std::vector<model::TimePoint> moments,
                         ports::Executor& where,
                         ports::Done<std::vector<model::CallbackDelivery>> done) override;
  void list_callback_deliveries(
      ports::CallbackDeliveryFilter filter, ports::Executor& where,
      ports::Done<std::optional<ports::CallbackDeliveryList>> done) override;
  void replay_callback(model::ClientId client, model::CallbackId endpoint,
                       model::CallbackId delivery, ports::Executor& where,
                       ports::Done<ports::ReplayResult> done) override;
  void replay_failed_callbacks(model::ClientId client, model::CallbackId endpoint,
                               std::size_t limit, ports::Executor& where,
                               ports::Done<std::optional<ports::BulkReplayResult>> done) override;
  void callbacks_due(std::int64_t endpoint, model::TimePoint now, std::size_t limit,
                     ports::Executor& where, ports::Done<ports::CallbackPage> done) override;
  void finish_callbacks(std::vector<ports::CallbackResult> results, std::vector<std::int64_t> gone,
                        ports::Executor& where, ports::Done<bool> done) override;
  std::vector<ports::CallbackHead> callback_heads() override;
  void watch_callbacks(ports::CallbackEvents& events) override;

  // ports::StoreConversations
  void take_report(ports::ProviderReport report, ports::Executor& where,
                   ports::Done<ports::ReportResult> done) override;
  void find_inbound(model::ClientId client, model::MessageId id, ports::Executor& where,
                    ports::Done<std::optional<model::InboundView>> done) override;
  void create_conversation(ports::NewConversation conversation, ports::Executor& where,
                           ports::Done<ports::CreateConversationResult> done) override;
  void update_conversation(model::ClientId client, model::ConversationId id,
                           ports::ConversationChanges changes, ports::Executor& where,
                           ports::Done<std::optional<model::Conversation>> done) override;
  void read_conversation(model::ClientId client, model::ConversationId id,
                         std::optional<model::MessageId> up_to, ports::Executor& where,
                         ports::Done<std::optional<model::Conversation>> done) override;
  void remove_conversation(model::ClientId client, model::ConversationId id, ports::Executor& where,
                           ports::Done<bool> done) override;
  void find_conversation(model::ClientId client, model::ConversationId id, ports::Executor& where,
                         ports::Done<std::optional<model::Conversation>> done) override;
  void list_conversations(ports::ConversationFilter filter, ports::Executor& where,
                          ports::Done<ports::ConversationList> done) override;
  void list_thread(ports::ThreadFilter filter, ports::Executor& where,
                   ports::Done<std::optional<ports::ThreadPage>> done) override;
  void conversation_statistics(
      model::ClientId client, model::ConversationId id, ports::Executor& where,
      ports::Done<std::optional<ports::ConversationStatistics>> done) override;
  void add_opt_out(model::ClientId client, model::OptOut opt_out, ports::Executor& where,
                   ports::Done<bool> done) override;
  void remove_opt_out(model::ClientId client, std::string recipient, std::string sender,
                      ports::Executor& where, ports::Done<bool> done) override;
  void list_opt_outs(ports::OptOutFilter filter, ports::Executor& where,
                     ports::Done<ports::OptOutList> done) override;

  // SqliteStore
  std::size_t pump() override;
  void backup(const std::string& target) override;
  std::vector<std::string> check() override;
  void end_inspections() override { inspections_ended_ = true; }
  WriterStats writer_stats() const override;
  model::TimePoint newest() override;
  void keep_appointments() override;

 private:
  bool is_inline() const { return options_.threading == SqliteOptions::Threading::kInline; }

  template <class Result, class Work>
  void write(ports::Executor& where, ports::Done<Result> done, Work work,
             OperationKind kind = OperationKind::kResult) {
    Write operation = std::make_unique<OperationOf<Engine, Result, Work>>(
        where, std::move(done), std::move(work), Result{});
    writer_.submit(kind, operation);
  }

  // Only while the writer's queue of accepts has room; else the answer is `refused`.
  template <class Result, class Work>
  void write_accept(ports::Executor& where, ports::Done<Result> done, Work work, Result refused) {
    Write operation = std::make_unique<OperationOf<Engine, Result, Work>>(
        where, std::move(done), std::move(work), std::move(refused));
    if (writer_.submit(OperationKind::kAccept, operation)) return;
    std::vector<Write> unserved;
    unserved.push_back(std::move(operation));
    post_results(std::move(unserved));
  }

  // `fallback` is the answer when the read fails.
  template <class Result, class Work>
  void read(ReadKind kind, ports::Executor& where, ports::Done<Result> done, Work work,
            Result fallback = Result{}) {
    submit_read(kind, std::make_unique<OperationOf<Queries, Result, Work>>(
                          where, std::move(done), std::move(work), std::move(fallback)));
  }

  // Runs `work` on the engine as one transaction, now. Throws what it throws.
  template <class Work>
  auto transact(Work work);
  // Calls `work` with a connection to read from, now.
  template <class Work>
  auto inspect(Work work);
  // Likewise, for what must be read to its end.
  template <class Work>
  auto examine(Work work);

  void submit_read(ReadKind kind, Read operation);
  void log_opened(const OpenedDatabase& opened);
  void close_cleanly();

  SqliteOptions options_;
  ports::Clock& clock_;
  std::atomic<bool> inspections_ended_{false};
  std::unique_ptr<LockFile> lock_;  // released last
  Gauges gauges_;
  mutable std::mutex engine_mutex_;  // guards the engine: the writer's transactions, and at start
  Engine engine_;
  Queries queries_;  // on the engine's connection: at start, and in inline mode
  std::vector<std::int64_t> interrupted_rows_;
  Committer committer_;
  Writer writer_;
  std::optional<ReaderPool> readers_;  // none in inline mode
  std::vector<Read> inline_reads_;
  bool started_ = false;
  bool stopped_ = false;
};

}  // namespace heliograph::store
