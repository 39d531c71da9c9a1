// ClientQueries: clients, keys and balances, read-only. On any connection, one thread at a time.
#pragma once

#include <optional>
#include <vector>

#include "core/ports/store_clients.h"
#include "core/store/sqlite/statement.h"

namespace heliograph::store {

class Connection;

class ClientQueries {
 public:
  explicit ClientQueries(Connection& connection);

  // The valid key with this hash at `now`.
  std::optional<model::Principal> find_key(const ports::KeyHash& key, model::TimePoint now);
  model::Balance balance(model::ClientId client);
  std::vector<ports::ClientSummary> list(model::TimePoint now);  // by name

 private:
  Statement find_key_;
  Statement balance_;
  Statement list_;
};

}  // namespace heliograph::store
