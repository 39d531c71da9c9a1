#include "core/plugin/timer_table.h"

#include "core/plugin/abi_text.h"
#include "core/plugin/instance.h"

namespace heliograph::plugin {
namespace {

constexpr std::size_t kTimersMax = 100'000;  // of one instance

}  // namespace

hg_status TimerTable::start(std::uint64_t at_mono_ns, hg_fn fn, void* arg, std::uint64_t tag,
                            hg_id* id, bool on_loop) {
  if (fn == nullptr) return HG_E_CONFIG;
  if (!instance_.takes_callbacks()) return HG_E_STATE;
  if (timers_.size() >= kTimersMax) return HG_E_BUSY;
  const auto mine = ++last_id_;
  timers_.emplace(mine, Timer{fn, arg, tag, std::nullopt});
  if (id != nullptr) *id = mine;
  if (on_loop) {
    arm(mine, at_mono_ns);
  } else {
    instance_.post_on_strand("timer_start", [this, mine, at_mono_ns] { arm(mine, at_mono_ns); });
  }
  return HG_OK;
}

// [loop], on the strand
void TimerTable::arm(hg_id id, std::uint64_t at_mono_ns) {
  const auto timer = timers_.find(id);
  if (timer == timers_.end()) return;  // cancelled before it was armed
  timer->second.loop_timer = instance_.services().loop.run_at(
      from_ns(at_mono_ns), [this, id, alive = instance_.weak_from_this()] {
        if (const auto instance = alive.lock()) {
          instance->on_strand("timer", [this, id] { fire(id); });
        }
      });
}

void TimerTable::fire(hg_id id) {
  const auto timer = timers_.find(id);
  if (timer == timers_.end()) return;
  const auto due = timer->second;
  timers_.erase(timer);
  due.fn(due.arg, due.tag);
}

hg_status TimerTable::cancel(hg_id id, bool on_loop) {
  const auto timer = timers_.find(id);
  if (timer == timers_.end()) return HG_E_STALE;
  // From another thread the loop's timer is left to ring for nothing.
  if (on_loop && timer->second.loop_timer) {
    instance_.services().loop.cancel(*timer->second.loop_timer);
  }
  timers_.erase(timer);
  return HG_OK;
}

}  // namespace heliograph::plugin
