#include "core/store/sqlite/client_queries.h"

#include <fmt/format.h>

#include "core/store/sqlite/clients.h"
#include "core/store/sqlite/connection.h"

namespace heliograph::store {
namespace {

model::Balance read_balance(Rows& rows) {
  model::Balance balance;
  balance.granted_cents = rows.get<std::int64_t>();
  balance.available_cents = rows.get<std::int64_t>();
  balance.held_cents = rows.get<std::int64_t>();
  balance.captured_cents = rows.get<std::int64_t>();
  return balance;
}

}  // namespace

ClientQueries::ClientQueries(Connection& connection)
    : find_key_(connection,
                fmt::format("SELECT {}, k.scopes FROM api_keys k JOIN clients c ON c.id = k.client"
                            " WHERE k.sha256 = ?1 AND k.revoked_at IS NULL"
                            " AND (k.expires_at IS NULL OR k.expires_at > ?2)",
                            kClientColumns)),
      balance_(connection,
               "SELECT granted, available, held, captured FROM balances WHERE client = ?1"),
      list_(connection,
            fmt::format("SELECT {}, b.granted, b.available, b.held, b.captured,"
                        " (SELECT count(*) FROM api_keys k WHERE k.client = c.id"
                        " AND k.revoked_at IS NULL"
                        " AND (k.expires_at IS NULL OR k.expires_at > ?1))"
                        " FROM clients c JOIN balances b ON b.client = c.id ORDER BY c.name",
                        kClientColumns)) {}

std::optional<model::Principal> ClientQueries::find_key(const ports::KeyHash& key,
                                                        model::TimePoint now) {
  Rows rows = find_key_.query(key, now);
  if (!rows.next()) return std::nullopt;
  model::Principal principal;
  principal.client = read_client(rows);
  principal.scopes = rows.get<std::uint8_t>();
  return principal;
}

model::Balance ClientQueries::balance(model::ClientId client) {
  Rows rows = balance_.query(client);
  return rows.next() ? read_balance(rows) : model::Balance{};
}

std::vector<ports::ClientSummary> ClientQueries::list(model::TimePoint now) {
  std::vector<ports::ClientSummary> clients;
  Rows rows = list_.query(now);
  while (rows.next()) {
    ports::ClientSummary& summary = clients.emplace_back();
    summary.client = read_client(rows);
    summary.balance = read_balance(rows);
    summary.active_keys = rows.get<std::size_t>();
  }
  return clients;
}

}  // namespace heliograph::store
