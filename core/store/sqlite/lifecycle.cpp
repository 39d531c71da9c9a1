#include "core/store/sqlite/lifecycle.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/assert.h"
#include "core/store/sqlite/connection.h"
#include "core/store/sqlite/work_items.h"

namespace heliograph::store {
namespace {

using model::HoldAction;
using model::HoldState;
using model::Status;

constexpr const char* kRequeue =
    "UPDATE messages SET status = 1, live = 1, reason = 0, cycle = ?3, attempts = 0, round = 0,"
    " key_cycle = CASE WHEN ?4 THEN key_cycle ELSE ?3 END,"
    " excluded = '', doubtful = ?4, possible_duplicate = max(possible_duplicate, ?4),"
    " class = CASE WHEN EXISTS (SELECT 1 FROM classes WHERE classes.id = messages.class"
    " AND classes.pinned IS messages.pinned) THEN class ELSE ?5 END,"
    " due = ?6, expires_at = ?7, hold_state = ?8, held_since = ?9, updated_at = ?6,"
    " last_error = '' WHERE id = ?1 AND status = ?2";

// How the last cycle ended, unless its last attempt says the same.
constexpr const char* kRecordEnd =
    "INSERT INTO events (message, sequence, cycle, status, at, detail)"
    " SELECT id, (SELECT ifnull(max(sequence), 0) + 1 FROM events WHERE message = ?1),"
    " cycle, status, updated_at, last_error FROM messages"
    " WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.message = ?1"
    " AND a.cycle = messages.cycle AND a.status_after = messages.status)";

// Two queries, for the same reason as in queue_queries.cpp.
constexpr const char* kWalkSameDue =
    "SELECT due, id, expires_at FROM messages INDEXED BY messages_live WHERE live = 1"
    " AND lane = ?1 AND client = ?2 AND class = ?3 AND due = ?4 AND id > ?5 ORDER BY id LIMIT ?6";
constexpr const char* kWalkLaterDue =
    "SELECT due, id, expires_at FROM messages INDEXED BY messages_live WHERE live = 1"
    " AND lane = ?1 AND client = ?2 AND class = ?3 AND due > ?4 ORDER BY due, id LIMIT ?5";

}  // namespace

Lifecycle::Lifecycle(Connection& connection, MessageRows& messages, Ledger& ledger, Names& names,
                     Effects& effects, OptOuts& opt_outs, Revisits& revisits, ports::Clock& clock,
                     model::CaptureOn capture_on)
    : messages_(messages),
      ledger_(ledger),
      names_(names),
      effects_(effects),
      opt_outs_(opt_outs),
      revisits_(revisits),
      clock_(clock),
      capture_on_(capture_on),
      read_addresses_(connection, "SELECT sender, recipient FROM messages WHERE id = ?1"),
      requeue_(connection, kRequeue),
      record_end_(connection, kRecordEnd),
      read_item_(connection,
                 fmt::format("SELECT {} FROM messages WHERE id = ?1", kWorkItemColumns)),
      queues_(connection),
      walk_same_due_(connection, kWalkSameDue),
      walk_later_due_(connection, kWalkLaterDue) {}

ports::CancelResult Lifecycle::cancel(std::optional<model::ClientId> client, model::MessageId id) {
  std::optional<MessageRow> message = messages_.load(id, client);
  if (!message) return ports::NotFound{};
  if (message->status == Status::kCancelled) return ports::Cancelled{.again = true};
  // In doubt it may have been sent: then it cannot be taken back, nor its price.
  if (message->doubtful || !model::can_change(message->status, Status::kCancelled)) {
    return ports::Conflict{message->status};
  }
  messages_.change(*message,
                   {.to = Status::kCancelled, .hold = HoldAction::kRelease, .at = clock_.wall()});
  return ports::Cancelled{.again = false};
}

// False: too little credit. A hold that is still open (from UNKNOWN) goes on, and what was captured
// while in doubt stays paid for; everything else is paid anew.
bool Lifecycle::renew_hold(MessageRow& message, model::TimePoint now) {
  if (message.cost_cents == 0) return true;
  const bool goes_on = message.status == Status::kUnknown &&
                       (message.hold == HoldState::kHeld || message.hold == HoldState::kCaptured);
  if (goes_on) return true;
  if (!ledger_.hold(message.client, message.cost_cents)) return false;
  message.hold = HoldState::kHeld;
  message.held_since = now;
  return true;
}

void Lifecycle::record_end(const MessageRow& message) {
  if (model::is_terminal(message.status)) record_end_.run(message.id.row());
}

void Lifecycle::write_requeue(const MessageRow& message, Status from, model::TimePoint now,
                              std::chrono::milliseconds validity) {
  const model::ClassId dispatch_class = names_.intern_class(message.channel, message.pinned, {});
  const int changed =
      requeue_.run(message.id.row(), from, message.cycle, from == Status::kUnknown, dispatch_class,
                   now, now + validity, message.hold, message.held_since);
  HG_ASSERT(changed == 1);
}

void Lifecycle::announce(const MessageRow& message) {
  Rows rows = read_item_.query(message.id.row());
  const bool found = rows.next();
  HG_ASSERT(found);
  effects_.waiting_items.push_back(read_work_item(rows));
}

bool Lifecycle::has_opted_out(const MessageRow& message) {
  Rows rows = read_addresses_.query(message.id.row());
  const bool found = rows.next();
  HG_ASSERT(found);
  const auto sender = rows.get<std::string>();
  return opt_outs_.refuses(message.client, sender, rows.get<std::string>());
}

ports::RequeueResult Lifecycle::requeue(std::optional<model::ClientId> client, model::MessageId id,
                                        std::chrono::milliseconds validity) {
  std::optional<MessageRow> message = messages_.load(id, client);
  if (!message) return ports::NotFound{};
  const Status from = message->status;
  // An erased message has nothing left to send.
  if (!model::can_requeue(from) || message->erased) return ports::Conflict{from};
  if (has_opted_out(*message)) return ports::OptedOut{};
  const model::TimePoint now = clock_.wall();
  if (!renew_hold(*message, now)) return ports::InsufficientCredit{message->cost_cents};
  record_end(*message);
  ++message->cycle;
  if (capture_on_ == model::CaptureOn::kAccepted) {
    messages_.resolve_hold(*message, HoldAction::kCapture, now);
  }
  write_requeue(*message, from, now, validity);
  effects_.moved(from, Status::kQueued);
  messages_.record_event(*message, Status::kQueued, "requeued", now);
  revisits_.add_all(message->id.row());
  announce(*message);
  return ports::Requeued{id};
}

bool Lifecycle::expire_one(std::int64_t row, model::TimePoint now) {
  std::optional<MessageRow> message = messages_.load(row);
  if (!message || !model::is_waiting(message->status) || message->expires_at > now) return false;
  if (message->doubtful) {
    // It may have been sent: neither the status nor the money may pretend to know.
    messages_.change(*message, {.to = Status::kUnknown, .last_error = "in doubt", .at = now});
    messages_.record_event(*message, Status::kUnknown, "validity over while in doubt", now);
    return true;
  }
  messages_.change(*message, {.to = Status::kExpired,
                              .reason = model::FailReason::kExpired,
                              .hold = HoldAction::kRelease,
                              .last_error = "validity over",
                              .at = now});
  return true;
}

std::size_t Lifecycle::expire(std::span<const model::MessageId> ids, model::TimePoint now) {
  std::size_t changed = 0;
  for (const model::MessageId& id : ids) changed += expire_one(id.row(), now) ? 1 : 0;
  return changed;
}

std::size_t Lifecycle::collect_overdue(Rows rows, model::TimePoint now,
                                       std::vector<std::int64_t>& overdue) {
  std::size_t seen = 0;
  for (; rows.next(); ++seen) {
    sweep_.at.due = rows.get<model::TimePoint>();
    sweep_.at.row = rows.get<std::int64_t>();
    if (rows.get<model::TimePoint>() <= now) overdue.push_back(sweep_.at.row);
  }
  return seen;
}

// The same for at most `limit` messages of the sweep's queue.
std::size_t Lifecycle::walk_queue(model::TimePoint now, std::size_t limit,
                                  std::vector<std::int64_t>& overdue) {
  const ports::QueueKey& queue = *sweep_.queue;
  const std::size_t seen =
      collect_overdue(walk_same_due_.query(queue.lane, queue.client, queue.dispatch_class,
                                           sweep_.at.due, sweep_.at.row, limit),
                      now, overdue);
  if (seen == limit) return seen;
  return seen +
         collect_overdue(walk_later_due_.query(queue.lane, queue.client, queue.dispatch_class,
                                               sweep_.at.due, limit - seen),
                         now, overdue);
}

// Result: whether there is more.
bool Lifecycle::walk_live(model::TimePoint now, std::size_t limit,
                          std::vector<std::int64_t>& overdue) {
  std::size_t seen = 0;
  if (!sweep_.queue) sweep_.queue = queues_.next(std::nullopt);
  while (sweep_.queue) {
    seen += walk_queue(now, limit - seen, overdue);
    if (seen == limit) return true;
    sweep_ = Place{.queue = queues_.next(sweep_.queue), .at = {}};
  }
  return false;
}

ports::SweepResult Lifecycle::expire_overdue(model::TimePoint now, std::int64_t from_row,
                                             std::size_t limit) {
  if (from_row != sweep_.at.row) sweep_ = Place{};
  std::vector<std::int64_t> overdue;
  const bool more = walk_live(now, std::max<std::size_t>(limit, 1), overdue);
  std::size_t changed = 0;
  for (const std::int64_t row : overdue) changed += expire_one(row, now) ? 1 : 0;
  if (!more) sweep_ = Place{};
  return {.next_row = sweep_.at.row, .changed = changed};
}

}  // namespace heliograph::store
