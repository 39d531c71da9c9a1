#include "core/store/sqlite/retention.h"

#include <vector>

#include "core/model/message.h"
#include "core/store/sqlite/connection.h"

namespace heliograph::store {
namespace {

// Erased means overwritten, not only unlinked. Elsewhere that would cost too much.
class SecureDelete {
 public:
  explicit SecureDelete(Connection& connection) : connection_(connection) {
    connection_.exec("PRAGMA secure_delete = ON");
  }
  ~SecureDelete() { connection_.exec("PRAGMA secure_delete = OFF"); }
  SecureDelete(const SecureDelete&) = delete;
  SecureDelete& operator=(const SecureDelete&) = delete;

 private:
  Connection& connection_;
};

}  // namespace

Retention::Retention(Connection& connection, Revisits& revisits, const Others& others,
                     const Settings& settings)
    : connection_(connection),
      revisits_(revisits),
      others_(others),
      settings_(settings),
      walk_(connection, "SELECT id FROM messages WHERE id > ?1 AND id < ?2 ORDER BY id LIMIT ?3"),
      read_state_(connection,
                  "SELECT live, hold_state, erased, rich, EXISTS (SELECT 1 FROM message_parts p"
                  " WHERE p.message = messages.id) FROM messages WHERE id = ?1"),
      remove_key_(connection,
                  "DELETE FROM idempotency WHERE message = ?1 AND (client, key_hash) ="
                  " (SELECT client, idempotency_key FROM messages WHERE id = ?1)"),
      // The last error is a provider's text and might repeat a number.
      erase_body_(connection,
                  "UPDATE messages SET erased = 1, receipt_provider = NULL, recipient = '',"
                  " recipient_given = '', sender = '', body = '', metadata = '', last_error = ''"
                  " WHERE id = ?1 AND live = 0 AND erased = 0"),
      remove_parts_(connection, "DELETE FROM message_parts WHERE message = ?1"),
      remove_content_(connection, "DELETE FROM contents WHERE message = ?1"),
      remove_message_(connection, "DELETE FROM messages WHERE id = ?1 AND live = 0"),
      remove_attempts_(connection, "DELETE FROM attempts WHERE message = ?1"),
      remove_events_(connection, "DELETE FROM events WHERE message = ?1") {}

std::chrono::milliseconds Retention::age_of(Sweep sweep) const {
  if (sweep == Sweep::kKeys) return settings_.keys;
  return sweep == Sweep::kBodies ? settings_.bodies : settings_.messages;
}

Retention::Visit Retention::erase_key(std::int64_t row) {
  return remove_key_.run(row) > 0 ? Visit::kErased : Visit::kNothing;
}

Retention::Visit Retention::erase_body(std::int64_t row) {
  bool rich = false;
  {
    Rows rows = read_state_.query(row);
    if (!rows.next()) return Visit::kNothing;
    if (rows.get<bool>()) return Visit::kLater;
    rows.get<int>();
    if (rows.get<bool>()) return Visit::kNothing;
    rich = rows.get<bool>();
  }
  erase_body_.run(row);
  if (rich) remove_content_.run(row);
  remove_parts_.run(row);  // the provider may have counted otherwise than we did
  return Visit::kErased;
}

Retention::Visit Retention::remove_message(std::int64_t row) {
  bool rich = false;
  bool has_parts = false;
  {
    Rows rows = read_state_.query(row);
    if (!rows.next()) return Visit::kNothing;
    const bool live = rows.get<bool>();
    if (live || rows.get<model::HoldState>() == model::HoldState::kHeld) return Visit::kLater;
    rows.get<bool>();
    rich = rows.get<bool>();
    has_parts = rows.get<bool>();
  }
  if (rich) remove_content_.run(row);
  if (has_parts) remove_parts_.run(row);
  remove_attempts_.run(row);
  remove_events_.run(row);
  remove_key_.run(row);
  remove_message_.run(row);
  return Visit::kErased;
}

Retention::Visit Retention::visit(Sweep sweep, std::int64_t row) {
  if (sweep == Sweep::kKeys) return erase_key(row);
  return sweep == Sweep::kBodies ? erase_body(row) : remove_message(row);
}

ports::SweepResult Retention::walk(Sweep sweep, model::TimePoint now, std::size_t limit) {
  ports::SweepResult result;
  for (const std::int64_t row : revisits_.next(sweep, limit / 4 + 1)) {
    const Visit visited = visit(sweep, row);
    if (visited != Visit::kLater) revisits_.remove(sweep, row);
    if (visited == Visit::kErased) ++result.changed;
  }
  std::vector<std::int64_t> seen;
  {
    Rows rows = walk_.query(revisits_.place(sweep), first_row_after(now - age_of(sweep)), limit);
    while (rows.next()) seen.push_back(rows.get<std::int64_t>());
  }
  for (const std::int64_t row : seen) {
    const Visit visited = visit(sweep, row);
    if (visited == Visit::kLater) revisits_.add(sweep, row);
    if (visited == Visit::kErased) ++result.changed;
  }
  if (!seen.empty()) revisits_.set_place(sweep, seen.back());
  if (seen.size() == limit) result.next_row = seen.back();
  return result;
}

ports::SweepResult Retention::run(model::TimePoint now, std::size_t limit) {
  const SecureDelete overwrite(connection_);
  ports::SweepResult total;
  for (const Sweep sweep : {Sweep::kKeys, Sweep::kBodies, Sweep::kMessages}) {
    const ports::SweepResult result = walk(sweep, now, limit);
    total.changed += result.changed;
    if (result.next_row != 0) total.next_row = result.next_row;
  }
  run_others(now, limit, total);
  return total;
}

void Retention::run_others(model::TimePoint now, std::size_t limit, ports::SweepResult& total) {
  const std::int64_t body_row = first_row_after(now - settings_.bodies);
  const std::size_t erased[] = {
      others_.parked.prune(now - settings_.parked, limit),
      others_.callbacks.erase(now - settings_.bodies, limit),
      others_.inbound.erase_bodies(body_row, limit),
      others_.inbound.remove_old(first_row_after(now - settings_.messages), limit),
      others_.conversations.erase_quiet(body_row, limit),
  };
  for (const std::size_t count : erased) {
    total.changed += count;
    if (count >= limit) total.next_row = 1;
  }
}

}  // namespace heliograph::store
