// Schedule: the virtual clock of a fake host and what is to happen on it.
//
// Posted work and timers are one queue, ordered by time and then by the order of arrival, so a test
// runs the same way each time. at() and cancel() may be called from any thread, the rest by the
// test's own.
#pragma once

#include <heliograph/abi/abi.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <utility>

namespace heliograph::sdk::testing {

class Schedule {
 public:
  // Not 0 at the start, because 0 stands for "no deadline".
  static constexpr std::uint64_t kStartNs = 1'000'000'000'000;

  std::uint64_t now_ns() const { return now_ns_.load(); }

  // Runs `work` at `when_ns`, at once if that is past. Returns the id for cancel().
  hg_id at(std::uint64_t when_ns, std::function<void()> work);
  // False when it has run, is running or never was.
  bool cancel(hg_id id);
  // Drops everything.
  void clear();

  // Moves the clock to the next thing due until `until_ns` and does it; false when there is none.
  bool run_next(std::uint64_t until_ns);
  void move_to(std::uint64_t now_ns) { now_ns_ = now_ns; }

 private:
  using Key = std::pair<std::uint64_t, hg_id>;  // when, id: ids grow with arrival

  std::mutex mutex_;
  std::atomic<std::uint64_t> now_ns_ = kStartNs;
  hg_id last_id_ = 0;
  std::map<Key, std::function<void()>> due_;
};

}  // namespace heliograph::sdk::testing
