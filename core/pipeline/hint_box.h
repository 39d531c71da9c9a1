// Hint box: carries news of waiting messages from the store's writer to the dispatch loop without
// ever making the writer wait.
//
// At most `capacity` messages lie in the box; of what comes when it is full only the place is kept,
// one per queue, and the scheduler reads the messages from the store when their turn comes. So a
// flood costs reads, never memory. Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "core/model/message.h"
#include "core/ports/store_types.h"

namespace heliograph::pipeline {

class HintBox {
 public:
  explicit HintBox(std::size_t capacity) : capacity_(capacity) {}

  // [writer thread] True: the box was empty, somebody must wake the reader.
  bool put(std::vector<model::WorkItem> items);

  struct Hints {
    std::vector<model::WorkItem> items;
    // Queues with dropped messages and the lowest position of theirs.
    std::map<ports::QueueKey, ports::QueuePosition> dropped;
  };
  Hints take();  // [loop] everything; the box is empty afterwards

  std::uint64_t batches_dropped() const;

 private:
  void drop(const model::WorkItem& item);

  const std::size_t capacity_;
  mutable std::mutex mutex_;
  Hints hints_;
  std::uint64_t batches_dropped_ = 0;
};

}  // namespace heliograph::pipeline
