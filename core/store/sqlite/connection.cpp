#include "core/store/sqlite/connection.h"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Exception.h>
#include <sqlite3.h>

#include <chrono>
#include <filesystem>
#include <system_error>

#include "core/base/assert.h"
#include "core/store/sqlite/statement.h"

namespace heliograph::store {
namespace {

// With one writer nobody should ever wait; readers may meet the recovery of a log, and somebody
// may look at the file with another program.
constexpr std::chrono::milliseconds kBusyTimeout{1'000};

int open_flags(ConnectionMode mode) {
  // Each connection stays with one thread at a time, so SQLite's own mutex would only cost.
  switch (mode) {
    case ConnectionMode::kWriter:
      return SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    case ConnectionMode::kReader:
      return SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX;
    case ConnectionMode::kMemory:
      return SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  }
  return SQLITE_OPEN_READONLY;
}

// SQLite counts every allocation under one process-wide mutex unless told not to. Only before its
// first use; later it refuses, which is harmless.
void configure_library() {
  [[maybe_unused]] static const int once = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

[[noreturn]] void rethrow(const SQLite::Exception& e) {
  throw DatabaseError(e.getExtendedErrorCode(), e.what());
}

}  // namespace

bool DatabaseError::is_disk_full() const {
  // The log's index is a file too; SQLite reports its lack of space under a code of its own.
  return code_ == SQLITE_FULL || code_ == SQLITE_IOERR_SHMSIZE;
}

bool DatabaseError::is_locked() const { return (code_ & 0xff) == SQLITE_BUSY; }

bool DatabaseError::is_constraint() const { return (code_ & 0xff) == SQLITE_CONSTRAINT; }

bool DatabaseError::is_damage() const {
  const int kind = code_ & 0xff;
  return kind == SQLITE_CORRUPT || kind == SQLITE_NOTADB;
}

bool DatabaseError::is_io() const { return (code_ & 0xff) == SQLITE_IOERR && !is_disk_full(); }

Connection::Connection(const std::string& path, ConnectionMode mode) {
  configure_library();
  try {
    database_ = std::make_unique<SQLite::Database>(path, open_flags(mode),
                                                   static_cast<int>(kBusyTimeout.count()));
  } catch (const SQLite::Exception& e) {
    rethrow(e);
  }
  sqlite3_extended_result_codes(handle(), 1);
  configure(mode);
}

Connection::~Connection() = default;

sqlite3* Connection::handle() const { return database_->getHandle(); }

void Connection::configure(ConnectionMode mode) {
  exec("PRAGMA trusted_schema = OFF");
  exec("PRAGMA temp_store = MEMORY");
  exec("PRAGMA mmap_size = 0");
  // The writer empties the log itself when it stops well. After an error nobody may: a checkpoint
  // would sync again what failed to sync.
  sqlite3_db_config(handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  if (mode == ConnectionMode::kReader) {
    exec("PRAGMA query_only = ON");
    exec("PRAGMA cache_size = -16384");
    return;
  }
  exec("PRAGMA foreign_keys = ON");
  exec("PRAGMA synchronous = FULL");
  // Debian's library overwrites everything deleted, which the hot path cannot afford; the retention
  // sweep switches it on for itself.
  exec("PRAGMA secure_delete = OFF");
  exec("PRAGMA cache_size = -65536");
  if (mode == ConnectionMode::kMemory) return;
  // A text result, so not through exec().
  query_integer("PRAGMA journal_mode = WAL");
  sqlite3_wal_hook(
      handle(),
      [](void* self, sqlite3*, const char*, int pages) {
        static_cast<Connection*>(self)->wal_pages_ = pages;
        return SQLITE_OK;
      },
      this);
}

void Connection::exec(const char* sql) {
  char* text = nullptr;
  const int code = sqlite3_exec(handle(), sql, nullptr, nullptr, &text);
  if (code == SQLITE_OK) return;
  const std::string what = text != nullptr ? text : sqlite3_errstr(code);
  sqlite3_free(text);
  throw DatabaseError(sqlite3_extended_errcode(handle()), what);
}

std::int64_t Connection::query_integer(const char* sql) {
  Statement statement(*this, sql);
  Rows rows = statement.query();
  return rows.next() ? rows.get<std::int64_t>() : 0;
}

bool Connection::in_transaction() const { return sqlite3_get_autocommit(handle()) == 0; }

std::uint64_t Connection::log_bytes() const {
  const char* const database = sqlite3_db_filename(handle(), "main");
  if (database == nullptr || *database == '\0') return 0;  // in memory
  std::error_code missing;
  const auto bytes = std::filesystem::file_size(sqlite3_filename_wal(database), missing);
  return missing ? 0 : bytes;
}

bool Connection::checkpoint(bool truncate) {
  HG_ASSERT(!in_transaction());
  int log_pages = 0;
  int done_pages = 0;
  const int mode = truncate ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE;
  const int code = sqlite3_wal_checkpoint_v2(handle(), nullptr, mode, &log_pages, &done_pages);
  if (code == SQLITE_BUSY) return false;
  if (code != SQLITE_OK) {
    throw DatabaseError(sqlite3_extended_errcode(handle()), sqlite3_errmsg(handle()));
  }
  if (log_pages >= 0 && log_pages == done_pages) wal_pages_ = 0;
  return log_pages == done_pages;
}

std::string sqlite_version() { return sqlite3_libversion(); }

bool has_wal_reset_bug() {
  // Fixed in 3.51.3 and in the maintenance releases 3.50.7 and 3.44.6.
  const int version = sqlite3_libversion_number();
  if (version >= 3'051'003) return false;
  const bool maintained = (version >= 3'050'007 && version < 3'051'000) ||
                          (version >= 3'044'006 && version < 3'045'000);
  return version >= 3'007'000 && !maintained;
}

}  // namespace heliograph::store
