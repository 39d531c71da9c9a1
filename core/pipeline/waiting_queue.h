// Waiting queue: what the scheduler knows of one stream of waiting messages (lane, client, class).
//
// The store holds the messages in the order of (due, row); memory holds a piece of them. Invariant:
// every waiting message at or before `cursor` is in memory; of those behind it the earliest due is
// `next_due` (kNever: there is none). Whatever becomes waiting before the cursor moves the cursor
// back; reading a message twice is harmless, it is recognised by its id.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "core/pipeline/dispatch_classes.h"
#include "core/pipeline/job.h"
#include "core/ports/store_types.h"

namespace heliograph::pipeline {

struct LaneClient;

struct WaitingQueue {
  ports::QueueKey key;
  const ClassInfo* info = nullptr;
  std::uint64_t number = 0;  // in the order of making: breaks ties the same way in every run

  ports::QueuePosition cursor{model::TimePoint::min(), 0};
  model::TimePoint next_due = model::kNever;

  std::deque<Job*> ready;
  std::size_t held = 0;  // messages in memory, in whatever stage
  LaneClient* client = nullptr;
  bool lined_up = false;  // in its client's line

  bool paging = false;  // a page has been asked for
  std::size_t page_limit = 0;
  // What was heard while a page was under way: it may or may not be in the page.
  std::vector<model::WorkItem> heard;
  std::optional<ports::QueuePosition> lowest_heard;

  std::optional<model::TimePoint> indexed_at;  // its entry in the index of due queues
  model::TimePoint touched_at{};
};

// Just before a position, so that reading behind it begins with the message there.
inline ports::QueuePosition just_before(ports::QueuePosition position) {
  return {position.due, position.row - 1};
}

}  // namespace heliograph::pipeline
