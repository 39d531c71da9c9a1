#include "core/store/sqlite/integrity.h"

#include <fmt/format.h>

#include <string_view>

#include "core/store/sqlite/connection.h"
#include "core/store/sqlite/read_transaction.h"
#include "core/store/sqlite/statement.h"

namespace heliograph::store {
namespace {

constexpr std::size_t kProblemsMax = 100;

constexpr const char* kBalances =
    "SELECT c.name, b.granted, b.available, b.held, b.captured,"
    " (SELECT ifnull(sum(cents), 0) FROM grants g WHERE g.client = c.id),"
    " ifnull(h.cents, 0), ifnull(r.cents, 0)"
    " FROM clients c JOIN balances b ON b.client = c.id"
    " LEFT JOIN (SELECT client, sum(cost_cents) AS cents FROM messages WHERE hold_state = 1"
    " GROUP BY client) h ON h.client = c.id"
    " LEFT JOIN (SELECT client, sum(cents) AS cents FROM resolutions WHERE hold_state = 2"
    " GROUP BY client) r ON r.client = c.id ORDER BY c.id";

// The rows that kBalances cannot join.
constexpr const char* kWithoutBalance =
    "SELECT c.name FROM clients c WHERE NOT EXISTS (SELECT 1 FROM balances b WHERE b.client = c.id)"
    " LIMIT ?1";

// A message that is paid for has a hold, and one that is free has none.
constexpr const char* kHoldless =
    "SELECT id, random, cost_cents, hold_state FROM messages"
    " WHERE (cost_cents > 0) <> (hold_state > 0) LIMIT ?1";

// DELIVERED, FAILED_PERM, EXPIRED, CANCELLED: what such a message costs is decided.
constexpr const char* kUnresolved =
    "SELECT id, random FROM messages WHERE hold_state = 1 AND status IN (4, 6, 7, 8) LIMIT ?1";

// Messages are removed before their resolutions, so those of no message are in order.
constexpr const char* kForeignResolution =
    "SELECT m.id, m.random FROM resolutions r JOIN messages m ON m.id = r.message"
    " WHERE r.client <> m.client OR r.cents <> m.cost_cents OR r.cycle > m.cycle LIMIT ?1";
constexpr const char* kMeaninglessResolution =
    "SELECT message, cycle FROM resolutions WHERE hold_state NOT IN (2, 3) OR cents <= 0 LIMIT ?1";

// A message that says its hold is resolved, without the ledger's last word on it saying so. A
// requeue out of doubt begins a cycle without a hold of its own.
constexpr const char* kUnrecorded =
    "SELECT m.id, m.random, m.hold_state FROM messages m WHERE m.hold_state IN (2, 3)"
    " AND m.hold_state IS NOT (SELECT r.hold_state FROM resolutions r WHERE r.message = m.id"
    " ORDER BY r.cycle DESC LIMIT 1) LIMIT ?1";

// A message that still holds what the ledger says is resolved.
constexpr const char* kHeldTwice =
    "SELECT m.id, m.random FROM messages m JOIN resolutions r ON r.message = m.id"
    " AND r.cycle = m.cycle WHERE m.hold_state = 1 LIMIT ?1";

// Retention removes the parts that are awaited with the message's body.
constexpr const char* kLostParts =
    "SELECT DISTINCT p.message FROM message_parts p LEFT JOIN messages m ON m.id = p.message"
    " WHERE m.id IS NULL OR m.erased = 1 LIMIT ?1";

class Problems {
 public:
  void add(std::string sentence) {
    if (found_.size() < kProblemsMax) found_.push_back(std::move(sentence));
  }
  void compare(std::string_view client, std::string_view what, std::int64_t kept,
               std::int64_t computed) {
    if (kept == computed) return;
    add(fmt::format("client \"{}\": {} is {} cents, but adds up to {}", client, what, kept,
                    computed));
  }
  std::vector<std::string> take() { return std::move(found_); }
  std::size_t room() const { return kProblemsMax - found_.size(); }

 private:
  std::vector<std::string> found_;
};

// A sentence for each message that `sql` finds; its first columns are id and random.
template <class Sentence>
void check_each(Connection& connection, Problems& problems, const char* sql, Sentence sentence) {
  Statement statement(connection, sql);
  Rows rows = statement.query(problems.room());
  while (rows.next()) {
    const auto row = rows.get<std::int64_t>();
    const auto id = model::MessageId::from_parts(row, rows.get<std::uint64_t>());
    problems.add(fmt::format("message {}: {}", id.to_string(), sentence(rows)));
  }
}

void check_balances(Connection& connection, Problems& problems) {
  Statement statement(connection, kBalances);
  Rows rows = statement.query();
  while (rows.next()) {
    const auto name = rows.get<std::string>();
    const auto granted = rows.get<std::int64_t>();
    const auto available = rows.get<std::int64_t>();
    const auto held = rows.get<std::int64_t>();
    const auto captured = rows.get<std::int64_t>();
    const auto grants = rows.get<std::int64_t>();
    const auto holds = rows.get<std::int64_t>();
    const auto captures = rows.get<std::int64_t>();
    problems.compare(name, "granted", granted, grants);
    problems.compare(name, "held", held, holds);
    problems.compare(name, "captured", captured, captures);
    problems.compare(name, "available", available, grants - holds - captures);
    problems.compare(name, "granted", granted, available + held + captured);
  }
}

void check_messages(Connection& connection, Problems& problems) {
  check_each(connection, problems, kUnrecorded, [](Rows& rows) {
    const bool captured = rows.get<model::HoldState>() == model::HoldState::kCaptured;
    return fmt::format("its hold is {}, but the ledger does not say so",
                       captured ? "captured" : "released");
  });
  check_each(connection, problems, kHeldTwice,
             [](Rows&) { return "it still holds what the ledger says is resolved"; });
  check_each(connection, problems, kHoldless, [](Rows& rows) {
    const auto cost = rows.get<std::int64_t>();
    return cost > 0 ? fmt::format("it costs {} cents, but nothing was ever held for it", cost)
                    : std::string("it costs nothing, but has a hold");
  });
  check_each(connection, problems, kUnresolved,
             [](Rows&) { return "it has come to its end, but its hold is not resolved"; });
  check_each(connection, problems, kForeignResolution, [](Rows&) {
    return "the ledger has it with another client, amount or cycle than its own";
  });
}

// What has no message to be named by.
void check_rows(Connection& connection, Problems& problems) {
  Statement without_balance(connection, kWithoutBalance);
  Rows clients = without_balance.query(problems.room());
  while (clients.next()) {
    problems.add(fmt::format("client \"{}\": it has no balance", clients.get<std::string>()));
  }
  Statement meaningless(connection, kMeaninglessResolution);
  Rows rows = meaningless.query(problems.room());
  while (rows.next()) {
    const auto message = rows.get<std::int64_t>();
    problems.add(
        fmt::format("resolution of row {}, cycle {}: it is neither a capture nor a release "
                    "of an amount",
                    message, rows.get<std::int64_t>()));
  }
  Statement lost_parts(connection, kLostParts);
  Rows parts = lost_parts.query(problems.room());
  while (parts.next()) {
    problems.add(
        fmt::format("a part of the message in row {} is awaited, but the message is gone or "
                    "erased",
                    parts.get<std::int64_t>()));
  }
}

}  // namespace

std::vector<std::string> check_structure(Connection& connection, bool quick) {
  Statement statement(connection, quick ? "PRAGMA quick_check(20)" : "PRAGMA integrity_check(100)");
  std::vector<std::string> problems;
  Rows rows = statement.query();
  while (rows.next()) {
    auto line = rows.get<std::string>();
    if (line != "ok") problems.push_back(std::move(line));
  }
  return problems;
}

std::vector<std::string> check_references(Connection& connection) {
  Statement statement(connection, "PRAGMA foreign_key_check");
  std::vector<std::string> problems;
  Rows rows = statement.query();
  while (rows.next() && problems.size() < kProblemsMax) {
    const auto table = rows.get<std::string>();
    const auto row = rows.get<std::int64_t>();
    const auto parent = rows.get<std::string>();
    problems.push_back(
        fmt::format("row {} of {} refers to a missing row of {}", row, table, parent));
  }
  return problems;
}

ports::LedgerCheck check_ledger(Connection& connection) {
  const ReadTransaction snapshot(connection);
  Problems problems;
  check_balances(connection, problems);
  check_messages(connection, problems);
  check_rows(connection, problems);
  ports::LedgerCheck check;
  check.problems = problems.take();
  check.ok = check.problems.empty();
  return check;
}

std::vector<std::string> check_everything(Connection& connection) {
  try {
    std::vector<std::string> problems = check_structure(connection, false);
    if (problems.empty()) problems = check_references(connection);
    if (problems.empty()) problems = check_ledger(connection).problems;
    return problems;
  } catch (const DatabaseError& error) {
    return {fmt::format("it cannot be read to its end: {}", error.what())};
  }
}

}  // namespace heliograph::store
