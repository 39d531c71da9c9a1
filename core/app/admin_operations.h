// What the command line does to a database: the same code whether it runs in the command's own
// process, on a database nobody holds, or in the gateway that holds it, asked over the admin
// socket.
//
// Requests and answers are JSON objects: {"operation": "client.add", ...} -> {...} or {"error": "a
// sentence"}.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "core/store/sqlite_store.h"

namespace heliograph::app {

//   client.add     {name, credit_cents, scopes, billing, price_per_part_cents?} -> {name, id, key}
//   client.list    {} -> {clients: [{name, id, billing, granted_cents, available_cents, held_cents,
//   captured_cents, keys}]} client.credit  {name, cents, note} -> {name, available_cents}
//   client.key     {name, scopes} -> {name, key}
//   db.migrate     {} -> {schema: "current"}        (opening the store has migrated it)
//   db.check       {} -> {problems: [..]}
//   db.backup      {target} -> {target}
// Blocking; any thread but the store's own. The store is started. Never throws: a failure is an
// "error" answer.
nlohmann::json run_admin_operation(const nlohmann::json& request, store::SqliteStore& store);

}  // namespace heliograph::app
