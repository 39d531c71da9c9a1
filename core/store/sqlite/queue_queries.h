// QueueQueries: the scheduler's view - pages of one queue, the heads of all queues, and what a
// crash left in the middle. On any connection, one thread at a time.
#pragma once

#include <span>
#include <vector>

#include "core/ports/store_queries.h"
#include "core/ports/store_types.h"
#include "core/store/sqlite/queue_walk.h"
#include "core/store/sqlite/statement.h"

namespace heliograph::store {

class Connection;

class QueueQueries {
 public:
  explicit QueueQueries(Connection& connection);

  ports::Page page(const ports::PageRequest& request);
  // One seek for each queue, however long the queues are.
  std::vector<ports::QueueHead> heads();

  // Bounded: see ports::LaneDepth.
  ports::LaneDepths lanes(model::TimePoint now);

  struct LiveCount {
    std::uint64_t waiting = 0;
    std::vector<std::int64_t> sending_rows;
  };
  // `may_be_sending`: false counts the index alone, true looks at every live message.
  LiveCount count_live(bool may_be_sending);
  std::vector<model::WorkItem> sending_items(std::span<const std::int64_t> rows);

 private:
  static bool fill(Rows& rows, const ports::PageRequest& request, ports::Page& page);
  std::optional<model::TimePoint> first_waiting(const ports::QueueKey& key);

  Connection& connection_;
  QueueWalk walk_;
  Statement page_same_due_;
  Statement page_later_due_;
  Statement first_waiting_;
  Statement count_lane_;
  Statement find_sending_;
  Statement read_sending_;
};

}  // namespace heliograph::store
