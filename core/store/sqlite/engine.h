// Engine: the writing side of the store without its threads - one connection and everything that
// may be done within a transaction on it.
//
// Single-threaded. The parts are public on purpose: an operation is a call on one of them between
// begin() and commit(). After a rollback nothing of the transaction is left in memory either.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/model/id_generator.h"
#include "core/ports/clock.h"
#include "core/ports/random.h"
#include "core/store/sqlite/accepts.h"
#include "core/store/sqlite/attempts.h"
#include "core/store/sqlite/callback_deliveries.h"
#include "core/store/sqlite/callback_endpoints.h"
#include "core/store/sqlite/callback_outbox.h"
#include "core/store/sqlite/clients.h"
#include "core/store/sqlite/connection.h"
#include "core/store/sqlite/conversations.h"
#include "core/store/sqlite/disk_guard.h"
#include "core/store/sqlite/effects.h"
#include "core/store/sqlite/hold_sweep.h"
#include "core/store/sqlite/inbound.h"
#include "core/store/sqlite/ledger.h"
#include "core/store/sqlite/lifecycle.h"
#include "core/store/sqlite/message_rows.h"
#include "core/store/sqlite/names.h"
#include "core/store/sqlite/opt_outs.h"
#include "core/store/sqlite/receipts.h"
#include "core/store/sqlite/retention.h"
#include "core/store/sqlite/revisits.h"
#include "core/store/sqlite_store.h"

namespace heliograph::store {

class Engine {
 public:
  // `connection` has the newest schema. `probe`: free bytes of its file system.
  Engine(std::unique_ptr<Connection> connection, const SqliteOptions& options, ports::Clock& clock,
         ports::Random& random, DiskGuard::Probe probe);

  // Throws DatabaseError; then the transaction is to be rolled back.
  void begin();
  void commit();
  // Never throws: what cannot be rolled back is not committed either, and begin() tries again.
  void rollback() noexcept;

  ports::AcceptResult accept(const ports::AcceptCommand& command);
  ports::AcceptBatchResult accept_batch(const ports::AcceptBatchCommand& command);
  ports::ReportResult take_report(const ports::ProviderReport& report);
  ports::ReceiptOutcome apply_receipt(const model::Receipt& receipt);

  Connection& connection() { return *connection_; }
  Effects& effects() { return effects_; }
  Names& names() { return names_; }
  Attempts& attempts() { return attempts_; }
  Receipts& receipts() { return receipts_; }
  Lifecycle& lifecycle() { return lifecycle_; }
  HoldSweep& hold_sweep() { return hold_sweep_; }
  Retention& retention() { return retention_; }
  Clients& clients() { return clients_; }
  CallbackEndpoints& callback_endpoints() { return callback_endpoints_; }
  CallbackDeliveries& callback_deliveries() { return callback_deliveries_; }
  Conversations& conversations() { return conversations_; }
  OptOuts& opt_outs() { return opt_outs_; }
  ports::Clock& clock() { return clock_; }
  DiskGuard& disk() { return disk_; }
  const DiskGuard& disk() const { return disk_; }

  model::TimePoint newest();  // SqliteStore::newest()

  // Live messages as of the last commit.
  std::int64_t waiting() const { return waiting_; }
  std::int64_t sending() const { return sending_; }
  void set_live(std::int64_t waiting, std::int64_t sending);

 private:
  // Forgets what the tables do not hold (any more). Throws DatabaseError.
  void restore();
  AcceptContext accept_context() const {
    return {.waiting = waiting_ + effects_.waiting, .disk_full = disk_.is_full()};
  }

  ports::Clock& clock_;
  std::unique_ptr<Connection> connection_;  // outlives every statement below
  Effects effects_;
  DiskGuard disk_;
  Ledger ledger_;
  Names names_;
  Revisits revisits_;
  CallbackEndpoints callback_endpoints_;
  CallbackOutbox callback_outbox_;
  CallbackDeliveries callback_deliveries_;
  model::IdGenerator ids_;  // of messages, both ways, and conversations
  OptOuts opt_outs_;
  Conversations conversations_;
  Inbound inbound_;
  MessageRows messages_;
  Receipts receipts_;
  Attempts attempts_;
  Accepts accepts_;
  Lifecycle lifecycle_;
  HoldSweep hold_sweep_;
  Retention retention_;
  Clients clients_;
  Statement begin_;
  Statement commit_;
  std::int64_t waiting_ = 0;
  std::int64_t sending_ = 0;
  bool is_stale_ = false;  // a rollback is not complete
};

}  // namespace heliograph::store
