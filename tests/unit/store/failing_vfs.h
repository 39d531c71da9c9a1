// FailingVfs: SQLite's way to the disk, with a fault in it on demand. Only while one exists are its
// faults in the way; databases opened meanwhile go through it.
#pragma once

#include <atomic>

namespace heliograph::store {

class FailingVfs {
 public:
  FailingVfs();   // becomes the default
  ~FailingVfs();  // all databases opened meanwhile are closed
  FailingVfs(const FailingVfs&) = delete;
  FailingVfs& operator=(const FailingVfs&) = delete;

  // From now on every sync of a log fails, as a dying disk makes it.
  static std::atomic<bool> fail_sync;
  // From now on every write finds the disk full.
  static std::atomic<bool> disk_full;
  // From now on every page read has other bytes than were written.
  static std::atomic<bool> damage_reads;
  // Syncs and writes asked for, of any file.
  static std::atomic<int> syncs;
  static std::atomic<int> writes;
};

}  // namespace heliograph::store
