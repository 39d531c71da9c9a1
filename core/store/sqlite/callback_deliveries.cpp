#include "core/store/sqlite/callback_deliveries.h"

#include <vector>

#include "core/store/sqlite/connection.h"

namespace heliograph::store {

using model::CallbackState;

CallbackDeliveries::CallbackDeliveries(Connection& connection, CallbackEndpoints& endpoints,
                                       Effects& effects, ports::Clock& clock)
    : endpoints_(endpoints),
      effects_(effects),
      clock_(clock),
      finish_(connection,
              "UPDATE callback_deliveries SET state = ?2, attempts = attempts + 1, due = ?3,"
              " attempted_at = ?4, status_code = ?5, error = ?6 WHERE id = ?1 AND state = 0"),
      give_up_(connection,
               "UPDATE callback_deliveries SET state = 2, error = ?2 WHERE id = ?1 AND state = 0"),
      read_state_(connection,
                  "SELECT random, state FROM callback_deliveries WHERE id = ?1 AND endpoint = ?2"),
      queue_again_(
          connection,
          "UPDATE callback_deliveries SET state = 0, attempts = 0, due = ?2 WHERE id = ?1"),
      read_failed_(connection,
                   "SELECT id FROM callback_deliveries INDEXED BY callback_deliveries_failed"
                   " WHERE endpoint = ?1 AND state = 2 ORDER BY id LIMIT ?2"),
      erase_old_(connection,
                 "DELETE FROM callback_deliveries WHERE id IN (SELECT id FROM callback_deliveries"
                 " WHERE id < ?1 AND state <> 0 ORDER BY id LIMIT ?2)"),
      read_removed_(connection, "SELECT id FROM callback_endpoints WHERE removed = 1 LIMIT 1"),
      erase_of_(connection,
                "DELETE FROM callback_deliveries WHERE id IN"
                " (SELECT id FROM callback_deliveries WHERE endpoint = ?1 LIMIT ?2)"),
      erase_endpoint_(connection, "DELETE FROM callback_endpoints WHERE id = ?1"),
      walk_unused_(connection,
                   "SELECT id, implicit = 1 AND enabled = 1 AND updated_at < ?1"
                   " FROM callback_endpoints WHERE id > ?2 ORDER BY id LIMIT ?3"),
      has_deliveries_(connection, "SELECT 1 FROM callback_deliveries WHERE endpoint = ?1 LIMIT 1") {
}

bool CallbackDeliveries::finish(std::span<const ports::CallbackResult> results,
                                std::span<const std::int64_t> gone) {
  for (const ports::CallbackResult& result : results) {
    if (result.attempted) {
      finish_.run(result.id.row(), result.state, result.due, result.at, result.status_code,
                  result.error);
    } else {
      give_up_.run(result.id.row(), result.error);
    }
  }
  for (const std::int64_t endpoint : gone)
    endpoints_.disable(endpoint, "the receiver answered 410");
  return true;
}

void CallbackDeliveries::queue_again(std::int64_t row) { queue_again_.run(row, clock_.wall()); }

ports::ReplayResult CallbackDeliveries::replay(model::ClientId client, model::CallbackId endpoint,
                                               model::CallbackId delivery) {
  const auto target = endpoints_.find(client, endpoint);
  if (!target) return ports::ReplayResult::kNotFound;
  {
    Rows rows = read_state_.query(delivery.row(), endpoint.row());
    if (!rows.next()) return ports::ReplayResult::kNotFound;
    if (rows.get<std::uint64_t>() != delivery.random()) return ports::ReplayResult::kNotFound;
    if (rows.get<CallbackState>() == CallbackState::kPending) return ports::ReplayResult::kPending;
  }
  if (!target->enabled) return ports::ReplayResult::kDisabled;
  queue_again(delivery.row());
  effects_.callback_due(endpoint.row());
  return ports::ReplayResult::kQueued;
}

std::optional<ports::BulkReplayResult> CallbackDeliveries::replay_failed(model::ClientId client,
                                                                         model::CallbackId endpoint,
                                                                         std::size_t limit) {
  const auto target = endpoints_.find(client, endpoint);
  if (!target) return std::nullopt;
  if (!target->enabled) return ports::BulkReplayResult{.disabled = true};
  std::vector<std::int64_t> failed;
  {
    Rows rows = read_failed_.query(endpoint.row(), limit + 1);
    while (rows.next()) failed.push_back(rows.get<std::int64_t>());
  }
  const bool more = failed.size() > limit;
  if (more) failed.pop_back();
  for (const std::int64_t row : failed) queue_again(row);
  if (!failed.empty()) effects_.callback_due(endpoint.row());
  return ports::BulkReplayResult{.replayed = failed.size(), .more = more};
}

std::size_t CallbackDeliveries::erase_removed(std::size_t limit) {
  std::optional<std::int64_t> endpoint;
  {
    Rows rows = read_removed_.query();
    if (rows.next()) endpoint = rows.get<std::int64_t>();
  }
  if (!endpoint) return 0;
  const auto erased = static_cast<std::size_t>(erase_of_.run(*endpoint, limit));
  if (erased < limit) erase_endpoint_.run(*endpoint);
  return erased;
}

// A piece of the table with each call, from its start again at the end.
void CallbackDeliveries::erase_unused(model::TimePoint before, std::size_t limit) {
  std::vector<std::int64_t> old;
  std::size_t seen = 0;
  {
    Rows rows = walk_unused_.query(before, walked_to_, limit);
    for (; rows.next(); ++seen) {
      walked_to_ = rows.get<std::int64_t>();
      if (rows.get<bool>()) old.push_back(walked_to_);
    }
  }
  if (seen < limit) walked_to_ = 0;
  for (const std::int64_t endpoint : old) {
    const bool used = has_deliveries_.query(endpoint).next();
    if (!used) erase_endpoint_.run(endpoint);
  }
}

std::size_t CallbackDeliveries::erase(model::TimePoint before, std::size_t limit) {
  const std::int64_t first_kept = before.time_since_epoch().count() * 65'536;
  std::size_t erased = erase_removed(limit);
  erased += static_cast<std::size_t>(erase_old_.run(first_kept, limit));
  erase_unused(before, limit);
  return erased;
}

}  // namespace heliograph::store
