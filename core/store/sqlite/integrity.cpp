#include "core/store/sqlite/integrity.h"

#include <fmt/format.h>

#include <string_view>

#include "core/store/sqlite/connection.h"
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

// A message that says its hold is resolved, without the ledger saying so.
constexpr const char* kUnrecorded =
    "SELECT m.id, m.random, m.hold_state FROM messages m WHERE m.hold_state IN (2, 3)"
    " AND NOT EXISTS (SELECT 1 FROM resolutions r WHERE r.message = m.id"
    " AND r.hold_state = m.hold_state AND r.cents = m.cost_cents AND r.client = m.client)"
    " LIMIT ?1";

// A message that still holds what the ledger says is resolved.
constexpr const char* kHeldTwice =
    "SELECT m.id, m.random FROM messages m JOIN resolutions r ON r.message = m.id"
    " AND r.cycle = m.cycle WHERE m.hold_state = 1 LIMIT ?1";

class ReadTransaction {
 public:
  explicit ReadTransaction(Connection& connection) : connection_(connection) {
    connection_.exec("BEGIN");
  }
  ~ReadTransaction() {
    if (connection_.in_transaction()) connection_.exec("ROLLBACK");
  }
  ReadTransaction(const ReadTransaction&) = delete;
  ReadTransaction& operator=(const ReadTransaction&) = delete;

 private:
  Connection& connection_;
};

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
  }
}

void check_messages(Connection& connection, Problems& problems) {
  Statement unrecorded(connection, kUnrecorded);
  Rows rows = unrecorded.query(problems.room());
  while (rows.next()) {
    const auto row = rows.get<std::int64_t>();
    const auto id = model::MessageId::from_parts(row, rows.get<std::uint64_t>());
    const bool captured = rows.get<model::HoldState>() == model::HoldState::kCaptured;
    problems.add(fmt::format("message {}: its hold is {}, but the ledger does not say so",
                             id.to_string(), captured ? "captured" : "released"));
  }
  Statement held_twice(connection, kHeldTwice);
  Rows held = held_twice.query(problems.room());
  while (held.next()) {
    const auto row = held.get<std::int64_t>();
    const auto id = model::MessageId::from_parts(row, held.get<std::uint64_t>());
    problems.add(
        fmt::format("message {}: it still holds what the ledger says is resolved", id.to_string()));
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
