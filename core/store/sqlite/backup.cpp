#include "core/store/sqlite/backup.h"

#include <SQLiteCpp/Backup.h>
#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Exception.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <stdexcept>
#include <system_error>

#include "core/store/sqlite/connection.h"
#include "core/store/sqlite/disk_guard.h"
#include "core/store/sqlite/read_transaction.h"

namespace heliograph::store {
namespace {

constexpr int kPiecePages = 4096;  // of 4 KiB

[[noreturn]] void refuse(const std::string& target, const std::string& why) {
  throw std::runtime_error(fmt::format("no backup to {}: {}", target, why));
}

std::string folder_of(const std::string& path) {
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  return folder.empty() ? "." : folder.string();
}

// Twice the size: the copy, and as much again that the gateway beside it may need.
void require_space(Connection& source, const std::string& target) {
  const std::int64_t size =
      source.query_integer("PRAGMA page_count") * source.query_integer("PRAGMA page_size");
  const auto free = free_bytes(folder_of(target));
  if (!free) refuse(target, "its folder cannot be read");
  const std::uint64_t needed = 2 * static_cast<std::uint64_t>(size);
  if (*free < needed) {
    refuse(target, fmt::format("{} bytes must be free there, {} are", needed, *free));
  }
}

// Made here, so that nobody else's file is overwritten and nobody else may read it.
void create_file(const std::string& target) {
  const int file = open(target.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
  if (file < 0) {
    if (errno == EEXIST) refuse(target, "it exists already");
    refuse(target, std::generic_category().message(errno));
  }
  close(file);
}

void sync_folder(const std::string& target) {
  const int folder = open(folder_of(target).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return;
  fsync(folder);
  close(folder);
}

void copy_pages(Connection& source, const std::string& target, const std::function<bool()>& go_on) {
  SQLite::Database copy(target, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX);
  SQLite::Backup backup(copy, source.database());
  // Held open: between transactions a copy in pieces begins anew whenever the writer commits.
  const ReadTransaction one_moment(source);
  source.query_integer("SELECT count(*) FROM sqlite_schema");
  int step = backup.executeStep(kPiecePages);
  while (step == SQLITE_OK) {
    if (!go_on()) throw std::runtime_error("the gateway is stopping");
    step = backup.executeStep(kPiecePages);
  }
  if (step != SQLITE_DONE) throw std::runtime_error("the database is busy");
}

}  // namespace

void copy_database(Connection& source, const std::string& target,
                   const std::function<bool()>& go_on) {
  require_space(source, target);
  create_file(target);
  try {
    copy_pages(source, target, go_on);
  } catch (const std::exception& error) {
    for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
      unlink((target + suffix).c_str());
    }
    refuse(target, error.what());
  }
  sync_folder(target);
}

}  // namespace heliograph::store
