// CallbackLane: what the dispatcher holds of one endpoint. Plain data; [loop].
//
// The store is the truth; a lane holds a handful of deliveries that are due, and when to look
// again. `known` keeps a delivery from being sent twice: a page shows it as pending until its
// result is committed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_set>
#include <utility>

#include "core/model/callback.h"
#include "core/pipeline/callbacks/pace.h"
#include "core/ports/executor.h"

namespace heliograph::pipeline {

struct CallbackLane {
  CallbackLane(std::int64_t row, std::size_t most) : endpoint(row), pace(most) {}

  const std::int64_t endpoint;
  std::optional<model::CallbackEndpoint> target;  // as it was last read
  CallbackPace pace;
  std::deque<model::CallbackJob> loaded;   // due, not begun
  std::unordered_set<std::int64_t> known;  // loaded, under way, or with a result not yet committed
  // Committed while a page was being read, which may still show them as they were.
  std::unordered_set<std::int64_t> settled;
  std::size_t in_flight = 0;
  model::TimePoint next_due = model::kNever;  // of what is not in memory
  bool reading = false;
  bool told = false;     // of something new, while reading
  bool in_line = false;  // waits for a place
  std::optional<std::pair<ports::MonoTime, ports::TimerId>> alarm;
};

}  // namespace heliograph::pipeline
