// Connection: one SQLite connection with the settings this store relies on.
//
// Used by one thread at a time. The writer's is the only one that writes and checkpoints: SQLite
// before 3.51.3 has a race between two connections that reset the log ("WAL-reset bug").
#pragma once

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>

struct sqlite3;
namespace SQLite {
class Database;
}

namespace heliograph::store {

// An error of SQLite, with its extended result code.
class DatabaseError : public std::runtime_error {
 public:
  DatabaseError(int code, const std::string& what) : std::runtime_error(what), code_(code) {}
  int code() const { return code_; }
  // No space: the transaction is lost, the database is well.
  bool is_disk_full() const;
  // Another program holds a lock for longer than the busy timeout.
  bool is_locked() const;
  // A statement would break a rule of the schema.
  bool is_constraint() const;
  // The file does not hold what was written to it.
  bool is_damage() const;
  // The system could not read, write or sync the file, for another reason than space.
  bool is_io() const;

 private:
  int code_;
};

enum class ConnectionMode : std::uint8_t {
  kWriter,  // creates the file when missing
  kReader,  // read-only; the writer's connection is open meanwhile
  kMemory,  // private, gone when closed
};

class Connection {
 public:
  // Throws DatabaseError.
  Connection(const std::string& path, ConnectionMode mode);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  sqlite3* handle() const;
  SQLite::Database& database() { return *database_; }

  // Runs statements without results. Throws DatabaseError.
  void exec(const char* sql);
  // The first column of the first row; 0 when there is none.
  std::int64_t query_integer(const char* sql);
  // False after SQLite has rolled back by itself.
  bool in_transaction() const;

  // Pages in the log after the last commit of this connection.
  int wal_pages() const { return wal_pages_; }
  // What the log's file takes, whether its pages are in use or not. 0: there is none.
  std::uint64_t log_bytes() const;
  // [writer] Moves the log into the database. `truncate`: waits for readers and empties the log.
  // False when a reader stood in the way. Throws DatabaseError.
  bool checkpoint(bool truncate);

 private:
  void configure(ConnectionMode mode);

  std::unique_ptr<SQLite::Database> database_;
  int wal_pages_ = 0;
};

// "3.40.1": the library that is linked now.
std::string sqlite_version();
// Whether that library has the WAL-reset bug, which this store works around.
bool has_wal_reset_bug();

}  // namespace heliograph::store
