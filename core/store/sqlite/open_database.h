// Opening a database file for writing: folder, permissions, schema, and a look at its health after
// an unclean stop.
#pragma once

#include <memory>
#include <string>

#include "core/store/sqlite/connection.h"

namespace heliograph::store {

struct OpenedDatabase {
  std::unique_ptr<Connection> connection;
  bool is_new = false;
  bool was_clean = true;        // the last owner called mark_clean()
  bool may_be_sending = false;  // messages may be in the middle of an attempt
};

// Creates the folder (0700) and the file (0600) when missing, migrates, runs quick_check after an
// unclean stop, and marks the database as in use. The caller holds the lock. Throws StoreUnusable.
OpenedDatabase open_database(const std::string& path);
// The same without a file.
OpenedDatabase open_memory_database();

// Makes the folder of `path` when it is missing. Throws StoreUnusable.
void create_folder(const std::string& path);

// The last write of a clean stop. `sending`: how many attempts are left in the middle.
void mark_clean(Connection& connection, std::int64_t sending);

}  // namespace heliograph::store
