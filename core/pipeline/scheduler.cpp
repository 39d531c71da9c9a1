#include "core/pipeline/scheduler.h"

#include <algorithm>
#include <utility>

#include "core/base/assert.h"

namespace heliograph::pipeline {

namespace {

// Messages of one page at most: large enough that reading is cheap, small enough that it does not
// hold up the readers.
constexpr std::size_t kPageMax = 512;
constexpr std::size_t kPageMin = 8;
constexpr std::size_t kPagesUnderWayMax = 16;
// Messages heard during one page that are kept with their content; the rest is read again.
constexpr std::size_t kHeardMax = 256;
// A page that should have had something but was empty is asked for again after this.
constexpr std::chrono::milliseconds kEmptyPagePause{10};

}  // namespace

Scheduler::Scheduler(std::size_t window, DispatchClasses& classes)
    : window_(std::max<std::size_t>(4, window)), classes_(classes) {}

std::vector<ports::QueueKey> Scheduler::keys() const {
  std::vector<ports::QueueKey> keys;
  for (const auto& [key, queue] : queues_) keys.push_back(key);
  return keys;
}

Job* Scheduler::find(model::MessageId id) const {
  const auto found = jobs_.find(id.row());
  return found == jobs_.end() ? nullptr : found->second.get();
}

WaitingQueue& Scheduler::queue_of(const ports::QueueKey& key, const model::WorkItem* item,
                                  model::TimePoint now) {
  auto& slot = queues_[key];
  if (!slot) {
    slot = std::make_unique<WaitingQueue>();
    slot->key = key;
    slot->number = ++queues_made_;
    slot->info = classes_.find(key.dispatch_class);
    if (slot->info == nullptr) {
      ports::DispatchClass learned{key.dispatch_class, {}, {}};
      if (item != nullptr) learned = {key.dispatch_class, item->channel, item->pinned};
      slot->info = &classes_.add(learned);
    }
    lines_.adopt(*slot);
  }
  slot->touched_at = now;
  return *slot;
}

// ---- what the store tells ----

void Scheduler::offer(model::WorkItem item, model::TimePoint now) {
  const ports::QueueKey key{item.lane, item.client, item.dispatch_class};
  WaitingQueue& queue = queue_of(key, &item, now);
  if (!queue.paging) return admit(queue, std::move(item), now);
  if (queue.heard.size() < kHeardMax) {
    queue.heard.push_back(std::move(item));
  } else {
    note(queue, {item.due, item.id.row()});
  }
}

// True when the message is in memory already; a later state of it is kept for when the attempt
// with the older one has turned out to be void.
bool Scheduler::known(const model::WorkItem& item) {
  Job* job = find(item.id);
  if (job == nullptr) return false;
  if (is_newer(item, job->newer ? *job->newer : job->item)) job->newer = item;
  return true;
}

void Scheduler::admit(WaitingQueue& queue, model::WorkItem item, model::TimePoint now) {
  if (known(item)) return;
  const ports::QueuePosition position{item.due, item.id.row()};
  const bool next_in_order = position > queue.cursor && item.due < queue.next_due;
  if (item.due <= now && item.expires_at > now && next_in_order && room(queue) > 0) {
    enter(queue, std::move(item));
    queue.cursor = position;
  } else {
    note(queue, position);
  }
}

void Scheduler::enter(WaitingQueue& queue, model::WorkItem item) {
  auto job = std::make_unique<Job>();
  job->item = std::move(item);
  job->queue = &queue;
  queue.ready.push_back(job.get());
  lines_.line_up(queue);
  ++queue.held;
  ++held_by_class_[queue.key.dispatch_class];
  ++held_by_client_[queue.key.client];
  jobs_.emplace(job->item.id.row(), std::move(job));
}

void Scheduler::note_waiting(const ports::QueueKey& key, ports::QueuePosition position,
                             model::TimePoint now) {
  note(queue_of(key, nullptr, now), position);
}

void Scheduler::note(WaitingQueue& queue, ports::QueuePosition position) {
  if (queue.paging) {
    if (!queue.lowest_heard || position < *queue.lowest_heard) queue.lowest_heard = position;
    return;
  }
  if (position <= queue.cursor) queue.cursor = just_before(position);
  queue.next_due = std::min(queue.next_due, position.due);
  index(queue);
}

std::vector<model::MessageId> Scheduler::on_page(const ports::QueueKey& key, ports::Page page,
                                                 model::TimePoint now) {
  std::vector<model::MessageId> expired;
  WaitingQueue& queue = queue_of(key, nullptr, now);
  HG_ASSERT(queue.paging);
  queue.paging = false;
  reserved_ -= queue.page_limit;
  --pages_under_way_;
  for (model::WorkItem& item : page.items) {
    queue.cursor = std::max(queue.cursor, ports::QueuePosition{item.due, item.id.row()});
    if (known(item)) continue;
    if (item.expires_at <= now) {
      expired.push_back(item.id);
    } else {
      enter(queue, std::move(item));
    }
  }
  queue.next_due = page.next_due;
  if (page.items.empty() && queue.next_due <= now) queue.next_due = now + kEmptyPagePause;
  if (const auto lowest = std::exchange(queue.lowest_heard, std::nullopt)) note(queue, *lowest);
  for (model::WorkItem& item : std::exchange(queue.heard, {})) admit(queue, std::move(item), now);
  index(queue);
  return expired;
}

// ---- room ----

std::size_t Scheduler::room(const WaitingQueue& queue) const {
  const auto held = [](const auto& map, auto key) {
    const auto found = map.find(key);
    return found == map.end() ? std::size_t{0} : found->second;
  };
  const std::size_t used = jobs_.size() + reserved_;
  const std::size_t free = window_ > used ? window_ - used : 0;
  std::size_t kept_free = 0;
  if (held(held_by_class_, queue.key.dispatch_class) > window_ / 2) kept_free = window_ / 8;
  if (held(held_by_client_, queue.key.client) > window_ / 2) kept_free = window_ / 4;
  return free > kept_free ? free - kept_free : 0;
}

// With many queues each gets a smaller piece of the window.
std::size_t Scheduler::page_size() const {
  return std::clamp(window_ / (2 * std::max<std::size_t>(1, queues_.size())), kPageMin, kPageMax);
}

bool Scheduler::make_room(ProviderMask available, model::TimePoint now) {
  // At most once a millisecond: it looks at every queue.
  if (now <= shed_tried_at_) return false;
  shed_tried_at_ = now;
  std::vector<Job*> dropped;
  for (auto& [key, queue] : queues_) {
    if ((queue->info->providers & available) == 0) shed(*queue, 0, dropped);
    if (queue->held > window_ / 2) shed(*queue, window_ / 2, dropped);
  }
  // Afterwards, because it may make another queue: that of a later state.
  for (Job* job : dropped) leave(*job, Waits{job->queue->key, job->position()}, now);
  return !dropped.empty();
}

// Takes ready messages out of a queue, the latest first, until it holds `keep`.
void Scheduler::shed(WaitingQueue& queue, std::size_t keep, std::vector<Job*>& dropped) {
  const std::size_t excess = queue.held > keep ? queue.held - keep : 0;
  for (std::size_t left = std::min(excess, queue.ready.size()); left > 0; --left) {
    dropped.push_back(queue.ready.back());
    queue.ready.pop_back();
  }
}

void Scheduler::forget(Job& job) {
  WaitingQueue& queue = *job.queue;
  --queue.held;
  if (--held_by_class_[queue.key.dispatch_class] == 0)
    held_by_class_.erase(queue.key.dispatch_class);
  if (--held_by_client_[queue.key.client] == 0) held_by_client_.erase(queue.key.client);
  jobs_.erase(job.item.id.row());
}

// ---- paging ----

// Keeps the queue's entry in the index of due queues: there while it has something unread and fewer
// ready messages than half a page.
void Scheduler::index(WaitingQueue& queue) {
  const bool wants = queue.next_due != model::kNever && !queue.paging &&
                     queue.ready.size() < std::max<std::size_t>(1, page_size() / 2);
  if (wants && queue.indexed_at == queue.next_due) return;
  if (queue.indexed_at) {
    due_[queue.key.dispatch_class].erase({*queue.indexed_at, queue.number, &queue});
    queue.indexed_at.reset();
  }
  if (!wants) return;
  due_[queue.key.dispatch_class].insert({queue.next_due, queue.number, &queue});
  queue.indexed_at = queue.next_due;
}

std::vector<ports::PageRequest> Scheduler::pages(ProviderMask available, model::TimePoint now) {
  std::vector<WaitingQueue*> due;
  for (const auto& [id, queues] : due_) {
    if (queues.empty() || (queues.begin()->queue->info->providers & available) == 0) continue;
    // As many of each class: one whose queues find no room must not hide the others.
    std::size_t of_class = 0;
    for (const Due& entry : queues) {
      if (entry.at > now || of_class++ >= kPagesUnderWayMax) break;
      due.push_back(entry.queue);
    }
  }
  std::ranges::sort(
      due, {}, [](const WaitingQueue* queue) { return std::pair(queue->next_due, queue->number); });
  std::vector<ports::PageRequest> requests;
  for (WaitingQueue* queue : due) {
    if (pages_under_way_ >= kPagesUnderWayMax) break;
    std::size_t limit = std::min(page_size(), room(*queue));
    if (limit == 0 && make_room(available, now)) limit = std::min(page_size(), room(*queue));
    if (limit == 0) continue;
    queue->paging = true;
    queue->page_limit = limit;
    queue->touched_at = now;
    reserved_ += limit;
    ++pages_under_way_;
    index(*queue);
    requests.push_back({queue->key, queue->cursor, now, limit});
  }
  return requests;
}

model::TimePoint Scheduler::next_due(ProviderMask available, model::TimePoint now) const {
  model::TimePoint earliest = model::kNever;
  for (const auto& [id, queues] : due_) {
    if (queues.empty() || (queues.begin()->queue->info->providers & available) == 0) continue;
    const auto later = queues.upper_bound({now, ~std::uint64_t{0}, nullptr});
    if (later != queues.end()) earliest = std::min(earliest, later->at);
  }
  return earliest;
}

// ---- dispatch ----

Job* Scheduler::next(const Servable& servable) {
  Job* job = lines_.next(servable);
  if (job == nullptr) return nullptr;
  job->stage = Stage::kTaken;
  index(*job->queue);
  return job;
}

void Scheduler::put_back(Job& job) {
  job.stage = Stage::kReady;
  job.queue->ready.push_front(&job);
  lines_.line_up(*job.queue);
}

void Scheduler::leave(Job& job, const std::optional<Waits>& waits, model::TimePoint now) {
  const std::optional<model::WorkItem> newer = std::move(job.newer);
  forget(job);
  if (waits) note(queue_of(waits->key, nullptr, now), waits->position);
  if (newer) {
    note(queue_of({newer->lane, newer->client, newer->dispatch_class}, &*newer, now),
         {newer->due, newer->id.row()});
  }
}

std::vector<model::MessageId> Scheduler::take_expired(model::TimePoint now) {
  std::vector<model::MessageId> expired;
  for (auto& [key, queue] : queues_) {
    std::erase_if(queue->ready, [&](Job* job) {
      if (job->item.expires_at > now) return false;
      job->stage = Stage::kExpiring;
      expired.push_back(job->item.id);
      return true;
    });
    index(*queue);
  }
  return expired;
}

void Scheduler::forget_idle(model::TimePoint now, std::chrono::milliseconds idle) {
  for (auto it = queues_.begin(); it != queues_.end();) {
    WaitingQueue& queue = *it->second;
    const bool busy = queue.held > 0 || queue.paging || queue.next_due != model::kNever;
    if (busy || queue.touched_at + idle > now) {
      ++it;
      continue;
    }
    lines_.abandon(queue);
    it = queues_.erase(it);
  }
}

}  // namespace heliograph::pipeline
