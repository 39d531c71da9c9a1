#include "core/store/sqlite/disk_guard.h"

#include <sys/statvfs.h>

#include <chrono>
#include <utility>

namespace heliograph::store {
namespace {

// statvfs costs about a microsecond; at 100 MB/s this is half a megabyte of the reserve.
constexpr std::chrono::milliseconds kLookEvery{5};
// After a failed write, before the next accept may try again.
constexpr std::chrono::seconds kFullFor{1};

}  // namespace

std::optional<std::uint64_t> free_bytes(const std::string& path) {
  struct statvfs info{};
  if (statvfs(path.c_str(), &info) != 0) return std::nullopt;
  return static_cast<std::uint64_t>(info.f_bavail) * info.f_frsize;
}

DiskGuard::DiskGuard(Probe probe, std::uint64_t min_free, ports::Clock& clock)
    : probe_(std::move(probe)), min_free_(min_free), clock_(clock) {}

bool DiskGuard::check() {
  const ports::MonoTime now = clock_.mono();
  if (now < next_look_) return is_full();
  next_look_ = now + kLookEvery;
  bool full = false;
  if (probe_) {
    free_ = probe_();
    full = free_ && *free_ < min_free_;
  }
  full_.store(full, std::memory_order_relaxed);
  return full;
}

bool DiskGuard::would_have_room_with(std::uint64_t more) const {
  return is_full() && free_ && *free_ < min_free_ && *free_ + more >= min_free_ + min_free_ / 2;
}

void DiskGuard::on_write_failed() {
  full_.store(true, std::memory_order_relaxed);
  next_look_ = clock_.mono() + kFullFor;
}

}  // namespace heliograph::store
