#include "core/store/sqlite/open_database.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "core/store/sqlite/integrity.h"
#include "core/store/sqlite/migrations.h"
#include "core/store/sqlite/read_deadline.h"
#include "core/store/sqlite/statement.h"
#include "core/store/sqlite_store.h"

namespace heliograph::store {
namespace {

[[noreturn]] void unusable(const std::string& path, const std::string& why) {
  throw StoreUnusable(fmt::format("the database {} cannot be used: {}", path, why));
}

// SQLite takes an empty file for a new database and deletes the log beside it, and with it all that
// was not yet moved into the file. The writer leaves its log behind when it stops, emptied; so a
// log beside an empty file means that the file was cut.
void refuse_lost_file(const std::string& path) {
  std::error_code error;
  const std::string log = path + "-wal";
  const auto log_size = std::filesystem::file_size(log, error);
  if (error) return;
  const auto size = std::filesystem::file_size(path, error);
  if (error && log_size > 0) {
    unusable(path, fmt::format("it is missing, but its log {} is there; bring it back or restore a "
                               "backup, or remove the log to begin anew",
                               log));
  }
  if (!error && size == 0) {
    unusable(path, fmt::format("it is empty, but its log {} is there: it is damaged; restore a "
                               "backup, or remove both to begin anew",
                               log));
  }
}

void create_file(const std::string& path) {
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) unusable(path, std::generic_category().message(errno));
  close(file);
}

std::string sentence(const DatabaseError& error) {
  switch (error.code() & 0xFF) {
    case SQLITE_NOTADB:
      return "the file is not a SQLite database";
    case SQLITE_CORRUPT:
      return fmt::format("it is damaged ({}); restore a backup", error.what());
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
      return fmt::format("it cannot be opened for writing ({})", error.what());
    case SQLITE_FULL:
      return "the disk is full";
    default:
      return error.what();
  }
}

std::int64_t read_flag(Connection& connection, const char* name, std::int64_t missing) {
  Statement statement(connection, "SELECT value FROM meta WHERE name = ?1");
  Rows rows = statement.query(name);
  return rows.next() ? rows.get<std::int64_t>() : missing;
}

void write_flag(Connection& connection, const char* name, std::int64_t value) {
  Statement statement(connection, "INSERT OR REPLACE INTO meta (name, value) VALUES (?1, ?2)");
  statement.run(name, value);
}

// False: the time was not enough.
bool require_health(Connection& connection, std::chrono::milliseconds time_max) {
  std::vector<std::string> problems;
  try {
    const ReadDeadline deadline(connection, time_max);
    problems = check_structure(connection, true);
  } catch (const DatabaseError& error) {
    if (error.code() != SQLITE_INTERRUPT) throw;
    return false;
  }
  if (problems.empty()) return true;
  throw StoreUnusable(fmt::format("it is damaged ({}); restore a backup", problems.front()));
}

OpenedDatabase prepare(std::unique_ptr<Connection> connection,
                       std::chrono::milliseconds health_check_max) {
  OpenedDatabase opened;
  opened.is_new = migrate(*connection) == 0;
  opened.was_clean = read_flag(*connection, "clean", 1) == 1;
  opened.may_be_sending = !opened.was_clean || read_flag(*connection, "sending", 0) > 0;
  if (!opened.was_clean) opened.check_was_cut = !require_health(*connection, health_check_max);
  write_flag(*connection, "clean", 0);
  opened.connection = std::move(connection);
  return opened;
}

}  // namespace

void throw_unusable(const std::string& path, const DatabaseError& error) {
  if (error.is_io()) {
    throw StoreFailed(
        fmt::format("the database {} could not be read or written: {}", path, error.what()));
  }
  unusable(path, sentence(error));
}

void create_folder(const std::string& path) {
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  std::error_code error;
  if (folder.empty() || std::filesystem::exists(folder, error)) return;
  std::filesystem::create_directories(folder.parent_path(), error);
  if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    unusable(path,
             fmt::format("its folder cannot be made: {}", std::generic_category().message(errno)));
  }
}

OpenedDatabase open_database(const std::string& path, std::chrono::milliseconds health_check_max) {
  refuse_lost_file(path);
  create_file(path);
  try {
    return prepare(std::make_unique<Connection>(path, ConnectionMode::kWriter), health_check_max);
  } catch (const DatabaseError& error) {
    throw_unusable(path, error);
  } catch (const StoreUnusable& error) {
    unusable(path, error.what());
  }
}

OpenedDatabase open_memory_database() {
  return prepare(std::make_unique<Connection>(":memory:", ConnectionMode::kMemory),
                 kHealthCheckMax);
}

void mark_clean(Connection& connection, std::int64_t sending) {
  connection.exec("BEGIN IMMEDIATE");
  write_flag(connection, "sending", sending);
  write_flag(connection, "clean", 1);
  connection.exec("COMMIT");
}

}  // namespace heliograph::store
