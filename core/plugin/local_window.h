// LocalWindow: what the host itself grants while the limiter's backend fails and the operator said
// on_failure = "local_share": this instance's share of each limit, exact, never more.
//
// Grants of the plugin are recorded too, so that a change-over in the middle of a window admits no
// burst: for as long as what was granted here may count elsewhere, the share binds those too. Time
// is cut into 128 slices a window and a slice expires by its latest grant: the count errs on the
// safe side by less than 1 %, in bounded memory. [loop]
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "core/ports/limiter.h"

namespace heliograph::plugin {

class LocalWindow {
 public:
  // Of each limit this instance has 1 / `instances`, rounded down: where that is nothing, nothing
  // is granted. Of a token bucket at least one unit at a time, at that part of its rate.
  LocalWindow(std::span<const ports::LimitRule> rules, std::uint32_t instances);

  // All keys or none; grants 0 when fewer than `min_items` fit.
  ports::LimitAnswer acquire(std::span<const ports::LimitKey> keys, std::uint32_t min_items,
                             std::uint32_t max_items, ports::MonoTime now);
  // What acquire() would answer; takes nothing.
  ports::LimitAnswer judge(std::span<const ports::LimitKey> keys, std::uint32_t min_items,
                           std::uint32_t max_items, ports::MonoTime now);
  // What somebody else granted.
  void record(std::span<const ports::LimitKey> keys, std::uint32_t items, ports::MonoTime now);
  // May units that acquire() granted still count against one of these keys, unknown to the backend?
  bool binds(std::span<const ports::LimitKey> keys, ports::MonoTime now) const;
  // Goes on with what another one counted: `places` says where each of its rules is here.
  void take_over(const LocalWindow& before, std::span<const std::optional<std::uint32_t>> places);
  // From `now` for one window of each rule that has counts: they may be unknown to the backend.
  void bind(ports::MonoTime now);
  bool succeeds(std::span<const ports::LimitKey> keys, ports::MonoTime now) const;
  // Takes units back from the oldest grants: whichever they were of, what is left never counts for
  // less than it should.
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
    ports::MonoTime binds_until{};
    ports::MonoTime succeeds_until{};
    std::deque<Slice> slices;

    void expire(ports::MonoTime now);
    void add(std::uint64_t units, ports::MonoTime now);
    // How long until `units` fit.
    std::chrono::nanoseconds wait(std::uint64_t units, ports::MonoTime now) const;
  };
  std::vector<Window> windows_;
};

}  // namespace heliograph::plugin
