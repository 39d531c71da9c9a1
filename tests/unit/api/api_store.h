// ApiStore: the store's three ports over a map, for tests of the API. It keeps what the API's
// answers depend on (ownership, idempotency, credit, filters, pages); everything else fails the
// test that calls it. One thread.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "core/ports/store.h"
#include "core/ports/store_clients.h"
#include "core/ports/store_queries.h"

namespace heliograph::test {

class ApiStore final : public ports::Store, public ports::StoreQueries, public ports::StoreClients {
 public:
  // ---- what tests set and look at ----
  std::map<std::int64_t, model::MessageView> messages;  // by row
  std::map<model::MessageId, std::vector<model::AttemptView>> attempt_views;
  std::map<model::MessageId, std::vector<model::EventView>> event_views;
  std::vector<ports::AcceptCommand> accepted;         // in order
  std::optional<ports::Overloaded> overloaded;        // what accept() answers while set
  std::vector<std::chrono::milliseconds> validities;  // of requeues
  std::map<model::MessageId, ports::RequeueResult> requeue_results;  // instead of the usual one
  std::vector<ports::MessageFilter> filters;  // of list_messages, as received
  std::size_t examine_max = 10'000;           // rows a list looks at
  int key_lookups = 0;
  std::function<void(model::MessageView&)> on_put;  // completes what accept() has put
  bool opted_out = false;                           // whoever is written to
  bool hold_accepts = false;                        // keep the answers of accept() in `held`
  std::vector<base::Task> held;
  std::uint64_t version = 1;
  ports::QueueDepth queue_depth;
  ports::RecentEnds ends;
  ports::LaneDepths lane_depths;
  ports::LedgerPage ledger_page;                             // what ledger() answers
  std::vector<ports::LedgerRequest> ledger_requests;         // as received
  std::map<std::string, std::vector<std::string>> awaiting;  // by provider's id of the message
  std::vector<ports::AcceptBatchCommand> batches;            // in order
  std::vector<model::Receipt> receipts;                      // of apply_receipts, in order
  bool disk_full = false;                                    // nothing is applied
  // What count_messages() answers, in turn, and what it was asked.
  std::vector<ports::MessageCounts> counts;
  std::vector<std::pair<std::optional<model::ClientId>, std::optional<model::TimePoint>>> counted;

  model::Client& add(const std::string& name, const std::string& key, std::uint8_t scopes,
                     std::int64_t credit_cents);
  model::MessageView& put(model::ClientId owner, model::Status status);
  // Applied where the provider's id or ours is a message's; fewer outcomes when the disk is full.
  std::vector<ports::ReceiptOutcome> take_receipts(std::vector<model::Receipt> given);
  void forget_key(const std::string& key);

  // ---- ports::Store ----
  void accept(ports::AcceptCommand command, ports::Executor& where,
              ports::Done<ports::AcceptResult> done) override;
  void accept_batch(ports::AcceptBatchCommand command, ports::Executor& where,
                    ports::Done<ports::AcceptBatchResult> done) override;
  void cancel(std::optional<model::ClientId> client, model::MessageId id, ports::Executor& where,
              ports::Done<ports::CancelResult> done) override;
  void requeue(std::optional<model::ClientId> client, model::MessageId id,
               std::chrono::milliseconds validity, ports::Executor& where,
               ports::Done<ports::RequeueResult> done) override;
  void begin_attempt(const ports::BeginAttempt&, ports::Executor&,
                     ports::Done<ports::BeginResult>) override {
    unexpected();
  }
  void finish_attempt(ports::FinishAttempt, ports::Executor&,
                      ports::Done<ports::FinishResult>) override {
    unexpected();
  }
  void apply_receipts(std::vector<model::Receipt> given, ports::Executor& where,
                      ports::Done<std::vector<ports::ReceiptOutcome>> done) override;
  void expire(std::vector<model::MessageId>, model::TimePoint, ports::Executor&,
              ports::Done<std::size_t>) override {
    unexpected();
  }
  void expire_overdue(model::TimePoint, std::int64_t, std::size_t, ports::Executor&,
                      ports::Done<ports::SweepResult>) override {
    unexpected();
  }
  void settle_overdue_holds(model::TimePoint, std::size_t, ports::Executor&,
                            ports::Done<ports::SweepResult>) override {
    unexpected();
  }
  void erase_old(model::TimePoint, std::size_t, ports::Executor&,
                 ports::Done<ports::SweepResult>) override {
    unexpected();
  }
  void save_provider_state(ports::ProviderState, ports::Executor&, ports::Done<bool>) override {
    unexpected();
  }
  void page(const ports::PageRequest&, ports::Executor&, ports::Done<ports::Page>) override {
    unexpected();
  }
  model::ProviderKey intern_provider(const std::string&) override { unexpected(); }
  model::ClassId intern_class(model::Channel, std::optional<model::ProviderKey>,
                              const std::string&) override {
    unexpected();
  }
  std::map<model::ClientId, std::string> client_names() override { unexpected(); }
  std::vector<ports::DispatchClass> classes() override { unexpected(); }
  std::vector<ports::ProviderState> provider_states() override { unexpected(); }
  std::vector<ports::QueueHead> queue_heads() override { unexpected(); }
  std::vector<model::WorkItem> interrupted() override { unexpected(); }
  std::string provider_name(model::ProviderKey) override { unexpected(); }
  void start(ports::StoreEvents&) override { unexpected(); }
  void stop() override { unexpected(); }

  // ---- ports::StoreQueries ----
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
  ports::QueueDepth depth() const override { return queue_depth; }
  ports::RecentEnds recent_ends() const override { return ends; }
  bool accepting() const override { return !overloaded.has_value(); }
  std::string engine_version() const override { return "Memory 1"; }

  // ---- ports::StoreClients ----
  model::Client declare_client(const ports::DeclaredClient&) override { unexpected(); }
  void find_key(const ports::KeyHash& key, ports::Executor& where,
                ports::Done<std::optional<model::Principal>> done) override;
  std::uint64_t keys_version() const override { return version; }
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
  ports::LedgerCheck check_ledger() override { unexpected(); }

 private:
  struct Account {
    model::Client client;
    model::Balance balance;
  };
  struct Key {
    model::ClientId client{};
    std::uint8_t scopes = 0;
  };
  struct Remembered {
    std::array<std::uint8_t, 16> fingerprint{};
    ports::Accepted answer;
  };

  [[noreturn]] static void unexpected() {
    throw std::logic_error("the API has no business with this operation of the store");
  }
  ports::AcceptResult take(const ports::AcceptCommand& command);
  ports::AcceptBatchResult take_batch(const ports::AcceptBatchCommand& command);
  model::MessageView* find(std::optional<model::ClientId> client, model::MessageId id);
  Account* account(const std::string& name);

  std::map<model::ClientId, Account> accounts_;
  std::map<ports::KeyHash, Key> keys_;
  std::map<std::array<std::uint8_t, 16>, Remembered> remembered_;
  std::map<std::array<std::uint8_t, 16>,
           std::pair<std::array<std::uint8_t, 16>, ports::BatchAnswer>>
      remembered_batches_;
  std::int64_t next_row_ = (std::int64_t{1'764'000'000'000} << 16) + 1;
};

}  // namespace heliograph::test
