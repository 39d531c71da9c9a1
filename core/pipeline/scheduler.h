// Scheduler: which waiting messages are in memory, and which of them is next.
//
// The store holds all of them; memory holds at most `window`. Messages enter by hints of the store
// (just accepted) when nothing earlier of their queue is unread, else by pages that are asked for
// when a queue has something due, a provider that could take it, and room. A message whose
// providers are all unavailable stays in the store. Nobody keeps the others out: a client that has
// half of the window leaves a quarter of it free, a class an eighth, and what is merely waiting is
// dropped again (the store still has it) when others need the room.
//
// A pure data structure: it asks for nothing itself, pages() says what to read. Deterministic.
// [loop]
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

#include "core/pipeline/dispatch_classes.h"
#include "core/pipeline/job.h"
#include "core/pipeline/ready_lines.h"
#include "core/pipeline/waiting_queue.h"
#include "core/ports/store_types.h"

namespace heliograph::pipeline {

class Scheduler {
 public:
  // `classes` outlives it; a class it does not know is learned from the message.
  Scheduler(std::size_t window, DispatchClasses& classes);

  // ---- what the store tells ----
  // A message that waits, with its content: taken into memory, or remembered.
  void offer(model::WorkItem item, model::TimePoint now);
  // A message that waits, without its content: it will be read when it is due.
  void note_waiting(const ports::QueueKey& key, ports::QueuePosition position,
                    model::TimePoint now);
  // What to read now. Each request is answered by on_page().
  std::vector<ports::PageRequest> pages(ProviderMask available, model::TimePoint now);
  // Returns messages of the page whose validity is over; they do not enter.
  std::vector<model::MessageId> on_page(const ports::QueueKey& key, ports::Page page,
                                        model::TimePoint now);
  // When pages() will next have something by time alone; kNever: only after an event.
  model::TimePoint next_due(ProviderMask available, model::TimePoint now) const;

  // ---- dispatch ----
  // The next message, stage kTaken; nullptr: none may be served.
  Job* next(const Servable& servable);
  void put_back(Job& job);  // first in its queue again
  // It leaves memory. `waits`: where it waits in the store, when it does.
  struct Waits {
    ports::QueueKey key;
    ports::QueuePosition position;
  };
  void leave(Job& job, const std::optional<Waits>& waits, model::TimePoint now);

  std::size_t in_memory() const { return jobs_.size(); }
  std::size_t queues() const { return queues_.size(); }
  std::vector<ports::QueueKey> keys() const;  // of all of them
  Job* find(model::MessageId id) const;
  // Takes ready messages whose validity is over out of their queues, stage kExpiring: those of a
  // class that nobody serves would else stay for good.
  std::vector<model::MessageId> take_expired(model::TimePoint now);
  // Drops queues that have had nothing to do for `idle`; their number would else only grow.
  void forget_idle(model::TimePoint now, std::chrono::milliseconds idle);

 private:
  struct Due {
    model::TimePoint at;
    std::uint64_t number;
    WaitingQueue* queue;
    auto operator<=>(const Due& other) const {
      return std::tie(at, number) <=> std::tie(other.at, other.number);
    }
    bool operator==(const Due& other) const { return at == other.at && number == other.number; }
  };
  using DueIndex = std::set<Due>;

  WaitingQueue& queue_of(const ports::QueueKey& key, const model::WorkItem* item,
                         model::TimePoint now);
  void admit(WaitingQueue& queue, model::WorkItem item, model::TimePoint now);
  void enter(WaitingQueue& queue, model::WorkItem item);
  bool known(const model::WorkItem& item);
  void note(WaitingQueue& queue, ports::QueuePosition position);
  std::size_t room(const WaitingQueue& queue) const;
  std::size_t page_size() const;
  bool make_room(ProviderMask available, model::TimePoint now);
  void shed(WaitingQueue& queue, std::size_t keep, std::vector<Job*>& dropped);
  void forget(Job& job);
  void index(WaitingQueue& queue);

  const std::size_t window_;
  DispatchClasses& classes_;
  std::unordered_map<std::int64_t, std::unique_ptr<Job>> jobs_;  // by row
  std::map<ports::QueueKey, std::unique_ptr<WaitingQueue>> queues_;
  std::uint64_t queues_made_ = 0;
  ReadyLines lines_;
  // By class, so that a class without an available provider costs nothing.
  std::map<model::ClassId, DueIndex> due_;
  std::map<model::ClassId, std::size_t> held_by_class_;
  std::map<model::ClientId, std::size_t> held_by_client_;
  std::size_t reserved_ = 0;  // room promised to pages under way
  std::size_t pages_under_way_ = 0;
  model::TimePoint shed_tried_at_ = model::TimePoint::min();
};

}  // namespace heliograph::pipeline
