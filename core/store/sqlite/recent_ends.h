// RecentEnds: what became of messages last, for people who look: kept in memory as the writer
// commits it, since a search for it in the table would have to pass every newer row.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <mutex>

#include "core/model/ids.h"
#include "core/ports/store_queries.h"
#include "core/store/sqlite/effects.h"

namespace heliograph::store {

class RecentEnds {
 public:
  static constexpr std::size_t kFailedMax = 32;
  static constexpr std::size_t kTimesMax = 100;

  // [writer thread] Of a transaction that is committed.
  void take(const Effects& effects);
  ports::RecentEnds copy() const;  // any thread

 private:
  using Times = std::deque<std::chrono::milliseconds>;

  mutable std::mutex mutex_;
  std::deque<model::MessageId> failed_;  // newest first, each once
  Times sent_;
  Times delivered_;
};

}  // namespace heliograph::store
