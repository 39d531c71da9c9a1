// Clients: who may send, with which keys - the writing side. Reading is in client_queries.h.
// Writer's thread, or before the writer runs.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "core/ports/clock.h"
#include "core/ports/random.h"
#include "core/ports/store_clients.h"
#include "core/store/sqlite/effects.h"
#include "core/store/sqlite/ledger.h"
#include "core/store/sqlite/statement.h"

namespace heliograph::store {

class Connection;

// The columns read_client() expects, in its order; for SELECT ... FROM clients c.
inline constexpr std::string_view kClientColumns =
    "c.id, c.public_id, c.name, c.billing, c.price_per_part_cents, c.rate, c.burst, c.in_doubt,"
    " c.default_region, c.callback_url, c.conversations";
model::Client read_client(Rows& rows);

class Clients {
 public:
  Clients(Connection& connection, Ledger& ledger, Effects& effects, ports::Clock& clock,
          ports::Random& random);

  // As the ports' functions of these names say.
  model::Client declare(const ports::DeclaredClient& declared);
  std::optional<model::Client> add(const ports::DeclaredClient& declared);
  std::map<model::ClientId, std::string> names();
  bool add_key(const std::string& client_name, const ports::KeyHash& key, std::uint8_t scopes);
  bool revoke_key(const ports::KeyHash& key);
  std::optional<model::Balance> grant(const std::string& client_name, std::int64_t cents,
                                      const std::string& note);

 private:
  struct Key {
    model::ClientId client{};
    bool revoked = false;
  };
  std::optional<model::Client> find(const std::string& name);
  std::optional<Key> find_key(const ports::KeyHash& key);
  std::int64_t count_active_keys(model::ClientId client);
  model::Client create(const ports::DeclaredClient& declared);
  void update(const model::Client& known, const model::Client& settings);
  void set_declared_key(const model::Client& client, const ports::DeclaredClient& declared);

  Connection& connection_;
  Ledger& ledger_;
  Effects& effects_;
  ports::Clock& clock_;
  ports::Random& random_;
  Statement find_;
  Statement insert_;
  Statement insert_balance_;
  Statement update_;
  Statement find_key_;
  Statement count_keys_;
  Statement insert_key_;
  Statement renew_key_;
  Statement revoke_key_;
  Statement drop_declared_keys_;
};

}  // namespace heliograph::store
