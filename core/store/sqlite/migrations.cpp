#include "core/store/sqlite/migrations.h"

#include <fmt/format.h>

#include <string>

#include "core/base/assert.h"
#include "core/store/sqlite/connection.h"
#include "core/store/sqlite_store.h"

namespace heliograph::store {
namespace {

void refuse_foreign(Connection& connection, std::int64_t version) {
  const std::int64_t owner = connection.query_integer("PRAGMA application_id");
  if (owner == kApplicationId) return;
  const std::int64_t objects = connection.query_integer("SELECT count(*) FROM sqlite_schema");
  if (owner == 0 && version == 0 && objects == 0) return;  // new
  throw StoreUnusable("it is a SQLite database, but not one of Heliograph");
}

void refuse_newer(std::int64_t version, std::size_t known) {
  if (version <= static_cast<std::int64_t>(known)) return;
  throw StoreUnusable(fmt::format(
      "its schema is version {}, and this Heliograph knows versions up to {}: use the newer one",
      version, known));
}

void apply(Connection& connection, const Migration& step) {
  connection.exec("BEGIN IMMEDIATE");
  try {
    connection.exec(std::string(step.sql).c_str());
    connection.exec(fmt::format("PRAGMA application_id = {}", kApplicationId).c_str());
    connection.exec(fmt::format("PRAGMA user_version = {}", step.version).c_str());
    connection.exec("COMMIT");
  } catch (const DatabaseError&) {
    if (connection.in_transaction()) connection.exec("ROLLBACK");
    throw;
  }
}

}  // namespace

int migrate(Connection& connection, std::span<const Migration> steps) {
  const std::int64_t found = connection.query_integer("PRAGMA user_version");
  refuse_foreign(connection, found);
  refuse_newer(found, steps.size());
  for (std::size_t i = 0; i < steps.size(); ++i) {
    HG_ASSERT(steps[i].version == static_cast<int>(i) + 1);
    if (steps[i].version > found) apply(connection, steps[i]);
  }
  return static_cast<int>(found);
}

}  // namespace heliograph::store
