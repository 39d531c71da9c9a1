#include "core/store/sqlite/clients.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <stdexcept>

#include "core/store/sqlite/connection.h"

namespace heliograph::store {
namespace {

// One to use and one to rotate to.
constexpr std::int64_t kActiveKeysMax = 2;

}  // namespace

model::Client read_client(Rows& rows) {
  model::Client client;
  client.id = rows.get<model::ClientId>();
  client.public_id = rows.get<std::string>();
  client.name = rows.get<std::string>();
  client.billing = rows.get<bool>();
  client.price_per_part_cents = rows.get<std::optional<std::int64_t>>();
  client.rate = rows.get<std::optional<double>>();
  client.burst = rows.get<std::optional<double>>();
  client.in_doubt = rows.get<model::InDoubt>();
  client.default_region = rows.get<std::string>();
  client.callback_url = rows.get<std::string>();
  client.conversations = rows.get<bool>();
  return client;
}

Clients::Clients(Connection& connection, Ledger& ledger, Effects& effects, ports::Clock& clock,
                 ports::Random& random)
    : connection_(connection),
      ledger_(ledger),
      effects_(effects),
      clock_(clock),
      random_(random),
      find_(connection, fmt::format("SELECT {} FROM clients c WHERE name = ?1", kClientColumns)),
      insert_(connection,
              "INSERT INTO clients (public_id, name, billing, price_per_part_cents, rate, burst,"
              " in_doubt, default_region, callback_url, conversations, created_at)"
              " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"),
      insert_balance_(connection, "INSERT INTO balances (client) VALUES (?1)"),
      update_(connection,
              "UPDATE clients SET billing = ?2, price_per_part_cents = ?3, rate = ?4, burst = ?5,"
              " in_doubt = ?6, default_region = ?7, callback_url = ?8, conversations = ?9"
              " WHERE id = ?1"),
      find_key_(connection,
                "SELECT client, revoked_at IS NOT NULL FROM api_keys WHERE sha256 = ?1"),
      count_keys_(connection,
                  "SELECT count(*) FROM api_keys WHERE client = ?1 AND revoked_at IS NULL"
                  " AND (expires_at IS NULL OR expires_at > ?2)"),
      insert_key_(connection,
                  "INSERT INTO api_keys (sha256, client, scopes, declared, created_at)"
                  " VALUES (?1, ?2, ?3, ?4, ?5)"),
      renew_key_(connection, "UPDATE api_keys SET scopes = ?2, declared = 1 WHERE sha256 = ?1"),
      revoke_key_(connection,
                  "UPDATE api_keys SET revoked_at = ?2 WHERE sha256 = ?1 AND revoked_at IS NULL"),
      drop_declared_keys_(connection,
                          "DELETE FROM api_keys WHERE client = ?1 AND declared = 1"
                          " AND revoked_at IS NULL AND sha256 <> ?2") {}

std::optional<model::Client> Clients::find(const std::string& name) {
  Rows rows = find_.query(name);
  if (!rows.next()) return std::nullopt;
  return read_client(rows);
}

std::optional<Clients::Key> Clients::find_key(const ports::KeyHash& key) {
  Rows rows = find_key_.query(key);
  if (!rows.next()) return std::nullopt;
  const auto client = rows.get<model::ClientId>();
  return Key{.client = client, .revoked = rows.get<bool>()};
}

std::int64_t Clients::count_active_keys(model::ClientId client) {
  Rows rows = count_keys_.query(client, clock_.wall());
  return rows.next() ? rows.get<std::int64_t>() : 0;
}

model::Client Clients::create(const ports::DeclaredClient& declared) {
  model::Client client = declared.client;
  const model::TimePoint now = clock_.wall();
  // A UUID like those of messages; nothing orders clients by it.
  client.public_id =
      model::MessageId::from_parts(now.time_since_epoch().count() << 16, random_.next())
          .to_string();
  insert_.run(client.public_id, client.name, client.billing, client.price_per_part_cents,
              client.rate, client.burst, client.in_doubt, client.default_region,
              client.callback_url, client.conversations, now);
  client.id = static_cast<model::ClientId>(sqlite3_last_insert_rowid(connection_.handle()));
  insert_balance_.run(client.id);
  if (declared.credit_cents > 0) {
    ledger_.grant(client.id, declared.credit_cents, "first credit", now);
  }
  return client;
}

void Clients::update(const model::Client& known, const model::Client& settings) {
  update_.run(known.id, settings.billing, settings.price_per_part_cents, settings.rate,
              settings.burst, settings.in_doubt, settings.default_region, settings.callback_url,
              settings.conversations);
}

void Clients::set_declared_key(const model::Client& client, const ports::DeclaredClient& declared) {
  if (!declared.key) return;
  const std::optional<Key> known = find_key(*declared.key);
  if (known && known->client != client.id) {
    throw std::runtime_error(
        fmt::format("client \"{}\": its key is another client's already", client.name));
  }
  if (known && known->revoked) {
    throw std::runtime_error(
        fmt::format("client \"{}\": its key has been revoked; give it another one", client.name));
  }
  // The file's key replaces the file's earlier one; keys added by command stay.
  drop_declared_keys_.run(client.id, *declared.key);
  if (known) {
    renew_key_.run(*declared.key, declared.scopes);
  } else {
    insert_key_.run(*declared.key, client.id, declared.scopes, true, clock_.wall());
  }
}

model::Client Clients::declare(const ports::DeclaredClient& declared) {
  effects_.clients_changed = true;
  const std::optional<model::Client> known = find(declared.client.name);
  if (!known) {
    const model::Client created = create(declared);
    set_declared_key(created, declared);
    return created;
  }
  update(*known, declared.client);
  set_declared_key(*known, declared);
  model::Client client = declared.client;
  client.id = known->id;
  client.public_id = known->public_id;
  return client;
}

std::optional<model::Client> Clients::add(const ports::DeclaredClient& declared) {
  if (find(declared.client.name)) return std::nullopt;
  if (declared.key && find_key(*declared.key)) return std::nullopt;
  effects_.clients_changed = true;
  const model::Client created = create(declared);
  if (declared.key) {
    insert_key_.run(*declared.key, created.id, declared.scopes, false, clock_.wall());
  }
  return created;
}

std::map<model::ClientId, std::string> Clients::names() {
  Statement statement(connection_, "SELECT id, name FROM clients");
  Rows rows = statement.query();
  std::map<model::ClientId, std::string> all;
  while (rows.next()) {
    const auto id = rows.get<model::ClientId>();
    all.emplace(id, rows.get<std::string>());
  }
  return all;
}

bool Clients::add_key(const std::string& client_name, const ports::KeyHash& key,
                      std::uint8_t scopes) {
  const std::optional<model::Client> client = find(client_name);
  if (!client || find_key(key)) return false;
  if (count_active_keys(client->id) >= kActiveKeysMax) return false;
  effects_.clients_changed = true;
  insert_key_.run(key, client->id, scopes, false, clock_.wall());
  return true;
}

bool Clients::revoke_key(const ports::KeyHash& key) {
  if (revoke_key_.run(key, clock_.wall()) == 0) return false;
  effects_.clients_changed = true;
  return true;
}

std::optional<model::Balance> Clients::grant(const std::string& client_name, std::int64_t cents,
                                             const std::string& note) {
  const std::optional<model::Client> client = find(client_name);
  if (!client) return std::nullopt;
  return ledger_.grant(client->id, cents, note, clock_.wall());
}

}  // namespace heliograph::store
