// How one dispatcher takes over from another: what the old one tells its heir.
#include <utility>

#include "core/base/assert.h"
#include "core/pipeline/dispatcher.h"

namespace heliograph::pipeline {

void Dispatcher::retire(Heir& heir, base::Task done) {
  HG_ASSERT(!draining_ && heir_ == nullptr);
  draining_ = true;
  heir_ = &heir;
  drained_ = std::move(done);
  for (std::size_t i = 0; i < board_.size(); ++i)
    for (Job* job : parking_.at(i)) unpark(*job);
  // The heir has read where messages wait; an attempt that ended since then told this one alone. So
  // every queue that is known here is looked at once more: an empty page costs little.
  for (const ports::QueueKey& key : scheduler_.keys())
    heir.note_waiting(key, {model::TimePoint::min(), 0});
  runner_.retire();
  ports_.loop.post(alive_.guard([this] { check_drained(); }));
}

// A later state that was read meanwhile waits where that says.
void Dispatcher::hand_on(Job& job, const std::optional<Scheduler::Waits>& waits) {
  if (waits) heir_->note_waiting(waits->key, waits->position);
  if (job.newer) {
    const model::WorkItem& newer = *job.newer;
    heir_->note_waiting({newer.lane, newer.client, newer.dispatch_class},
                        {newer.due, newer.id.row()});
  }
  scheduler_.leave(job, std::nullopt, ports_.clock.wall());
  publish();
  check_drained();
}

void Dispatcher::on_slot_freed(const ports::Provider* instance) {
  for (std::size_t i = 0; i < board_.size(); ++i) {
    ProviderEntry& entry = board_[i];
    if (entry.handle != instance || instance == nullptr) continue;
    if (entry.inherited > 0) {
      --entry.inherited;
      --entry.in_flight;
    }
    if (entry.slot_free()) entry.clogged = false;
    watcher_.on_slot_free(i);
  }
  if (heir_ != nullptr) return heir_->on_slot_freed(instance);
  ask_pump();
}

}  // namespace heliograph::pipeline
