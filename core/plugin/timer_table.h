// TimerTable: the one-shot timers of one instance. Everything on the instance's strand.
#pragma once

#include <heliograph/abi/host.h>

#include <cstdint>
#include <optional>
#include <unordered_map>

#include "core/ports/executor.h"

namespace heliograph::plugin {

class Instance;

class TimerTable {
 public:
  explicit TimerTable(Instance& instance) : instance_(instance) {}
  // `on_loop`: the caller is on the loop's thread, where timers are set; else that is posted.
  hg_status start(std::uint64_t at_mono_ns, hg_fn fn, void* arg, std::uint64_t tag, hg_id* id,
                  bool on_loop);
  hg_status cancel(hg_id id, bool on_loop);
  void drop_all() { timers_.clear(); }

 private:
  struct Timer {
    hg_fn fn;
    void* arg;
    std::uint64_t tag;
    std::optional<ports::TimerId> loop_timer;
  };
  void arm(hg_id id, std::uint64_t at_mono_ns);
  void fire(hg_id id);

  Instance& instance_;
  std::unordered_map<hg_id, Timer> timers_;
  hg_id last_id_ = 0;
};

}  // namespace heliograph::plugin
