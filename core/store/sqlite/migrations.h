// Migrations: brings a database to the schema this build knows, step by step, each step in a
// transaction of its own.
//
// The steps are the numbered files of migrations/, compiled in; `PRAGMA user_version` is the number
// of the last one applied. A released file never changes.
#pragma once

#include <span>
#include <string_view>

namespace heliograph::store {

class Connection;

struct Migration {
  int version;
  std::string_view sql;
};

// In order, from 1, without gaps. Defined by the build from migrations/*.sql.
std::span<const Migration> migrations();

// "Hgph": tells this store's databases from other people's (PRAGMA application_id).
inline constexpr int kApplicationId = 0x48677068;

// Result: the schema version found, 0 for a new database. Throws StoreUnusable for a schema newer
// than the last migration and for somebody else's database, DatabaseError for SQLite's errors.
int migrate(Connection& connection, std::span<const Migration> steps = migrations());

}  // namespace heliograph::store
