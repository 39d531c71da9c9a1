#include "core/store/sqlite/message_rows.h"

#include <algorithm>

#include "core/base/assert.h"
#include "core/store/sqlite/connection.h"

namespace heliograph::store {

std::optional<std::chrono::milliseconds> MessageRow::time_until(model::TimePoint at) const {
  if (cycle > 0) return std::nullopt;
  const model::TimePoint accepted = id.created_at();
  const auto took = at - std::max(accepted, send_at.value_or(accepted));
  return std::max(took, std::chrono::milliseconds{0});
}

MessageRows::MessageRows(Connection& connection, Ledger& ledger, Effects& effects,
                         CallbackOutbox& callbacks)
    : ledger_(ledger),
      effects_(effects),
      callbacks_(callbacks),
      load_(connection,
            "SELECT random, client, channel, status, hold_state, cycle, attempt_number,"
            " cost_cents, expires_at, held_since, provider, pinned, receipt_provider,"
            " provider_message_id, callback_url, doubtful, erased, updated_at, send_at FROM "
            "messages WHERE "
            "id = ?1"),
      change_(connection,
              "UPDATE messages SET status = ?4, live = ?5, reason = ?6, hold_state = ?7,"
              " receipt_provider = ?8, last_error = ?9, updated_at = ?10, doubtful = 0,"
              " provider_message_id = ?11"
              " WHERE id = ?1 AND status = ?2 AND cycle = ?3"),
      settle_(connection, "UPDATE messages SET hold_state = ?2 WHERE id = ?1 AND hold_state = 1"),
      insert_event_(connection,
                    "INSERT INTO events (message, sequence, cycle, status, at, detail) VALUES (?1,"
                    " (SELECT ifnull(max(sequence), 0) + 1 FROM events WHERE message = ?1),"
                    " ?2, ?3, ?4, ?5)") {}

std::optional<MessageRow> MessageRows::load(std::int64_t row) {
  Rows rows = load_.query(row);
  if (!rows.next()) return std::nullopt;
  MessageRow message;
  message.id = model::MessageId::from_parts(row, rows.get<std::uint64_t>());
  message.client = rows.get<model::ClientId>();
  message.channel = rows.get<model::Channel>();
  message.status = rows.get<model::Status>();
  message.hold = rows.get<model::HoldState>();
  message.cycle = rows.get<int>();
  message.attempt_number = rows.get<int>();
  message.cost_cents = rows.get<std::int64_t>();
  message.expires_at = rows.get<model::TimePoint>();
  message.held_since = rows.get<std::optional<model::TimePoint>>();
  message.provider = rows.get<std::optional<model::ProviderKey>>();
  message.pinned = rows.get<std::optional<model::ProviderKey>>();
  message.receipt_provider = rows.get<std::optional<model::ProviderKey>>();
  message.provider_message_id = rows.get<std::string>();
  message.callback_url = rows.get<std::string>();
  message.doubtful = rows.get<bool>();
  message.erased = rows.get<bool>();
  message.updated_at = rows.get<model::TimePoint>();
  message.send_at = rows.get<std::optional<model::TimePoint>>();
  return message;
}

std::optional<MessageRow> MessageRows::load(model::MessageId id,
                                            std::optional<model::ClientId> client) {
  std::optional<MessageRow> message = load(id.row());
  if (!message || message->id != id) return std::nullopt;
  if (client && message->client != *client) return std::nullopt;
  return message;
}

void MessageRows::change(MessageRow& message, const Transition& transition) {
  HG_ASSERT(model::can_change(message.status, transition.to));
  resolve_hold(message, transition.hold, transition.at);
  if (model::is_terminal(transition.to)) message.receipt_provider.reset();
  const int changed = change_.run(message.id.row(), message.status, message.cycle, transition.to,
                                  model::is_waiting(transition.to), transition.reason, message.hold,
                                  message.receipt_provider, transition.last_error, transition.at,
                                  message.provider_message_id);
  HG_ASSERT(changed == 1);
  effects_.moved(message.id, message.status, transition.to);
  effects_.ended(message.id, transition.to, message.time_until(transition.at));
  if (message.status == model::Status::kSent && message.provider) {
    effects_.receipt_times.emplace_back(*message.provider, transition.at - message.updated_at);
  }
  message.status = transition.to;
  message.doubtful = false;
  callbacks_.note(message, transition.to, transition.at);
}

void MessageRows::resolve_hold(MessageRow& message, model::HoldAction action, model::TimePoint at) {
  if (message.hold != model::HoldState::kHeld || action == model::HoldAction::kKeep) return;
  const Hold hold{message.id.row(), message.cycle, message.client, message.cost_cents};
  if (action == model::HoldAction::kCapture) {
    ledger_.capture(hold, at);
    message.hold = model::HoldState::kCaptured;
  } else {
    ledger_.release(hold, at);
    message.hold = model::HoldState::kReleased;
  }
}

void MessageRows::settle_hold(MessageRow& message, model::HoldAction action, model::TimePoint at) {
  if (message.hold != model::HoldState::kHeld || action == model::HoldAction::kKeep) return;
  resolve_hold(message, action, at);
  const int changed = settle_.run(message.id.row(), message.hold);
  HG_ASSERT(changed == 1);
}

void MessageRows::record_event(const MessageRow& message, model::Status status,
                               std::string_view detail, model::TimePoint at) {
  insert_event_.run(message.id.row(), message.cycle, status, at, detail);
}

}  // namespace heliograph::store
