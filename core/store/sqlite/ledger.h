// Ledger: clients' credit, on the writer's side. Keeps granted = available + held + captured.
//
// A hold lives in the columns of its message; here are the sums, and the immutable rows that say
// how each hold ended. Balances are read once, kept in memory (nobody else writes them), and
// written back once per client and transaction. Writer's thread.
#pragma once

#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/model/client.h"
#include "core/model/message.h"
#include "core/store/sqlite/statement.h"

namespace heliograph::store {

class Connection;

// Whose hold, and of what.
struct Hold {
  std::int64_t row = 0;
  int cycle = 0;
  model::ClientId client{};
  std::int64_t cents = 0;
};

class Ledger {
 public:
  explicit Ledger(Connection& connection);

  // Takes `cents` from what is available; false when that is too little (nothing changed).
  bool hold(model::ClientId client, std::int64_t cents);
  // The end of a hold. A second one for the same message and cycle throws DatabaseError (a broken
  // invariant: callers look at the message's hold state first).
  void capture(const Hold& hold, model::TimePoint at);
  void release(const Hold& hold, model::TimePoint at);

  // Adds to what is granted and available; nullopt when that would leave less than nothing.
  std::optional<model::Balance> grant(model::ClientId client, std::int64_t cents,
                                      std::string_view note, model::TimePoint at);

  // Writes changed balances; at the end of a transaction.
  void flush();
  // After a rollback: forgets what was read and changed.
  void discard();

 private:
  struct Account {
    model::Balance balance;
    bool changed = false;
  };
  struct ClientHash {
    std::size_t operator()(model::ClientId id) const noexcept {
      return std::hash<std::int64_t>{}(static_cast<std::int64_t>(id));
    }
  };

  Account& account(model::ClientId client);
  Account& changed_account(model::ClientId client);
  void record(const Hold& hold, model::HoldState state, model::TimePoint at);

  std::unordered_map<model::ClientId, Account, ClientHash> accounts_;
  std::vector<model::ClientId> changed_;  // in this transaction
  Statement read_;
  Statement write_;
  Statement insert_grant_;
  Statement insert_resolution_;
};

}  // namespace heliograph::store
