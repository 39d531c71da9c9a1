// Clients, their API keys and their credit, as the store keeps them.
//
// All functions: any thread, completed on `where` like those of core/ports/store.h.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/model/client.h"
#include "core/ports/store.h"

namespace heliograph::ports {

using KeyHash = std::array<std::uint8_t, 32>;  // SHA-256 of the key as the client sends it

// A client named in the configuration file, brought into the store at start: created when its name
// is new, else its settings and key are updated; credit is granted only at creation.
struct DeclaredClient {
  model::Client client;  // id and public_id are ignored
  std::optional<KeyHash> key;
  std::uint8_t scopes = model::kScopeSend | model::kScopeRead;
  std::int64_t credit_cents = 0;
};

struct ClientSummary {
  model::Client client;
  model::Balance balance;
  std::size_t active_keys = 0;
};

struct LedgerCheck {
  bool ok = true;
  std::vector<std::string> problems;  // sentences, at most 100
};

class StoreClients {
 public:
  virtual ~StoreClients() = default;

  // Blocking, at start (before Store::start) or by the command line: throws std::runtime_error with
  // a sentence.
  virtual model::Client declare_client(const DeclaredClient& declared) = 0;

  // The valid (unexpired, unrevoked) key with this hash.
  virtual void find_key(const KeyHash& key, Executor& where,
                        Done<std::optional<model::Principal>> done) = 0;
  // Grows whenever a key or a client changes; whoever caches find_key() compares it. Any thread, no
  // lock.
  virtual std::uint64_t keys_version() const = 0;

  virtual void balance(model::ClientId client, Executor& where, Done<model::Balance> done) = 0;
  virtual void list_clients(Executor& where, Done<std::vector<ClientSummary>> done) = 0;
  // nullopt: the name is taken.
  virtual void add_client(DeclaredClient client, Executor& where,
                          Done<std::optional<model::Client>> done) = 0;
  // False: no such client, or it has two active keys already (one to use, one to rotate to).
  virtual void add_key(std::string client_name, KeyHash key, std::uint8_t scopes, Executor& where,
                       Done<bool> done) = 0;
  virtual void revoke_key(KeyHash key, Executor& where, Done<bool> done) = 0;
  // Adds `cents` (negative takes away, never below zero available): the new balance, nullopt for an
  // unknown client or too little.
  virtual void grant_credit(std::string client_name, std::int64_t cents, std::string note,
                            Executor& where, Done<std::optional<model::Balance>> done) = 0;

  // Recomputes every balance from ledger and messages and compares (granted = available + held +
  // captured). Blocking.
  virtual LedgerCheck check_ledger() = 0;
};

}  // namespace heliograph::ports
