#include "core/store/sqlite/lock_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "core/base/text.h"
#include "core/store/sqlite_store.h"

namespace heliograph::store {
namespace {

std::string owner_text(int file) {
  std::array<char, 32> text{};
  const ssize_t size = pread(file, text.data(), text.size(), 0);
  if (size <= 0) return "another process";
  const std::string_view line(text.data(), static_cast<std::size_t>(size));
  const auto pid = base::parse_uint(line.substr(0, line.find('\n')));
  return pid ? fmt::format("process {}", *pid) : "another process";
}

std::string reason(int error) { return std::generic_category().message(error); }

}  // namespace

LockFile::LockFile(const std::string& path) {
  file_ = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file_ < 0) {
    throw StoreUnusable(fmt::format("the lock file {} cannot be opened: {}", path, reason(errno)));
  }
  if (flock(file_, LOCK_EX | LOCK_NB) == 0) {
    const std::string pid = fmt::format("{}\n", getpid());
    // Only for the message above; the lock does not depend on it.
    const bool noted = ftruncate(file_, 0) == 0 && pwrite(file_, pid.data(), pid.size(), 0) > 0;
    static_cast<void>(noted);
    return;
  }
  const int error = errno;
  const std::string owner = owner_text(file_);
  close(file_);
  file_ = -1;
  if (error == EWOULDBLOCK) {
    throw StoreLocked(fmt::format("the database is in use by {} (it holds {})", owner, path));
  }
  throw StoreUnusable(fmt::format("{} cannot be locked: {}", path, reason(error)));
}

// Closing gives the lock back.
LockFile::~LockFile() {
  if (file_ >= 0) close(file_);
}

}  // namespace heliograph::store
