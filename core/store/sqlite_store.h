// The embedded store on SQLite: opens, migrates and serves the ports Store, StoreQueries,
// StoreClients, StoreCallbacks and StoreConversations.
//
// One read-write connection, owned by the writer thread, the only one that checkpoints (SQLite 3.40
// has a race between two connections that reset the log); all others are read-only. An exclusive
// lock on `<path>.lock` keeps a second process out. With Threading::kInline there are no threads:
// every operation runs in its caller's thread at pump(), for simulations.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/config/config.h"
#include "core/model/opt_out.h"
#include "core/ports/clock.h"
#include "core/ports/log.h"
#include "core/ports/metrics.h"
#include "core/ports/random.h"
#include "core/ports/store.h"
#include "core/ports/store_callbacks.h"
#include "core/ports/store_clients.h"
#include "core/ports/store_conversations.h"
#include "core/ports/store_queries.h"

namespace heliograph::store {

// The database is held by another process (exit code 75).
class StoreLocked : public std::runtime_error {
  using std::runtime_error::runtime_error;
};
// Not a database, damaged, of a newer schema, not writable: the sentence says which (exit code 1).
class StoreUnusable : public std::runtime_error {
  using std::runtime_error::runtime_error;
};
// The disk did not take what had to be kept, before the store was started (exit code 70).
class StoreFailed : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct SqliteOptions {
  std::string path;                            // ":memory:" with kInline only
  std::uint64_t min_free_bytes = 64ull << 20;  // accepts stop when the file system has less
  std::uint64_t max_depth = 5'000'000;         // waiting messages
  std::size_t accept_queue_max = 16'384;       // accepts queued for the writer
  std::size_t batch_max = 512;                 // operations in one transaction
  std::chrono::milliseconds batch_time_max{10};
  int readers = 2;
  std::chrono::milliseconds idempotency_retention{std::chrono::hours{72}};
  config::Billing billing;
  config::Retention retention;
  model::OptOutWords opt_out_words;  // what inbound messages are heeded for; none: nothing
  enum class Threading : std::uint8_t { kOwnThreads, kInline } threading = Threading::kOwnThreads;
  ports::Log* log = nullptr;          // outlives the store; nullptr: silent
  ports::Metrics* metrics = nullptr;  // outlives the store; nullptr: nothing is counted
};

class SqliteStore : public ports::Store,
                    public ports::StoreQueries,
                    public ports::StoreClients,
                    public ports::StoreCallbacks,
                    public ports::StoreConversations {
 public:
  // Throws StoreLocked, StoreUnusable, StoreFailed. Creates the folder (0700) and the file (0600)
  // when missing; migrates an older schema. `random` makes the random part of ids and is used on
  // the writer thread only.
  static std::unique_ptr<SqliteStore> open(const SqliteOptions& options, ports::Clock& clock,
                                           ports::Random& random);

  // kInline only: runs what was queued as one transaction (accepts, begins and results alike) and
  // the reads after it. Returns the number of operations run; 0: nothing was queued.
  virtual std::size_t pump() = 0;

  // Copies the database to `target` (which must not exist) on a connection of its own while the
  // store works on. Refused when the target's file system has less than twice the size free.
  // Blocking. Throws std::runtime_error with a sentence.
  virtual void backup(const std::string& target) = 0;
  // PRAGMA integrity_check, foreign_key_check and check_ledger(): sentences, empty when all is
  // well. Blocking.
  virtual std::vector<std::string> check() = 0;
  // backup() and check() that are under way on other threads end soon, and none begins any more:
  // they throw std::runtime_error. Any thread.
  virtual void end_inspections() = 0;

  struct WriterStats {
    std::uint64_t transactions = 0;
    std::uint64_t operations = 0;
    std::uint64_t queued = 0;  // now
    std::chrono::microseconds last_commit{};
  };
  virtual WriterStats writer_stats() const = 0;  // any thread

  // When the newest message was taken in, by the clock of then; the epoch when there is none. A
  // clock that shows less was set back meanwhile.
  virtual model::TimePoint newest() = 0;
  // What a client calls 09:00 is a moment of the system's clock; due times are of the logical one,
  // which has begun anew with this process. Where the system's was set since a message was accepted
  // the two have drifted apart: puts due times of waiting appointments right. Once before start(),
  // when the logical clock is what it will be. Throws as the other calls before start().
  virtual void keep_appointments() = 0;
};

}  // namespace heliograph::store
