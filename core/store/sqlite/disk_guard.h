// DiskGuard: whether there is room to take new messages in.
//
// Accepts stop while the file system has less than `min_free` bytes, so that the results of what
// was accepted still fit; they go on by themselves. One thread, but is_full() is for any.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "core/ports/clock.h"

namespace heliograph::store {

// Bytes free for us on the file system of `path`; nullopt when it cannot be told.
std::optional<std::uint64_t> free_bytes(const std::string& path);

class DiskGuard {
 public:
  using Probe = std::function<std::optional<std::uint64_t>()>;
  // An empty `probe` means there is always room (a database in memory).
  DiskGuard(Probe probe, std::uint64_t min_free, ports::Clock& clock);

  // Looks again when the last look is old enough. True: full.
  bool check();
  // SQLite found no room, whatever the file system says: full for a while.
  void on_write_failed();
  // Full by the last look, and not so, with half of the reserve to spare, were `more` bytes free.
  bool would_have_room_with(std::uint64_t more) const;
  void look_again() { next_look_ = {}; }  // whatever the age of the last look
  bool is_full() const { return full_.load(std::memory_order_relaxed); }

 private:
  Probe probe_;
  std::uint64_t min_free_;
  ports::Clock& clock_;
  ports::MonoTime next_look_{};
  std::optional<std::uint64_t> free_;  // as last looked
  std::atomic<bool> full_{false};
};

}  // namespace heliograph::store
