// LocalWindow: what the host itself grants while the limiter's backend fails and the operator said
// on_failure = "local_share": this instance's share of each limit, exact, never more.
//
// Grants of the plugin are recorded too, so that a change-over in the middle of a window admits no
// burst. Time is cut into 128 slices a window and a slice expires by its latest grant: the count
// errs on the safe side by less than 1 %, in bounded memory. [loop]
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "core/ports/limiter.h"

namespace heliograph::plugin {

class LocalWindow {
 public:
  // `share`: this instance's part of each limit, in (0, 1]; at least one unit remains.
  LocalWindow(std::span<const ports::LimitRule> rules, double share);

  // All keys or none; grants 0 when fewer than `min_items` fit.
  ports::LimitAnswer acquire(std::span<const ports::LimitKey> keys, std::uint32_t min_items,
                             std::uint32_t max_items, ports::MonoTime now);
  // What somebody else granted.
  void record(std::span<const ports::LimitKey> keys, std::uint32_t items, ports::MonoTime now);
  // Takes units back from the latest grants.
  void give_back(std::span<const ports::LimitKey> keys, std::uint32_t items);

 private:
  struct Slice {
    ports::MonoTime begun;
    ports::MonoTime latest;
    std::uint64_t units;
  };
  struct Window {
    std::chrono::nanoseconds length{};
    std::uint64_t limit = 0;
    std::uint64_t used = 0;
    std::deque<Slice> slices;

    void expire(ports::MonoTime now);
    void add(std::uint64_t units, ports::MonoTime now);
    // How long until `units` fit.
    std::chrono::nanoseconds wait(std::uint64_t units, ports::MonoTime now) const;
  };
  std::vector<Window> windows_;
};

}  // namespace heliograph::plugin
