// Opening a database file for writing: folder, permissions, schema, and a look at its health after
// an unclean stop.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "core/store/sqlite/connection.h"

namespace heliograph::store {

struct OpenedDatabase {
  std::unique_ptr<Connection> connection;
  bool is_new = false;
  bool was_clean = true;        // the last owner called mark_clean()
  bool may_be_sending = false;  // messages may be in the middle of an attempt
  bool check_was_cut = false;   // the look at its health took too long and was left
};

// How long the look at a database's health may delay the start. A million messages take about one
// second; the log's own recovery does not depend on it.
inline constexpr std::chrono::milliseconds kHealthCheckMax{2'000};

// Creates the file (0600) when missing, migrates, runs quick_check after an unclean stop, and marks
// the database as in use. The caller holds the lock. Refused: an empty or missing file whose log is
// there, because SQLite would drop that log. Throws StoreUnusable, or StoreFailed when the system
// could not read or write.
OpenedDatabase open_database(const std::string& path,
                             std::chrono::milliseconds health_check_max = kHealthCheckMax);
// The same without a file.
OpenedDatabase open_memory_database();

// What `error` means for who wanted to use the database: throws StoreFailed when the system could
// not read or write it (a restart may help), otherwise StoreUnusable.
[[noreturn]] void throw_unusable(const std::string& path, const DatabaseError& error);

// Makes the folder of `path` when it is missing. Throws StoreUnusable.
void create_folder(const std::string& path);

// The last write of a clean stop. `sending`: how many attempts are left in the middle.
void mark_clean(Connection& connection, std::int64_t sending);

}  // namespace heliograph::store
