// QueueWalk: from one queue of live messages to the next, with a seek or three each, however long
// the queues are.
//
// Not by `(lane, client, class) > (?, ?, ?)`: SQLite begins such a range at the equal rows and
// leaves them out one by one, a whole queue of them. One thread at a time.
#pragma once

#include <optional>

#include "core/ports/store_types.h"
#include "core/store/sqlite/statement.h"

namespace heliograph::store {

class Connection;

class QueueWalk {
 public:
  explicit QueueWalk(Connection& connection);

  // The first queue behind `after`; nullopt for `after`: the first of all.
  std::optional<ports::QueueKey> next(const std::optional<ports::QueueKey>& after);

 private:
  Statement first_;
  Statement next_class_;
  Statement next_client_;
  Statement next_lane_;
};

}  // namespace heliograph::store
