#include "core/store/sqlite/ledger.h"

#include "core/base/assert.h"
#include "core/store/sqlite/connection.h"

namespace heliograph::store {

Ledger::Ledger(Connection& connection)
    : read_(connection,
            "SELECT granted, available, held, captured FROM balances WHERE client = ?1"),
      write_(connection,
             "UPDATE balances SET granted = ?2, available = ?3, held = ?4, captured = ?5"
             " WHERE client = ?1"),
      insert_grant_(connection,
                    "INSERT INTO grants (client, cents, note, at) VALUES (?1, ?2, ?3, ?4)"),
      insert_resolution_(connection,
                         "INSERT INTO resolutions (message, cycle, client, hold_state, cents, at)"
                         " VALUES (?1, ?2, ?3, ?4, ?5, ?6)") {}

Ledger::Account& Ledger::account(model::ClientId client) {
  const auto [it, added] = accounts_.try_emplace(client);
  if (!added) return it->second;
  Rows rows = read_.query(client);
  const bool found = rows.next();
  HG_ASSERT(found);  // a client and its balance are created together and never removed
  model::Balance& balance = it->second.balance;
  balance.granted_cents = rows.get<std::int64_t>();
  balance.available_cents = rows.get<std::int64_t>();
  balance.held_cents = rows.get<std::int64_t>();
  balance.captured_cents = rows.get<std::int64_t>();
  return it->second;
}

Ledger::Account& Ledger::changed_account(model::ClientId client) {
  Account& found = account(client);
  if (!found.changed) changed_.push_back(client);
  found.changed = true;
  return found;
}

bool Ledger::hold(model::ClientId client, std::int64_t cents) {
  HG_ASSERT(cents > 0);
  if (account(client).balance.available_cents < cents) return false;
  model::Balance& balance = changed_account(client).balance;
  balance.available_cents -= cents;
  balance.held_cents += cents;
  return true;
}

void Ledger::record(const Hold& hold, model::HoldState state, model::TimePoint at) {
  insert_resolution_.run(hold.row, hold.cycle, hold.client, state, hold.cents, at);
}

void Ledger::capture(const Hold& hold, model::TimePoint at) {
  record(hold, model::HoldState::kCaptured, at);
  model::Balance& balance = changed_account(hold.client).balance;
  balance.held_cents -= hold.cents;
  balance.captured_cents += hold.cents;
}

void Ledger::release(const Hold& hold, model::TimePoint at) {
  record(hold, model::HoldState::kReleased, at);
  model::Balance& balance = changed_account(hold.client).balance;
  balance.held_cents -= hold.cents;
  balance.available_cents += hold.cents;
}

std::optional<model::Balance> Ledger::grant(model::ClientId client, std::int64_t cents,
                                            std::string_view note, model::TimePoint at) {
  model::Balance after = account(client).balance;
  if (__builtin_add_overflow(after.granted_cents, cents, &after.granted_cents) ||
      __builtin_add_overflow(after.available_cents, cents, &after.available_cents) ||
      after.available_cents < 0) {
    return std::nullopt;
  }
  insert_grant_.run(client, cents, note, at);
  changed_account(client).balance = after;
  return after;
}

void Ledger::flush() {
  for (const model::ClientId client : changed_) {
    Account& account = accounts_.at(client);
    const model::Balance& balance = account.balance;
    write_.run(client, balance.granted_cents, balance.available_cents, balance.held_cents,
               balance.captured_cents);
    account.changed = false;
  }
  changed_.clear();
}

void Ledger::discard() {
  accounts_.clear();
  changed_.clear();
}

}  // namespace heliograph::store
