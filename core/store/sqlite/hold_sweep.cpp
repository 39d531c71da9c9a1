#include "core/store/sqlite/hold_sweep.h"

#include <utility>
#include <vector>

#include "core/store/sqlite/connection.h"

namespace heliograph::store {

using model::HoldAction;
using model::HoldState;
using model::Status;

HoldSweep::HoldSweep(Connection& connection, MessageRows& messages, Revisits& revisits,
                     const Settings& settings)
    : messages_(messages),
      revisits_(revisits),
      settings_(settings),
      walk_(connection,
            "SELECT id, hold_state FROM messages WHERE id > ?1 AND id < ?2 ORDER BY id LIMIT ?3") {}

HoldAction HoldSweep::action_for(Status status) const {
  switch (status) {
    case Status::kSent:
    case Status::kDelivered:
      return HoldAction::kCapture;
    case Status::kUnknown:
      return settings_.capture_unknown ? HoldAction::kCapture : HoldAction::kRelease;
    default:
      return HoldAction::kRelease;
  }
}

HoldSweep::Visit HoldSweep::visit(std::int64_t row, model::TimePoint now) {
  std::optional<MessageRow> message = messages_.load(row);
  if (!message || message->hold != HoldState::kHeld) return Visit::kNothing;
  const bool live = model::is_waiting(message->status) || message->status == Status::kSending;
  if (live || message->held_since.value_or(now) + settings_.hold_timeout > now) {
    return Visit::kLater;
  }
  messages_.settle_hold(*message, action_for(message->status), now);
  return Visit::kSettled;
}

std::size_t HoldSweep::revisit(model::TimePoint now, std::size_t limit) {
  std::size_t settled = 0;
  for (const std::int64_t row : revisits_.next(Sweep::kHolds, limit)) {
    const Visit result = visit(row, now);
    if (result != Visit::kLater) revisits_.remove(Sweep::kHolds, row);
    if (result == Visit::kSettled) ++settled;
  }
  return settled;
}

ports::SweepResult HoldSweep::walk(model::TimePoint now, std::size_t limit) {
  const model::TimePoint before = now - settings_.hold_timeout;
  std::vector<std::pair<std::int64_t, HoldState>> seen;
  {
    Rows rows = walk_.query(revisits_.place(Sweep::kHolds), first_row_after(before), limit);
    while (rows.next()) {
      const auto row = rows.get<std::int64_t>();
      seen.emplace_back(row, rows.get<HoldState>());
    }
  }
  ports::SweepResult result;
  for (const auto& [row, hold] : seen) {
    if (hold != HoldState::kHeld) continue;
    const Visit visited = visit(row, now);
    if (visited == Visit::kLater) revisits_.add(Sweep::kHolds, row);
    if (visited == Visit::kSettled) ++result.changed;
  }
  if (!seen.empty()) revisits_.set_place(Sweep::kHolds, seen.back().first);
  if (seen.size() == limit) result.next_row = seen.back().first;
  return result;
}

ports::SweepResult HoldSweep::run(model::TimePoint now, std::size_t limit) {
  const std::size_t again = limit / 4 + 1;
  const std::size_t settled = revisit(now, again);
  ports::SweepResult result = walk(now, limit);
  result.changed += settled;
  return result;
}

}  // namespace heliograph::store
